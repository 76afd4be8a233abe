"""How a command ends: with what status, and what it says when it cannot go on."""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable

from brianmem.errors import BrianmemError

INTERRUPTED = 130  # the status after Ctrl-C


def guard(program: str, action: Callable[[], int | None]) -> int:
    """Run a command and return its status: its own, 2 for bad input, 130 for an interrupt.

    The last two come with one sentence on standard error. An action that returns None has status 0.
    When whoever reads the output has gone, as in `... | head`, the command ends in silence. To be
    asked to end, as a batch system does before it kills, is an interrupt, too.
    """
    # Python looks for garbage when it ends: a second in all of Brian2 and SymPy, for nothing.
    atexit.register(gc.freeze)
    asked_to_end = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        status = action() or 0
        sys.stdout.flush()  # here, where it is noticed if nobody reads
        return status
    except (BrianmemError, MemoryError) as error:
        return tell(program, error)
    except BrokenPipeError:
        # What is still in the buffer must not fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt as interrupt:
        print(": ".join([program, "interrupted", *interrupt.args]), file=sys.stderr)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, asked_to_end)


def tell(program: str, error: Exception) -> int:
    """Say in one sentence why a command cannot go on, and return its status."""
    shortage = "not enough memory: " if isinstance(error, MemoryError) else ""
    print(f"{program}: error: {shortage}{error}", file=sys.stderr)
    return 2


def duration(seconds: float) -> str:
    """Seconds in words of one unit or two: 40 s, 3 min 20 s, 5 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
