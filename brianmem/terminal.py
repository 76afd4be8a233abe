"""How a command ends: with what status, and what it says when it cannot go on."""

import atexit
import gc
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from brianmem.environment import handled, prepare, stop_writing
from brianmem.errors import BrianmemError

INTERRUPTED = 130  # the status after Ctrl-C


def guard(program: str, action: Callable[[], int | None]) -> int:
    """Run a command and return its status: its own, 2 for bad input, 130 for an interrupt.

    The last two come with one sentence on standard error. An action that returns None has status 0.
    When whoever reads the output has gone, as in `... | head`, the command ends in silence. To be
    asked to end, as a batch system does before it kills, is an interrupt, too. What the system
    refuses, such as writing to a full disk, is one sentence and status 2.
    """
    prepare()
    # Python looks for garbage when it ends: a second in all of Brian2 and SymPy, for nothing.
    atexit.register(gc.freeze)
    with handled(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT)):
        try:
            status = action() or 0
            sys.stdout.flush()  # here, where it is noticed if nobody reads
            return status
        except (BrianmemError, MemoryError) as error:
            return tell(program, error)
        except BrokenPipeError:
            stop_writing()
            return 1
        except OSError as error:  # a full disk, say
            stop_writing()
            return tell(program, error)
        except KeyboardInterrupt as interrupt:
            print(": ".join([program, "interrupted", *interrupt.args]), file=sys.stderr)
            return INTERRUPTED


def tell(program: str, error: Exception) -> int:
    """Say in one sentence why a command cannot go on, and return its status."""
    text = str(error)
    if isinstance(error, MemoryError):
        text = f"not enough memory: {error}"
    elif isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        text = f"{error.strerror or error}{where}"
    with suppress(OSError):  # nobody hears it
        print(f"{program}: error: {text}", file=sys.stderr, flush=True)
    return 2


def duration(seconds: float) -> str:
    """Seconds in words of one unit or two: 40 s, 3 min 20 s, 5 h 10 min."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
