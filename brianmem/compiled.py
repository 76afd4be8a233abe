"""C++ that is compiled on first use, by the compiler that Brian2 needs, too, and kept.

What is kept may be deleted at any time. It is named after all that decides what the compiler makes:
contents, flags, the compiler's version and the processor.
"""

import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from platform import machine

from brianmem.errors import InputError
from brianmem.progress import say

X86_64 = ("x86_64", "AMD64")  # names of one architecture
# Neither changes a sum: floating-point numbers are added in the order of the source, and multiply
# and add are not fused. Other architectures have one kind of registers, or no such option.
FLAGS = ("-w", "-O3", "-ffp-contract=off", "-std=c++17")
NATIVE = ("-march=native",) if machine() in X86_64 else ()


def cache_folder(kind: str) -> Path:
    """Where compiled things of a kind are kept; it may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "brianmem" / kind


def compiler() -> list[str]:
    """The command of the C++ compiler.

    Raises InputError if there is none.
    """
    command = (os.environ.get("CXX") or "g++").split()
    if shutil.which(command[0]) is None:
        raise InputError(
            f"there is no C++ compiler {command[0]}: install g++, or name another in the "
            "environment variable CXX"
        )
    return command


def identity(command: Sequence[str]) -> str:
    """The version of a compiler, and the processor that it takes this machine's for."""
    return _told((*command, *NATIVE, "-E", "-v", "-x", "c++", os.devnull))


def library(name: str, files: Sequence[Path], what: str) -> ctypes.CDLL:
    """Load a shared library: the one that is kept, or compile it, and say so.

    Parameters
    ----------
    name : of the library
    files : sources (.cpp) and archives (.a) that it is made of, in the linker's order; headers (.h)
        that they include by name
    what : it is, for the user

    Raises InputError if there is no compiler, or with the words of one that fails.
    """
    command, inputs = compiler(), [_Input(path) for path in files]
    options = [*FLAGS, *NATIVE, "-shared", "-fPIC"]
    key = _digest(identity(command), *command, *options, *(one.digest for one in inputs))
    kept = cache_folder("libraries") / f"{name}-{key}.so"
    found = _load(kept)
    if found is not None:
        return found
    with _in_turn(kept), tempfile.TemporaryDirectory(prefix="brianmem-") as folder:
        found = _load(kept)  # another process may have made it
        if found is None:
            say(f"compiling {what} (once per machine) ...")
            made = Path(folder, kept.name)
            arguments = [argument for one in inputs for argument in one.arguments]
            _compile([*command, *options, *arguments, "-o", str(made)], what)
            found = ctypes.CDLL(str(kept if keep(made, kept) else made))
    return found


def keep(made: Path, kept: Path) -> bool:
    """Copy a file into the cache, in one piece; whether there was a way to.

    A full disk or a home that cannot be written costs another compilation, nothing else.
    """
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=kept.parent)
        os.close(handle)
        try:
            shutil.copyfile(made, name)
            Path(name).chmod(0o700)
            Path(name).replace(kept)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return False
    return True


def is_ours(path: Path) -> bool:
    """Whether a file is there that nobody but this user can have written: it may be executed."""
    try:
        status = path.stat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


class _Input:
    """A file that a library is made of."""

    def __init__(self, path: Path):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}") from None
        self.digest = f"{path.name} {hashlib.sha256(content).hexdigest()}"
        self.arguments = [f"-I{path.parent}"] if path.suffix == ".h" else [str(path)]


def _load(path: Path) -> ctypes.CDLL | None:
    """A library that is kept; None if there is none, or none to be trusted."""
    if not is_ours(path):
        return None
    try:
        return ctypes.CDLL(str(path))
    except OSError:  # damaged
        return None


def _compile(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{command[0]} cannot compile {what}: {done.stderr.strip()}")


@contextmanager
def _in_turn(kept: Path) -> Iterator[None]:
    """Let other processes that need the same file wait until it is there.

    Without a lock, on some network's disk, each makes its own, and the last one stays.
    """
    lock = kept.with_suffix(".lock")
    with ExitStack() as stack:
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(lock.open("w"))
            stack.callback(lock.unlink, missing_ok=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


@cache
def _told(command: tuple[str, ...]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr
