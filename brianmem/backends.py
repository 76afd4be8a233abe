"""The backends: NumPy, Cython, a C++ program, or a program for a GPU, and what each needs."""

import shutil
import sysconfig
from pathlib import Path

from brianmem import cuda_toolkit
from brianmem.compiled import compiler
from brianmem.errors import InputError

RUNTIME = ("numpy", "cython")
CPP = "cpp_standalone"
CUDA = "cuda_standalone"
BACKENDS = (*RUNTIME, CPP, CUDA)


def default_backend() -> str:
    """cython where extensions can be compiled, numpy elsewhere."""
    return "numpy" if lacks("cython") else "cython"


def check_backend(name: str) -> None:
    """Raise InputError for an unknown backend or one that lacks what it compiles with."""
    if name not in BACKENDS:
        raise InputError(f"unknown backend '{name}': choose from {', '.join(BACKENDS)}")
    if lacks(name):
        raise InputError(f"backend {name} needs {lacks(name)}: install it, or use another")


def lacks(name: str) -> str | None:
    """What this machine lacks for a backend; None for nothing."""
    if name != "numpy" and compiler.missing():
        return compiler.missing()
    if name == CUDA:
        return cuda_toolkit.missing() if shutil.which("make") else "make"
    if name == "cython" and not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python's C headers (Python.h)"
    return None
