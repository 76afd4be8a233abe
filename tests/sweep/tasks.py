"""Tasks that do only what a test asks of them; without Brian2, so that workers start fast."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brianmem.errors import InputError
from brianmem.progress import report
from brianmem.tables import Column, Schema

N_STEPS = 5  # after each of which a task says how far it is
SCHEMA = Schema(
    "toy",
    (
        Column("number", int, "", "number of the task"),
        Column("row", int, "", "row of the task"),
        Column("value", float, "", "a random number", least=0, most=1),
        Column("text", str, "", "text with a comma, and quotes"),
        Column("even", int, "", "the number, if it is even", optional=True),
    ),
)


@dataclass(frozen=True)
class Task:
    """What to do, and for how long."""

    number: int
    seconds: float
    n_rows: int
    fails: int
    dies: int
    backend: str


def run_task(task: Task) -> dict[str, list[dict]]:
    """Rows of random numbers. A line in the file that TOY_LOG names tells that the task ran."""
    if "TOY_LOG" in os.environ:
        with Path(os.environ["TOY_LOG"]).open("a") as log:
            log.write(f"{task.number}\n")
    if task.number == task.fails and not Path(os.environ.get("TOY_MENDED", "-")).exists():
        raise InputError(f"task {task.number} was told to fail")
    if task.number == task.dies:
        os.kill(os.getpid(), signal.SIGKILL)
    for step in range(N_STEPS):
        time.sleep(task.seconds / N_STEPS)
        report(step + 1, N_STEPS)
    values = np.random.default_rng(task.number).random(task.n_rows)
    return {
        "toy": [
            {
                "number": task.number,
                "row": row,
                "value": value,
                "text": f'a "text", {task.number}',
                "even": None if task.number % 2 else task.number,
            }
            for row, value in enumerate(values)
        ]
    }
