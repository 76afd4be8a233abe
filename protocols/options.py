"""The options that all protocols share."""

import argparse
from pathlib import Path

import joblib

from brianmem.backends import BACKENDS, default_backend
from protocols.protocol import Protocol, columns


def parser(protocol: Protocol) -> argparse.ArgumentParser:
    """The command line of a protocol."""
    parser = argparse.ArgumentParser(
        prog=f"python -m protocols.{protocol.name}", description=protocol.description
    )
    add_common(parser, sorted(protocol.grids))
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE[,VALUE...]",
        help=f"replace a column of the grid (repeatable): {', '.join(columns(protocol))}",
    )
    if protocol.default_model is not None:
        parser.add_argument(
            "--equations", metavar="FILE", help="TOML file that changes the network's equations"
        )
    for name, option in (protocol.options or {}).items():
        parser.add_argument(f"--{name}", metavar="PATH", help=option.help)
    return parser


def add_common(parser: argparse.ArgumentParser, grids: list[str]) -> None:
    """Add what every protocol knows: which grid, where to, and how tasks are computed."""
    parser.add_argument("--grid", choices=grids, default="smoke")
    parser.add_argument(
        "--seed", type=int, default=0, help="added to every seed of the grid (default 0)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for the tables (default results/GRID/tables, or one of its own in "
        "results/runs if anything of the grid is changed)",
    )
    parser.add_argument(
        "--backend", default=default_backend(), help=f"{', '.join(BACKENDS)} (default %(default)s)"
    )
    _add_sweep_options(parser)


def _add_sweep_options(parser: argparse.ArgumentParser) -> None:
    sweep = parser.add_argument_group(
        "sweep",
        "Where tasks are computed; the tables do not depend on it. Finished tasks are kept "
        "in DIR/parts, and are not computed again.",
    )
    jobs(sweep)
    sweep.add_argument(
        "--scheduler", metavar="ADDRESS", help="compute on the Dask cluster of this scheduler"
    )
    which = sweep.add_mutually_exclusive_group()
    which.add_argument(
        "--shard", type=_shard, metavar="I/N", help="compute only this part of the tasks, no table"
    )
    which.add_argument(
        "--merge",
        nargs="*",
        type=Path,
        metavar="DIR",
        help="compute nothing: make the tables from the parts here and in these folders",
    )
    which.add_argument(
        "--retry-failed", action="store_true", help="compute only those tasks that failed"
    )
    which.add_argument(
        "--dry-run", action="store_true", help="list the tasks, estimate time and memory, and end"
    )


def jobs(parser) -> None:
    """Add --jobs to a parser or a group of options."""
    parser.add_argument(
        "--jobs",
        type=_number_of_jobs,
        default=joblib.cpu_count(),
        metavar="N",
        help="worker processes (default: one per core); 0: none, for debuggers",
    )


def _shard(text: str) -> tuple[int, int]:
    number, slash, count = text.partition("/")
    short = len(text) <= 20  # Python refuses to read numbers of thousands of digits
    if not (
        short
        and slash
        and number.isdecimal()
        and count.isdecimal()
        and 1 <= int(number) <= int(count)
    ):
        raise argparse.ArgumentTypeError(f"'{text}' is not i/n with i from 1 to n, such as 2/5")
    return int(number), int(count)


def _number_of_jobs(text: str) -> int:
    if not (text.isdecimal() and len(text) <= 4):
        raise argparse.ArgumentTypeError(f"must be a number of processes, 0 or more, not '{text}'")
    return int(text)
