"""Recall while one parameter varies at a time: the scans of Perrinet (2026).

The first values of the scanned parameters make the baseline; any other value replaces one of them.
"""

import sys
from dataclasses import dataclass

from brianmem import schemas
from brianmem.delay.equations import LIF
from protocols import cli
from protocols.delay import networks
from protocols.protocol import Protocol


@dataclass(frozen=True)
class ScanTask(networks.DelayTask):
    """One network; scanned: the parameter that differs from the baseline."""

    scanned: str


PAPER = networks.BENCHMARK | {
    "n_neurons": (512, 128, 256, 1024),
    "n_delays": (41, 5, 11, 21, 31, 51),
    "n_steps": (1000, 200, 500, 2000),
    "n_patterns": (16, 1, 4, 8, 32, 64),
    "firing_prob": (1e-3, 5e-4, 2e-3, 4e-3),
    "beta": (0.7, 0.3, 0.5, 0.9),
    "seed": tuple(range(10)),
}
SMOKE = networks.BENCHMARK | {
    "n_neurons": (256, 128, 512),
    "n_delays": (41, 11, 21),
    "n_steps": (500, 250, 1000),
    "n_patterns": (8, 2, 16),
    "firing_prob": (1e-3, 5e-4, 2e-3),
    "beta": (0.7, 0.5, 0.9),
    "seed": tuple(range(3)),
}


def run_task(task: ScanTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    results = networks.learn_and_recall(
        networks.parameters(task), task.seed, task.model, task.backend
    )
    rows = networks.pattern_rows(task, *results)
    return {"delay_scan": [{"scanned": task.scanned} | row for row in rows]}


PROTOCOL = Protocol(
    name="delay.scan",
    description="Recall of rasters from a cue while one parameter varies at a time, Perrinet "
    "(2026). The first value of each parameter is the baseline.",
    task_type=ScanTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(schemas.DELAY_SCAN,),
    check_task=networks.check_task,
    estimate=networks.estimate,
    scans=("n_neurons", "n_delays", "n_steps", "n_patterns", "firing_prob", "beta", "threshold"),
    check_model=networks.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
