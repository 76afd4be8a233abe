"""How far a sweep is: a bar on a terminal, plain lines elsewhere, on standard error."""

import sys
import time
from collections.abc import Iterable, Iterator

from tqdm import tqdm

from brianmem.terminal import duration
from protocols.sweep.parts import Part

INTERVAL = 5.0  # seconds between plain lines


def with_progress(parts: Iterable[Part], n_to_do: int, n_done: int, label: str) -> Iterator[Part]:
    """Pass parts on, and say how many of `n_to_do` there are besides `n_done` earlier ones."""
    total = n_done + n_to_do
    if sys.stderr.isatty():
        yield from tqdm(
            parts, initial=n_done, total=total, desc=label, unit="task", file=sys.stderr
        )
        return
    say(f"{label}: {n_done}/{total} tasks")
    begin = said = time.monotonic()
    for count, part in enumerate(parts, 1):
        now = time.monotonic()
        if count == n_to_do or now - said > INTERVAL:
            said = now
            rate = count / max(now - begin, 1e-9)
            say(
                f"{label}: {n_done + count}/{total} tasks, {rate:.3g} per second, "
                f"{duration((n_to_do - count) / rate)} left"
            )
        yield part


def say(line: str) -> None:
    """A line on standard error, above the bar if there is one."""
    tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()
