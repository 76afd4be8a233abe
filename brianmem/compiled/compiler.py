"""The C++ compiler: which one, with what options, and never more at a time than cores."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from platform import machine, node

from brianmem.compiled.cache import digest, folder, kept
from brianmem.environment import compiler_words
from brianmem.errors import InputError

# Brian2's own flags include -ffast-math, and compilers may fuse multiply and add: both change the
# last bits of a potential and, at threshold, spikes. With these flags all backends agree.
FLAGS = ("-w", "-O3", "-ffp-contract=off", "-std=c++17")
# Wide registers change no sum. Files are kept by processor. Other architectures have one kind of
# registers, or no such option.
NATIVE = ("-march=native",) if machine() in ("x86_64", "AMD64") else ()
UNOPTIMISED = '#pragma GCC optimize ("O0")\n'
PATIENCE = 0.02  # seconds between looks for a core that is free


def command() -> list[str]:
    """The compiler's command: that of the environment's CXX, or g++.

    Raises InputError if there is no such compiler.
    """
    if missing():
        raise InputError(f"this needs {missing()}: install it")
    name, *options = compiler_words()
    return [shutil.which(name), *options]


def missing() -> str | None:
    """What this machine lacks to compile; None for nothing."""
    name = compiler_words()[0]
    if shutil.which(name):
        return None
    return f"a C++ compiler (there is no {name}; the environment variable CXX can name another)"


def identity() -> str:
    """The command, the compiler's version, and the processor that it takes this machine's for."""
    return _told((*command(), *NATIVE, "-E", "-v", "-x", "c++", os.devnull))


def compile_with(arguments: Sequence[str], what: str, cwd: Path | None = None) -> None:
    """Run the compiler when there is a core for it.

    Raises InputError with the compiler's own words if it fails at `what`.
    """
    with _core():
        done = subprocess.run(
            [*command(), *arguments], capture_output=True, text=True, check=False, cwd=cwd
        )
    if done.returncode:
        told = done.stderr.strip() or f"it ended with status {done.returncode}"
        raise InputError(f"{command()[0]} cannot compile {what}: {told}")


def with_header(text: str, options: Sequence[str]) -> list[str]:
    """Options that include a header before all else, compiled beforehand for these options.

    Most of what a small program takes to compile is the headers of the standard library.
    """
    key = digest(identity(), *options, text)
    header = kept("headers", f"{key}.h", lambda path: path.write_text(text))
    arguments = [*options, "-x", "c++-header", str(header), "-o"]
    kept(
        "headers",
        f"{key}.h.gch",
        lambda path: compile_with([*arguments, str(path)], "the standard library's headers"),
    )
    return ["-include", str(header)]


@contextmanager
def _core() -> Iterator[None]:
    """Wait until fewer compilers than cores run on this machine for this user.

    Where files cannot be locked, nobody waits.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            _lock_one_of(_places(), stack)
        yield


def _places() -> list[Path]:
    """A file for each core of this machine, in the cache: nobody else can put links there."""
    locks = folder("cores")
    locks.mkdir(parents=True, exist_ok=True)
    return [locks / f"{node()}-{core}" for core in range(len(os.sched_getaffinity(0)))]


def _lock_one_of(places: Sequence[Path], stack: ExitStack) -> None:
    files = [stack.enter_context(place.open("w")) for place in places]
    while True:
        for file in files:
            with suppress(BlockingIOError):
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(PATIENCE)


@cache
def _told(arguments: tuple[str, ...]) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return " ".join(arguments) + done.stderr
