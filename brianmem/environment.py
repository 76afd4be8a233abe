"""What the machine around a command gives it: streams, signals, folders and a compiler's name.

Every command begins with `prepare`, and the doctor tells what was decided here. What of Brian2 is
set, brianmem.brian sets: its import takes seconds.
"""

import atexit
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path


def prepare() -> None:
    """Give a command streams that can be written to, whatever is written."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a test's stand-in may have none
            stream.reconfigure(errors="backslashreplace")


def _open_streams() -> None:
    """A stream that was closed would be the next file that is opened, and be written to."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def check_matplotlib() -> None:
    """Let matplotlib choose, where MPLBACKEND names what is not there, as a notebook's may.

    Brian2 imports matplotlib, which would end with a traceback.
    """
    name = os.environ.get("MPLBACKEND")
    if not name or "matplotlib" in sys.modules:
        return
    del os.environ["MPLBACKEND"]
    import matplotlib

    with suppress(ValueError):
        matplotlib.rcParams["backend"] = name
        os.environ["MPLBACKEND"] = name


def stop_writing() -> None:
    """Drop what standard output still holds: it must not fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def handled(number: int, handler: Callable | signal.Handlers) -> Iterator[None]:
    """Handle a signal within the block; outside of the main thread it is others' to handle."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def cache_folder() -> Path:
    """Where compiled files are kept: below XDG_CACHE_HOME, ~/.cache, or for this process only."""
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        try:
            base = Path.home() / ".cache"
        except RuntimeError:  # nobody knows this user
            base = scratch()
    return Path(base) / "brianmem"


@cache
def scratch() -> str:
    """A folder that is there until this process ends."""
    place = tempfile.mkdtemp(prefix="brianmem-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def compiler_words() -> list[str]:
    """The C++ compiler's command: that of the environment's CXX, or g++; there may be none."""
    return shlex.split(os.environ.get("CXX", "")) or ["g++"]


def runs_programs(folder: str | Path) -> bool:
    """Whether programs in a folder can be run: some disks are mounted so that none can."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="brianmem-") as place:
        program = Path(place, "program")
        program.write_text("#!/bin/sh\n")
        program.chmod(0o700)
        try:
            return subprocess.run([program], check=False).returncode == 0
        except OSError:
            return False
