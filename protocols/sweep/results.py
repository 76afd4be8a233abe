"""What a sweep writes when it ends: its tables, what its tasks cost, and which of them failed."""

import fcntl
import json
import os
import signal
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from brianmem import schemas, tables
from brianmem.environment import handled
from brianmem.tables import Schema
from protocols.sweep.progress import say
from protocols.sweep.sweep import Sweep
from protocols.sweep.work import configuration


def check(folder: Path) -> None:
    """Raise InputError if tables that all protocols share are there and cannot be read."""
    for schema in (schemas.TIMINGS, schemas.ERRORS):
        _read_if_there(schema, folder)


def write(sweep: Sweep, folder: Path, provenance: dict) -> int:
    """Write the tables of a sweep that is done; return 1 if a task failed.

    The main table comes last: where it is, the others are. Rows of failed tasks are missing, which
    the sidecars say; if all failed, there is no table.
    """
    made = sweep.tables()
    with _interrupt_put_off(), _alone_in(folder):
        if len(sweep.failed()) < len(sweep.works):
            for schema in reversed(sweep.schemas):
                path = tables.write(made[schema.name], schema, folder, provenance)
                print(f"{path}: {len(made[schema.name])} rows")
        _replace_rows(schemas.TIMINGS, _timings(sweep), folder, sweep.name)
        _replace_rows(schemas.ERRORS, _errors(sweep), folder, sweep.name)
    if sweep.failed():
        print(f"{folder / 'errors.csv'}: {len(sweep.failed())} rows of {sweep.name}")
    return report_failures(sweep)


def report_failures(sweep: Sweep) -> int:
    """Say on standard error how many tasks failed, and why the first one did; return 1 if any."""
    failed = sweep.failed()
    if not failed:
        return 0
    first = sweep.parts[failed[0].key].error["message"]
    say(
        f"protocols.{sweep.name}: {len(failed)} of {len(sweep.works)} tasks failed, the first "
        f"because: {first} (--retry-failed runs just these again)"
    )
    return 1


@contextmanager
def _interrupt_put_off():
    """Let Ctrl-C wait until the block is done, so that it does not leave half of the tables.

    A mask would not do: it is a thread's own, and the signal would come by way of another thread.
    """
    interrupted = False

    def note(number, frame):
        nonlocal interrupted
        interrupted = True

    with handled(signal.SIGINT, note):
        yield
    if interrupted:
        raise KeyboardInterrupt


@contextmanager
def _alone_in(folder: Path):
    """Keep others out who end in the same folder. The lock is the kernel's: it dies with us."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _timings(sweep: Sweep) -> pd.DataFrame:
    """Cost of each task, as measured when it was computed."""
    parts = [sweep.parts[work.key] for work in sweep.works]
    rows = [
        _about(sweep, number)
        | {
            "seconds": part.seconds,
            "peak_memory_mb": part.peak_memory_mb,
            "failed": bool(part.error),
        }
        for number, part in enumerate(parts)
    ]
    return tables.from_rows(schemas.TIMINGS, rows)


def _errors(sweep: Sweep) -> pd.DataFrame:
    parts = [sweep.parts[work.key] for work in sweep.works]
    rows = [_about(sweep, number) | part.error for number, part in enumerate(parts) if part.error]
    return tables.from_rows(schemas.ERRORS, rows)


def _about(sweep: Sweep, number: int) -> dict:
    work = sweep.works[number]
    return {
        "protocol": sweep.name,
        "task": number,
        "key": work.key,
        "configuration": json.dumps(configuration(work.task)),
    }


def _read_if_there(schema: Schema, folder: Path) -> pd.DataFrame | None:
    """Whatever its sidecar says: a sweep that was killed may have left another's."""
    path = folder / f"{schema.name}.csv"
    return tables.read_as_it_is(schema, path) if path.exists() else None


def _replace_rows(schema: Schema, rows: pd.DataFrame, folder: Path, protocol: str) -> None:
    """Put a protocol's rows into a table that all share, in place of those of its last run."""
    old = _read_if_there(schema, folder)
    if old is not None:
        rows = pd.concat([old[old["protocol"] != protocol], rows], ignore_index=True)
    if len(rows) or old is not None:
        tables.write(rows, schema, folder, tables.software() | {"cores": os.cpu_count()})
