"""Brian2, set to run networks on a backend."""

import gc
import tempfile
from contextlib import contextmanager
from functools import cache

from brian2 import BrianLogger, Clock, Group, Quantity, defaultclock, prefs
from brian2.devices import device, reset_device, set_device

from brianmem import cuda, standalone
from brianmem.backends import CPP, CUDA, RUNTIME, check_backend
from brianmem.compiled.compiler import FLAGS, NATIVE
from brianmem.cython_backend import ExtensionCodeObject

TARGETS = {"numpy": "numpy", "cython": ExtensionCodeObject.class_name}  # Brian2's names

# Standalone programs and extensions are kept by processor, see brianmem.compiled.
PROGRAM_FLAGS = [*FLAGS, *NATIVE]

# Announces the integrator it chose for each group: noise on a terminal.
BrianLogger.suppress_hierarchy("brian2.stateupdaters.base")
# Tells all of its preferences.
BrianLogger.suppress_hierarchy("brian2cuda.device")
BrianLogger.suppress_hierarchy("brian2cuda.utils")
# What a file of preferences may change, in the folder of a command or in the user's home: numbers
# must not depend on it.
OURS = ("codegen", "core", "devices.cpp_standalone", "legacy")


@contextmanager
def brian_backend(name: str, build_on_run: bool = True):
    """Brian2 objects made and run inside use this backend; settings are put back on leaving.

    Read the results inside too: the files of a standalone program are deleted at the end. With
    build_on_run=False it is left to the caller to build it, see brianmem.engine.Program.
    """
    check_backend(name)
    settings = {
        "codegen.cpp.extra_compile_args_gcc": PROGRAM_FLAGS if name == CPP else list(FLAGS),
        # Brian2 answers Ctrl-C by ending the run early as if it were complete.
        "core.stop_on_keyboard_interrupt": False,
    }
    if name in RUNTIME:
        settings["codegen.target"] = TARGETS[name]
    if name == CUDA:
        settings |= cuda.settings()
    settings = _brian2s_own() | settings
    settings = {key: value for key, value in settings.items() if prefs[key] != value}
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


@cache
def _brian2s_own() -> dict:
    """Brian2's own values of the preferences that are ours to set."""
    return {
        f"{group}.{name}": preference.default
        for group, (preferences, _) in prefs.pref_register.items()
        if group.startswith(OURS)
        for name, preference in preferences.items()
    }


def only_looked_at(group: Group) -> Group:
    """The group, of which Brian2 will not complain that it was never included in a network."""
    group._network = "none"
    return group


def synapses_clock(step: Quantity, name: str) -> Clock:
    """A clock for groups and their Synapses: on a GPU these know the default one only."""
    if not cuda.in_use():
        return Clock(step, name=name)
    defaultclock.dt = step  # of the device, which is made anew for every program
    return defaultclock


def _device(name: str) -> str:
    """Brian2's name of the device of a standalone backend."""
    return cuda.device() if name == CUDA else standalone.DEVICE


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
