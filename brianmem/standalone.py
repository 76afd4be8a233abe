"""Standalone programs that are compiled once on a machine, whoever asks for them."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import all_devices

DEVICE = "brianmem_standalone"


class Caching:
    """For a standalone device: it keeps programs by the hash of sources, compiler and processor.

    Weights and initial values are data, not source. What Brian2 writes into the source (the number
    of neurons, constants of a namespace, the duration of a run) makes another program.
    """

    @staticmethod
    def compiler() -> str:
        """What else than the sources makes another program."""
        return _host_compiler()

    def compile_source(self, directory, compiler, debug, clean):
        """Fetch the program that these sources give, or compile and keep it."""
        if compiler == "msvc":
            return super().compile_source(directory, compiler, debug, clean)
        kept = cache_folder() / _digest(Path(directory), self.compiler())
        program = Path(directory) / "main"
        if kept.exists():
            shutil.copy2(kept, program)
            return None
        super().compile_source(directory, compiler, debug, clean)
        # A full disk or a home that cannot be written costs another compilation, nothing else.
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            # Under another name first: a program that stands in the cache is whole.
            handle, name = tempfile.mkstemp(dir=kept.parent)
            os.close(handle)
            shutil.copy2(program, name)
            Path(name).replace(kept)
        return None


class CachingDevice(Caching, CPPStandaloneDevice):
    """Brian2's device for programs in C++, with a cache."""


def cache_folder() -> Path:
    """Where compiled programs are kept; it may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "brianmem" / "standalone"


def _digest(directory: Path, compiler: str) -> str:
    digest = hashlib.sha256(compiler.encode())
    for path in sorted(directory.rglob("*")):
        if path.suffix in (".cpp", ".cu", ".h") or path.name == "makefile":
            digest.update(str(path.relative_to(directory)).encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def _host_compiler() -> str:
    """The compiler's version, and the processor that it takes this machine's for."""
    compiler = os.environ.get("CXX", "g++")
    command = [*compiler.split(), "-march=native", "-E", "-v", "-x", "c++", os.devnull]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


all_devices[DEVICE] = CachingDevice()
