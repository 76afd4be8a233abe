"""The command line that all protocols share."""

import argparse
import fcntl
import os
from dataclasses import asdict
from pathlib import Path

import joblib
import pandas as pd

from brianmem import schemas, tables
from brianmem.backends import BACKENDS, check_backend, default_backend
from brianmem.equations import load_model
from brianmem.errors import InputError
from brianmem.terminal import guard
from protocols.execute import Outcome, configuration, execute, interrupt_put_off
from protocols.protocol import Protocol, make_tasks, resolve_grid


def main(protocol: Protocol, argv: list[str] | None = None) -> int:
    """Run a protocol as its command line says, and return the exit status."""
    arguments = _parser(protocol).parse_args(argv)
    return guard(f"protocols.{protocol.name}", lambda: run(protocol, arguments))


def run(protocol: Protocol, arguments: argparse.Namespace) -> None:
    """Run the grid and write its tables.

    Raises BrianmemError for bad input, before anything is written.
    """
    if arguments.jobs < 1:
        raise InputError(f"--jobs must be at least 1, not {arguments.jobs}")
    check_backend(arguments.backend)
    grid = resolve_grid(protocol, arguments.grid, arguments.seed, arguments.set)
    model = None
    if arguments.equations is not None:
        model = load_model(arguments.equations, protocol.default_model)
        protocol.check_model(model)
    options = {name: getattr(arguments, name) for name in protocol.options or {}}
    tasks = make_tasks(protocol, grid, backend=arguments.backend, model=model, **options)
    folder = tables.make_folder(arguments.out or _default_folder(protocol, arguments))
    _old_timings(folder)

    outcomes = execute(protocol.run_task, tasks, arguments.jobs, protocol.name)

    provenance = tables.software() | {
        "protocol": f"protocols.{protocol.name}",
        "backend": arguments.backend,
        "seed": arguments.seed,
        "configuration": {"grid": arguments.grid, **grid, **options},
        "equations": asdict(model or protocol.default_model),
    }
    with interrupt_put_off():
        # The main table comes last: where it is, the others are.
        for schema in reversed(protocol.schemas):
            rows = [row for outcome in outcomes for row in outcome.rows[schema.name]]
            path = tables.write(tables.from_rows(schema, rows), schema, folder, provenance)
            print(f"{path}: {len(rows)} rows")
        _write_timings(protocol, tasks, outcomes, arguments.jobs, folder)


def _default_folder(protocol: Protocol, arguments: argparse.Namespace) -> Path:
    """A folder for the grid as it is; a run with changes must not replace its tables."""
    changes = [arguments.set, arguments.seed, arguments.equations]
    changes += [getattr(arguments, name) for name in protocol.options or {}]
    return Path("results", "changed" if any(changes) else arguments.grid, "tables")


def _old_timings(folder: Path) -> pd.DataFrame | None:
    if not (folder / "timings.csv").exists():
        return None
    return tables.read(schemas.TIMINGS, folder)


def _write_timings(
    protocol: Protocol, tasks: list, outcomes: list[Outcome], jobs: int, folder: Path
) -> None:
    """Put this protocol's rows into timings.csv in place of those of its last run."""
    rows = [
        {
            "protocol": protocol.name,
            "task": number,
            "configuration": configuration(task),
            "seconds": round(outcome.seconds, 4),
            "peak_memory_mb": round(outcome.peak_memory_mb, 1),
            "jobs": jobs,
        }
        for number, (task, outcome) in enumerate(zip(tasks, outcomes, strict=True))
    ]
    timings = tables.from_rows(schemas.TIMINGS, rows)
    # Two protocols may end at once. The lock is the kernel's and goes with the process.
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        old = _old_timings(folder)
        if old is not None:
            timings = pd.concat([old[old.protocol != protocol.name], timings], ignore_index=True)
        tables.write(
            timings, schemas.TIMINGS, folder, tables.software() | {"cores": os.cpu_count()}
        )
    finally:
        os.close(handle)


def _parser(protocol: Protocol) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m protocols.{protocol.name}", description=protocol.description
    )
    parser.add_argument("--grid", choices=sorted(protocol.grids), default="smoke")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE[,VALUE...]",
        help=f"replace a column of the grid (repeatable): {', '.join(protocol.grids['smoke'])}",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help=f"added to every {protocol.seed_name} (default 0)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for the tables (default results/GRID/tables, or results/changed/tables if "
        "anything of the grid is changed)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=joblib.cpu_count(),
        metavar="N",
        help="worker processes (default: one per core); the tables do not depend on it",
    )
    parser.add_argument(
        "--backend", default=default_backend(), help=f"{', '.join(BACKENDS)} (default %(default)s)"
    )
    parser.add_argument(
        "--equations", metavar="FILE", help="TOML file that changes the network's equations"
    )
    for name, text in (protocol.options or {}).items():
        parser.add_argument(f"--{name}", metavar="PATH", help=text)
    return parser
