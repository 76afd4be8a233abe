"""Standalone programs: compiled once on a machine, whoever asks for them, and run."""

import hashlib
import io
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from brian2 import prefs
from brian2.core.variables import DynamicArrayVariable
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import all_devices

from brianmem import compiled
from brianmem.errors import ProgramError

DEVICE = "brianmem_standalone"
RUN = "devices.cpp_standalone.run_cmd_unix"  # Brian2's preference


class Caching:
    """For a standalone device: it keeps programs by the hash of sources, compiler and processor.

    Weights and initial values are data, not source. What Brian2 writes into the source (the number
    of neurons, constants of a namespace, the duration of a run) makes another program.
    """

    def fill_with_array(self, var, arr):
        """Initial values; a single number goes into a file, too, and not into the source."""
        begin = len(self.main_queue)
        super().fill_with_array(var, arr)
        for k, (kind, _) in enumerate(self.main_queue[begin:], begin):
            if kind == "set_by_single_value":
                name = self.get_array_name(var, access_data=False)
                file = self.static_array(name, np.full(1, arr, dtype=var.dtype))
                dynamic = isinstance(var, DynamicArrayVariable)
                self.main_queue[k] = "set_by_array", (name, file, dynamic)

    @staticmethod
    def compiler() -> str:
        """What else than the sources makes another program."""
        return compiled.identity(compiled.compiler())

    def compile_source(self, directory, compiler, debug, clean):
        """Fetch the program that these sources give, or compile and keep it."""
        if compiler == "msvc":
            return super().compile_source(directory, compiler, debug, clean)
        kept = cache_folder() / _digest(Path(directory), self.compiler())
        program = Path(directory) / "main"
        if compiled.is_ours(kept):
            shutil.copy2(kept, program)
            return None
        super().compile_source(directory, compiler, debug, clean)
        compiled.keep(program, kept)
        return None


class Complaining:
    """For a standalone device: a program that fails ends with one error, which says why."""

    def run(self, directory=None, results_directory=None, with_output=True, run_args=None):
        """Run the program, and pass on what it wrote to standard error when it has ended.

        Raises ProgramError with the last line of it if the program fails.
        """
        complaints = Path(directory or self.project_dir, "complaints.txt").absolute()
        complaints.unlink(missing_ok=True)
        command = prefs[RUN]
        to_file = ["/bin/sh", "-c", f'exec "$0" "$@" 2> {complaints.name}']
        prefs[RUN] = [*to_file, *([command] if isinstance(command, str) else command)]
        try:
            # Brian2 would print all that the program did before it failed.
            with redirect_stdout(io.StringIO()):
                super().run(directory, results_directory, with_output, run_args)
        except RuntimeError:
            if not complaints.exists():  # it was not run
                raise
            told = complaints.read_text().strip().splitlines()
            why = told[-1].strip() if told else "it crashed, or was ended for want of memory"
            raise ProgramError(f"the program of a network failed: {why}") from None
        finally:
            prefs[RUN] = command
        sys.stderr.write(complaints.read_text())


class ProgramDevice(Complaining, Caching, CPPStandaloneDevice):
    """Brian2's device for programs in C++, with a cache and errors that say why."""


def cache_folder() -> Path:
    """Where compiled programs are kept; it may be deleted at any time."""
    return compiled.cache_folder("standalone")


def _digest(directory: Path, compiler: str) -> str:
    digest = hashlib.sha256(compiler.encode())
    for path in sorted(directory.rglob("*")):
        if path.suffix in (".cpp", ".cu", ".h") or path.name == "makefile":
            digest.update(str(path.relative_to(directory)).encode() + path.read_bytes())
    return digest.hexdigest()


all_devices[DEVICE] = ProgramDevice()
