"""Compiled files that are kept, for all processes of this user on all machines with this home."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from brianmem.environment import cache_folder, scratch


def folder(kind: str = "") -> Path:
    """Where compiled files of a kind are kept, or those of all kinds."""
    return cache_folder() / kind


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

    A file that is damaged, or that somebody else may have put there, is made again: it will be
    executed. Where the cache cannot be written, what is made lives as long as this process.
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
        while_we_run = Path(scratch(), kind, name)
        while_we_run.parent.mkdir(parents=True, exist_ok=True)
        return made.replace(while_we_run)


def is_ours(path: Path) -> bool:
    """Whether a file is there as this user wrote it: nobody else can have, in its sum neither."""
    try:
        return _only_we_write(path) and _only_we_write(_sum(path)) and _is_whole(path)
    except OSError:
        return False


def _only_we_write(path: Path) -> bool:
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _is_whole(path: Path) -> bool:
    return _sum(path).read_text(encoding="ascii", errors="replace") == _digest(path, path.name)


def _sum(path: Path) -> Path:
    """The file that holds what another one must come to."""
    return path.with_name(f"{path.name}.sum")


def _digest(path: Path, name: str) -> str:
    """Of a file's name and content; of the largest, whose users look at them closely, its size."""
    large = path.suffix == ".gch"
    return digest(name, str(path.stat().st_size) if large else path.read_bytes())


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
        for target, write in (
            (_sum(path), lambda part: part.write_text(_digest(made, path.name), "ascii")),
            (path, lambda part: shutil.copyfile(made, part)),
        ):
            handle, name = tempfile.mkstemp(dir=path.parent)
            os.close(handle)
            part = Path(name)
            try:
                write(part)
                part.chmod(0o700)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
    except OSError:
        return False
    return True
