"""Where Brian2 runs a network: NumPy, Cython or a C++ standalone program."""

import gc
import shutil
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path
from platform import machine

from brian2 import BrianLogger, prefs
from brian2.devices import device, reset_device, set_device

from brianmem.errors import InputError
from brianmem.standalone import DEVICE

BACKENDS = ("numpy", "cython", "cpp_standalone")
X86_64 = ("x86_64", "AMD64")  # names of one architecture

# Brian2's own flags include -ffast-math, and compilers may fuse multiply and add: both change the
# last bits of a potential and, at threshold, spikes. With these flags all backends agree.
COMPILER_FLAGS = ["-w", "-O3", "-ffp-contract=off", "-std=c++17"]
# Wide registers change no sum. Standalone programs are kept by processor, see brianmem.standalone;
# Brian2 keeps its extensions by their text alone, which machines with one home folder share.
PROGRAM_FLAGS = [*COMPILER_FLAGS, *(["-march=native"] if machine() in X86_64 else [])]

# Announces the integrator it chose for each group: noise on a terminal.
BrianLogger.suppress_hierarchy("brian2.stateupdaters.base")
# Objects made to check equations are dropped without a run.
BrianLogger.suppress_name("unused_brian_object")


def default_backend() -> str:
    """cython where extensions can be compiled, numpy elsewhere."""
    return "numpy" if _missing("cython") else "cython"


def check_backend(name: str) -> None:
    """Raise InputError for an unknown backend or one that lacks what it compiles with."""
    if name not in BACKENDS:
        raise InputError(f"unknown backend '{name}': choose from {', '.join(BACKENDS)}")
    if _missing(name):
        raise InputError(f"backend {name} needs {_missing(name)}: install it, or use numpy")


def _missing(name: str) -> str | None:
    """What this machine lacks for a backend."""
    if name != "numpy" and not shutil.which("g++"):
        return "the C++ compiler g++"
    if name == "cpp_standalone" and not shutil.which("make"):
        return "make"
    if name == "cython" and not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python's C headers (Python.h)"
    return None


@contextmanager
def brian_backend(name: str, build_on_run: bool = True):
    """Brian2 objects made and run inside use this backend; settings are put back on leaving.

    Read the results inside too: the files of a standalone program are deleted at the end. With
    build_on_run=False it is left to the caller to build it, see brianmem.engine.Program.
    """
    check_backend(name)
    settings = {
        "codegen.cpp.extra_compile_args_gcc": (
            PROGRAM_FLAGS if name == "cpp_standalone" else COMPILER_FLAGS
        ),
        # Brian2 answers Ctrl-C by ending the run early as if it were complete.
        "core.stop_on_keyboard_interrupt": False,
    }
    if name != "cpp_standalone":
        settings["codegen.target"] = name
    before = {key: prefs[key] for key in settings}
    try:
        for key, value in settings.items():
            prefs[key] = value
        if name == "cpp_standalone":
            with _standalone_device(build_on_run):
                yield
        else:
            yield
    finally:
        for key, value in before.items():
            prefs[key] = value


@contextmanager
def _standalone_device(build_on_run: bool):
    """A C++ project in a folder of its own, so that parallel workers do not meet in one."""
    # Names of objects that are still around would be numbered on, and so make another program.
    gc.collect()
    with tempfile.TemporaryDirectory(prefix="brianmem-") as directory:
        set_device(DEVICE, directory=directory, build_on_run=build_on_run)
        try:
            yield
        finally:
            device.reinit()
            reset_device()
