"""Shared libraries of C++ functions, loaded with ctypes."""

import ctypes
from collections.abc import Sequence
from pathlib import Path

from brianmem.compiled.cache import digest, kept
from brianmem.compiled.compiler import FLAGS, NATIVE, compile_with, identity
from brianmem.errors import InputError
from brianmem.progress import say

OPTIONS = (*FLAGS, *NATIVE, "-shared", "-fPIC")


def load_library(name: str, files: Sequence[Path], what: str) -> ctypes.CDLL:
    """Load a shared library: the one that is kept, or compile it, and say so.

    Parameters
    ----------
    name : of the library
    files : sources (.cpp) and archives (.a) that it is made of, in the linker's order; headers (.h)
        that they include by name
    what : it is, for the user

    Raises InputError if there is no compiler, or with the words of one that fails.
    """
    contents = [part for path in files for part in (path.name, _read(path))]
    key = digest(identity(), *OPTIONS, *contents)

    def make(path: Path) -> None:
        say(f"compiling {what} (once per machine) ...")
        compile_with([*OPTIONS, *map(_argument, files), "-o", str(path)], what)

    path = kept("libraries", f"{name}-{key[:32]}.so", make)
    try:
        return ctypes.CDLL(str(path))
    except OSError:  # damaged
        path.unlink()
        return ctypes.CDLL(str(kept("libraries", path.name, make)))


def _argument(path: Path) -> str:
    return f"-I{path.parent}" if path.suffix == ".h" else str(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
