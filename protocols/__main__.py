"""Several protocols one after another, in one process: python -m protocols NAME ... or all.

Brian2's import takes seconds. Here it is done once, and by each worker once: they are kept from one
protocol to the next.
"""

import argparse
import importlib
import sys
import traceback

from brianmem.errors import BrianmemError
from brianmem.terminal import guard, tell
from protocols import cli
from protocols.options import add_common
from protocols.protocol import Protocol

# In the order in which `all` runs them.
PROTOCOLS = (
    "lowrank.boundary",
    "lowrank.recall",
    "lowrank.attractors",
    "lowrank.capacity",
    "lowrank.completion",
    "lowrank.hopfield",
    "lowrank.digits",
    "lowrank.robustness",
    "lowrank.prediction",
    "delay.recall",
    "delay.scan",
    "delay.completion",
    "delay.capacity",
    "delay.precision",
    "delay.training",
    "delay.targets",
    "delay.sequence",
)
ALL = "all"
GRIDS = ["paper", "smoke"]


def main(argv: list[str] | None = None) -> int:
    """Run protocols as the command line says, and return the worst of their statuses."""
    arguments = parser().parse_args(argv)
    names = PROTOCOLS if ALL in arguments.names else dict.fromkeys(arguments.names)
    return guard("protocols", lambda: run([_protocol(name) for name in names], arguments))


def parser() -> argparse.ArgumentParser:
    """What the command line takes."""
    made = argparse.ArgumentParser(
        prog="python -m protocols",
        description="Run several protocols in one process. Those that fail do not hinder others. "
        "python -m protocols.NAME runs one, and knows options of its own.",
    )
    made.add_argument(
        "names", nargs="+", choices=(*PROTOCOLS, ALL), metavar="NAME", help=", ".join(PROTOCOLS)
    )
    add_common(made, GRIDS)
    return made


def run(protocols: list[Protocol], arguments: argparse.Namespace) -> int:
    """Run one protocol after another with the same options; return the worst of their statuses."""
    return max(_status(protocol, arguments) for protocol in protocols)


def _protocol(name: str) -> Protocol:
    return importlib.import_module(f"protocols.{name}").PROTOCOL


def _status(protocol: Protocol, arguments: argparse.Namespace) -> int:
    """The status that the protocol's own command would have; it ends for an interrupt alone."""
    own = dict.fromkeys(protocol.options or {}) | {"set": [], "equations": None}
    program = f"protocols.{protocol.name}"
    try:
        return cli.run(protocol, argparse.Namespace(**vars(arguments) | own))
    except (BrianmemError, MemoryError) as error:
        return tell(program, error)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(": ".join([program, *interrupt.args])) from None
    except Exception:  # a bug: the others may still do what they can
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(main())
