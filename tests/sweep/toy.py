"""A protocol as users start them, of tasks that take no time: python -m tests.sweep.toy."""

import sys

from brianmem.errors import InputError
from protocols import cli
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate
from tests.sweep.tasks import SCHEMA, Task, run_task

GRID = {
    "number": tuple(range(200)),
    "seconds": (0.0,),
    "n_rows": (3,),
    "fails": (-1,),
    "dies": (-1,),
}


def check_task(task: Task) -> None:
    """Raise InputError for a task without rows."""
    if task.n_rows < 1:
        raise InputError(f"n_rows must be at least 1, not {task.n_rows}")


PROTOCOL = Protocol(
    name="toy",
    description="Tasks that take no time.",
    task_type=Task,
    grids={"smoke": GRID},
    seed_name="number",
    run_task=run_task,
    schemas=(SCHEMA,),
    check_task=check_task,
    estimate=lambda task: Estimate(task.seconds, 100.0),
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
