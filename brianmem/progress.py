"""How far a long computation is: it reports (done, total) to whoever listens, or to a bar.

Learning rules take such a function as `progress`; `fit(..., progress=bar("margin"))` shows it.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tqdm import tqdm

PATIENCE = 2.0  # seconds that pass in silence
INTERVAL = 5.0  # seconds between plain lines

_listener: ContextVar[Callable[[int, int], None] | None] = ContextVar("listener", default=None)


def report(done: int, total: int) -> None:
    """Tell whoever listens how far this thread is; without effect if nobody does."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


@contextmanager
def heard_by(listener: Callable[[int, int], None]) -> Iterator[None]:
    """Let a function hear what this thread reports within the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def bar(label: str) -> Callable[[int, int], None]:
    """A function of (done, total) that shows on standard error how far one computation is.

    On a terminal a bar, elsewhere a line every five seconds; nothing if it ends within two seconds.
    """
    return _Bar(label) if sys.stderr.isatty() else _Lines(label)


def say(line: str) -> None:
    """A line on standard error, above the bar if there is one."""
    tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()


class _Bar:
    def __init__(self, label: str):
        self.bar = tqdm(desc=label, delay=PATIENCE, miniters=1, file=sys.stderr)

    def __call__(self, done: int, total: int) -> None:
        self.bar.total = total
        self.bar.update(done - self.bar.n)
        if done >= total:
            self.bar.close()


class _Lines:
    def __init__(self, label: str):
        self.label, self.next = label, time.monotonic() + PATIENCE
        self.silent = True

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self.next or (done >= total and not self.silent):
            self.next, self.silent = now + INTERVAL, False
            say(f"{self.label}: {done}/{total}")
