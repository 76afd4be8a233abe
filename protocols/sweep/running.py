"""Tasks that are being computed, and how far they are: a file each, written by who computes it."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from brianmem.progress import heard_by

PAUSE = 0.5  # seconds before a task is first heard, and from one time to the next

_folder: Path | None = None  # of the tasks that this process waits for


@contextmanager
def watched() -> Iterator[Path]:
    """A folder for such files, which `shares` looks into while it is there."""
    global _folder
    outer = _folder
    with tempfile.TemporaryDirectory(prefix="brianmem-") as name:
        _folder = Path(name)
        try:
            yield _folder
        finally:
            _folder = outer


@contextmanager
def begun(file: Path) -> Iterator[None]:
    """Make the file of a task, and keep in it what the task reports within the block."""
    file.touch()
    with heard_by(_Writer(file)):
        yield


def shares() -> list[float]:
    """Which part is done of each task that says so, in increasing order.

    A task that has reported all of what it can count, or nothing yet, is not among them.
    """
    found = []
    # The folder goes when the last task ends, and a file is empty for a moment when it is written.
    with suppress(OSError):
        for file in _folder.iterdir() if _folder is not None else ():
            with suppress(OSError, ValueError):
                found.append(float(file.read_text()))
    return sorted(found)


class _Writer:
    def __init__(self, file: Path):
        self.file, self.text, self.when = file, "", time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        text = f"{done / total:.3f}" if done < total else ""
        if text == self.text or (text and now - self.when < PAUSE):
            return
        self.text, self.when = text, now
        with suppress(OSError):  # no reason to give up a task
            self.file.write_text(text)
