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


SCANNED = {
    "n_neurons": (512, 128, 256, 384, 1024),
    "n_delays": (41, 3, 7, 15, 31, 63, 127),
    "n_steps": (1000, 64, 128, 256, 512, 2048),
    "n_patterns": (16, 1, 2, 4, 8, 32, 64),
    "firing_prob": (1e-3, 1e-4, 3e-4, 5e-4, 2e-3, 4e-3),
    "beta": (0.7, 0.3, 0.5, 0.9),
    "seed": tuple(range(10)),
}
# In place of the one that each network is given or learns for.
THRESHOLDS = (None, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2)
# The slow learners have fewer networks.
SURROGATE = {"learner": ("surrogate",), "seed": tuple(range(3))}
# Half a minute a network, and minutes from N D / (T - D) = 22 patterns on.
PSEUDO_INVERSE = {
    "learner": ("pseudo_inverse",),
    "n_neurons": (512, 128, 256, 384),
    "n_delays": (41, 3, 7, 15, 31, 63),
    "n_steps": (1000, 64, 128, 256, 512),
    "n_patterns": (16, 1, 2, 4, 8, 20),
    "firing_prob": (1e-3, 1e-4, 3e-4, 5e-4, 2e-3),
    "seed": tuple(range(3)),
}
# The published code has a threshold of its own, and is scanned at N = 1024.
AS_PUBLISHED = {"learner": ("normalised",), "threshold": (0.8,)}
LARGER = {
    "n_neurons": (1024,),
    "n_delays": (41, 5, 10, 15, 20, 25, 30),
    "n_steps": (1000, 64, 128, 256, 412, 547, 727, 965, 1281, 1701, 2259, 3000),
    "n_patterns": (16, 1, 2, 4, 8, 13, 20, 25, 30, 64),
    "firing_prob": (1e-3, 3e-3),
    "beta": (0.7,),
}
PAPER = (
    networks.BENCHMARK | SCANNED | {"threshold": THRESHOLDS},
    networks.BENCHMARK | SCANNED | {"threshold": THRESHOLDS} | SURROGATE,
    networks.BENCHMARK | SCANNED | {"threshold": THRESHOLDS} | PSEUDO_INVERSE,
    networks.BENCHMARK | SCANNED | AS_PUBLISHED,
    networks.BENCHMARK | LARGER | {"learner": ("margin",), "seed": tuple(range(3))},
    networks.BENCHMARK | LARGER | AS_PUBLISHED | {"seed": tuple(range(3))},
)
SMALLER = networks.BENCHMARK | {
    "n_neurons": (256, 128, 512),
    "n_delays": (41, 11, 21),
    "n_steps": (500, 250, 1000),
    "n_patterns": (8, 2, 16),
    "firing_prob": (1e-3, 5e-4, 2e-3),
    "beta": (0.7, 0.5, 0.9),
    "seed": tuple(range(3)),
}
SMOKE = (SMALLER | {"threshold": (None, 0.3, 0.5, 0.8, 1.2)}, SMALLER | AS_PUBLISHED)


def run_task(task: ScanTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    rows = networks.pattern_rows(task, *networks.learn_and_recall(task))
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
