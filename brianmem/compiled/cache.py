"""Compiled files that are kept, for all processes of this user on all machines with this home."""

import atexit
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path


def folder(kind: str = "") -> Path:
    """Where compiled files of a kind are kept, or those of all kinds."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "brianmem" / kind


def digest(*parts: str | bytes) -> str:
    """A name for what is made of these parts, in this order."""
    hashed = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        # With their lengths, so that no two lists of parts run together to the same bytes.
        hashed.update(len(content).to_bytes(8, "little") + content)
    return hashed.hexdigest()


def kept(kind: str, name: str, make: Callable[[Path], None]) -> Path:
    """The file of this name: the one in the cache, or the one that `make` writes to the path given.

    A file that somebody else may have written is made again, since it will be executed. Where the
    cache cannot be written, what is made lives as long as this process.
    """
    path = folder(kind) / name
    if is_ours(path):
        return path
    with _in_turn(path), tempfile.TemporaryDirectory(prefix="brianmem-") as place:
        if is_ours(path):  # another process has made it
            return path
        made = Path(place, name)
        make(made)
        if _keep(made, path):
            return path
        while_we_run = Path(_scratch(), kind, name)
        while_we_run.parent.mkdir(exist_ok=True)
        return made.replace(while_we_run)


def is_ours(path: Path) -> bool:
    """Whether a file is there that nobody but this user can have written."""
    try:
        status = path.stat()
    except OSError:
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


@contextmanager
def _in_turn(path: Path) -> Iterator[None]:
    """Let other processes that need the same file wait until it is there.

    Where files cannot be locked, each process makes its own, and the last one stays.
    """
    lock = path.with_name(f"{path.name}.lock")
    with ExitStack() as stack:
        with suppress(OSError):
            lock.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(lock.open("w"))
            stack.callback(lock.unlink, missing_ok=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _keep(made: Path, path: Path) -> bool:
    """Copy a file into the cache, in one piece; whether there was a way to.

    A full disk or a home that cannot be written costs another compilation, nothing else.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent)
        os.close(handle)
        try:
            shutil.copyfile(made, name)
            Path(name).chmod(0o700)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return False
    return True


@cache
def _scratch() -> str:
    """A folder that is there until this process ends."""
    place = tempfile.mkdtemp(prefix="brianmem-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place
