"""What a sweep costs beside its tasks: python -m benchmarks.sweep.

1000 tasks that sleep 10 ms each, on two workers. Overhead per task is the time of both workers,
less the time of the tasks, over their number, from the end of the first task until the table is
there.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from brianmem.tables import Column, Schema
from protocols.sweep import workers
from protocols.sweep.sweep import Sweep

SCHEMA = Schema("slept", (Column("number", int, "", "number of the task"),))


@dataclass(frozen=True)
class Nap:
    """A task that does nothing for a while."""

    number: int
    seconds: float


def run_task(task: Nap) -> dict[str, list[dict]]:
    """One row."""
    time.sleep(task.seconds)
    return {"slept": [{"number": task.number}]}


def measure(n_tasks: int, seconds: float, n_workers: int) -> tuple[float, float, float]:
    """Seconds until the first task is done, overhead per task from then on, seconds of all."""
    tasks = [Nap(number, seconds) for number in range(n_tasks)]
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        sweep = Sweep("nap", run_task, (SCHEMA,), tasks, Path(folder))
        sweep.look()
        done = [
            time.perf_counter()
            for _ in sweep.compute(
                lambda works: workers.in_processes(works, sweep.store, n_workers), sweep.works
            )
        ]
        sweep.tables()
        end = time.perf_counter()
    busy = sum(part.seconds for part in sweep.parts.values())
    return done[0] - begin, ((end - done[0]) * n_workers - busy) / n_tasks, end - begin


def main(argv: list[str] | None = None) -> int:
    """Print the overhead of each repeat and the median."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    for flag, value in (("--tasks", 1000), ("--workers", 2), ("--repeats", 5)):
        parser.add_argument(flag, type=int, default=value, help=f"default {value}")
    parser.add_argument("--seconds", type=float, default=0.01, help="of a task, default 0.01")
    arguments = parser.parse_args(argv)
    overheads = []
    for _ in range(arguments.repeats):
        start, overhead, whole = measure(arguments.tasks, arguments.seconds, arguments.workers)
        overheads.append(overhead)
        print(
            f"{arguments.tasks} tasks: {whole:.2f} s, first one after {start:.2f} s, overhead "
            f"{1e3 * overhead:.2f} ms per task"
        )
    print(f"median overhead {1e3 * statistics.median(overheads):.2f} ms per task")
    return 0


if __name__ == "__main__":
    # Workers know tasks by the name of their module.
    from benchmarks import sweep

    sys.exit(sweep.main())
