"""Where Brian2 runs a network: NumPy, Cython, a C++ program, or a program for a GPU."""

import gc
import shutil
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path

from brian2 import BrianLogger, Clock, Quantity, defaultclock, prefs
from brian2.devices import device, reset_device, set_device

from brianmem import compiled, cuda, standalone
from brianmem.errors import InputError

RUNTIME = ("numpy", "cython")
BACKENDS = (*RUNTIME, "cpp_standalone", "cuda_standalone")

# Brian2's own flags include -ffast-math, and compilers may fuse multiply and add: both change the
# last bits of a potential and, at threshold, spikes. With these flags all backends agree.
COMPILER_FLAGS = [*compiled.FLAGS]
# Wide registers change no sum. Standalone programs are kept by processor, see brianmem.standalone;
# Brian2 keeps its extensions by their text alone, which machines with one home folder share.
PROGRAM_FLAGS = [*COMPILER_FLAGS, *compiled.NATIVE]
# Python's own flags ask for notes for a debugger, which are a quarter of the compiler's time.
EXTENSION_FLAGS = [*COMPILER_FLAGS, "-g0"]
FLAGS = {"cython": EXTENSION_FLAGS, "cpp_standalone": PROGRAM_FLAGS}

# Announces the integrator it chose for each group: noise on a terminal.
BrianLogger.suppress_hierarchy("brian2.stateupdaters.base")
# Tells all of its preferences.
BrianLogger.suppress_hierarchy("brian2cuda.device")
BrianLogger.suppress_hierarchy("brian2cuda.utils")
# Objects made to check equations are dropped without a run.
BrianLogger.suppress_name("unused_brian_object")


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
    if name != "numpy" and not shutil.which("g++"):
        return "the C++ compiler g++"
    if name not in RUNTIME and not shutil.which("make"):
        return "make"
    if name == "cuda_standalone":
        return cuda.missing()
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
        "codegen.cpp.extra_compile_args_gcc": FLAGS.get(name, COMPILER_FLAGS),
        # Brian2 answers Ctrl-C by ending the run early as if it were complete.
        "core.stop_on_keyboard_interrupt": False,
    }
    if name in RUNTIME:
        settings["codegen.target"] = name
    if name == "cuda_standalone":
        settings |= cuda.settings()
    before = {key: prefs[key] for key in settings}
    try:
        for key, value in settings.items():
            prefs[key] = value
        if name in RUNTIME:
            yield
        else:
            with _standalone_device(_device(name), build_on_run):
                yield
    finally:
        for key, value in before.items():
            prefs[key] = value


def synapses_clock(step: Quantity, name: str) -> Clock:
    """A clock for groups and their Synapses: on a GPU these know the default one only."""
    if not cuda.in_use():
        return Clock(step, name=name)
    defaultclock.dt = step  # of the device, which is made anew for every program
    return defaultclock


def _device(name: str) -> str:
    """Brian2's name of the device of a standalone backend."""
    return cuda.device() if name == "cuda_standalone" else standalone.DEVICE


@contextmanager
def _standalone_device(name: str, build_on_run: bool):
    """A project in a folder of its own, so that parallel workers do not meet in one."""
    # Names of objects that are still around would be numbered on, and so make another program.
    gc.collect()
    with tempfile.TemporaryDirectory(prefix="brianmem-") as directory:
        set_device(
            name,
            directory=directory,
            build_on_run=build_on_run,
            # brian2cuda's programs tell there what memory their arrays take.
            with_output=name == standalone.DEVICE,
        )
        try:
            yield
        finally:
            device.reinit()
            reset_device()
