"""Where Brian2 runs a network: NumPy, Cython or a C++ standalone program."""

import shutil
import tempfile
from contextlib import contextmanager

from brian2 import BrianLogger, prefs
from brian2.devices import device, reset_device, set_device

from brianmem.errors import InputError

BACKENDS = ("numpy", "cython", "cpp_standalone")

# Brian2's own flags include -ffast-math, and compilers may fuse multiply and add: both change the
# last bits of a potential and, at threshold, spikes. With these flags all backends agree.
COMPILER_FLAGS = ["-w", "-O3", "-ffp-contract=off", "-std=c++17"]

# Announces the integrator it chose for each group: noise on a terminal.
BrianLogger.suppress_hierarchy("brian2.stateupdaters.base")


def default_backend() -> str:
    """cython where a C++ compiler is installed, numpy elsewhere."""
    return "cython" if shutil.which("g++") else "numpy"


def check_backend(name: str) -> None:
    """Raise InputError for an unknown backend or one that needs a missing compiler."""
    if name not in BACKENDS:
        raise InputError(f"unknown backend '{name}': choose from {', '.join(BACKENDS)}")
    if name != "numpy" and not shutil.which("g++"):
        raise InputError(f"backend {name} needs g++, which is not installed: use --backend numpy")


@contextmanager
def brian_backend(name: str):
    """Brian2 objects made and run inside use this backend; settings are put back on leaving.

    Read the results inside too: the files of a standalone program are deleted at the end.
    """
    check_backend(name)
    flags, target = prefs.codegen.cpp.extra_compile_args_gcc, prefs.codegen.target
    prefs.codegen.cpp.extra_compile_args_gcc = COMPILER_FLAGS
    try:
        if name == "cpp_standalone":
            with _standalone_device():
                yield
        else:
            prefs.codegen.target = name
            yield
    finally:
        prefs.codegen.cpp.extra_compile_args_gcc, prefs.codegen.target = flags, target


@contextmanager
def _standalone_device():
    """A C++ project in a folder of its own, so that parallel workers do not meet in one."""
    with tempfile.TemporaryDirectory(prefix="brianmem-") as directory:
        set_device("cpp_standalone", directory=directory, build_on_run=True)
        try:
            yield
        finally:
            device.reinit()
            reset_device()
