"""How far a sweep is: a bar on a terminal, plain lines elsewhere, on standard error."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from tqdm import tqdm

from brianmem.progress import INTERVAL, PATIENCE, say
from brianmem.terminal import duration
from protocols.sweep import running
from protocols.sweep.parts import Part

TICK = 1.0  # seconds between looks at tasks that are being computed
MOST_SHARES = 4  # that are listed


def with_progress(parts: Iterable[Part], n_to_do: int, n_done: int, label: str) -> Iterator[Part]:
    """Pass parts on, and say how many of `n_to_do` there are besides `n_done` earlier ones.

    While none comes, say for how long, and how far tasks are that tell.
    """
    display = (_Bar if sys.stderr.isatty() else _Lines)(n_to_do, n_done, label)
    try:
        with every_second(display.wait) as alone:
            for part in parts:
                with alone:
                    display.count()
                yield part
    finally:
        display.close()


class _Lines:
    """Lines with some seconds between them, and one at the end."""

    def __init__(self, n_to_do: int, n_done: int, label: str):
        self.n_to_do, self.n_done, self.label = n_to_do, n_done, label
        self.n_ended = 0
        self.begin = self.said = self.last = time.monotonic()
        say(self._state())

    def count(self) -> None:
        self.n_ended += 1
        self.last = now = time.monotonic()
        if self.n_ended == self.n_to_do or now - self.said > INTERVAL:
            self.said = now
            rate = self.n_ended / max(now - self.begin, 1e-9)
            left = duration((self.n_to_do - self.n_ended) / rate)
            say(f"{self._state()}, {rate:.3g} per second, {left} left")

    def wait(self) -> None:
        now = time.monotonic()
        waits = self.n_ended < self.n_to_do and now - self.last > PATIENCE
        if waits and now - self.said > INTERVAL:
            self.said = now
            say(f"{self._state()}, {_wait(now - self.last, self.n_ended)}")

    def close(self) -> None:
        pass

    def _state(self) -> str:
        total = self.n_done + self.n_to_do
        return f"{self.label}: {self.n_done + self.n_ended}/{total} tasks"


class _Bar:
    """The bar of tqdm, which tells behind its numbers what is being waited for."""

    def __init__(self, n_to_do: int, n_done: int, label: str):
        self.bar = tqdm(
            initial=n_done,
            total=n_done + n_to_do,
            desc=label,
            unit="task",
            miniters=1,
            file=sys.stderr,
        )
        self.n_ended, self.last = 0, time.monotonic()

    def count(self) -> None:
        self.n_ended, self.last = self.n_ended + 1, time.monotonic()
        self.bar.set_postfix_str("", refresh=False)
        self.bar.update()

    def wait(self) -> None:
        seconds = time.monotonic() - self.last
        if seconds > PATIENCE:
            self.bar.set_postfix_str(_wait(seconds, self.n_ended))

    def close(self) -> None:
        self.bar.close()


def _wait(seconds: float, n_ended: int) -> str:
    text = f"{duration(seconds)} since the {'last' if n_ended else 'start'}"
    shares = [f"{share:.0%}".replace("%", " %") for share in running.shares()]
    if len(shares) > MOST_SHARES:
        return f"{text}; {len(shares)} tasks at {shares[0]} to {shares[-1]}"
    return f"{text}; now at {', '.join(shares)}" if shares else text


@contextmanager
def every_second(action: Callable[[], None]) -> Iterator[threading.Lock]:
    """Call a function every second within the block, from a thread that leaves Ctrl-C to others.

    It holds the lock while it does.
    """
    ended, alone = threading.Event(), threading.Lock()

    def repeat():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        # That nobody reads is for the main thread to notice, when it next has something to say.
        with suppress(OSError, ValueError):
            while not ended.wait(TICK):
                with alone:
                    action()

    thread = threading.Thread(target=repeat, name="progress", daemon=True)
    thread.start()
    try:
        yield alone
    finally:
        ended.set()
        thread.join()
