"""Overlap against load, from exact starts: Podlaski & Machens (2024), Figs. 4b and 4c."""

import sys

from brianmem import schemas
from brianmem.lowrank.equations import LIF
from protocols import cli
from protocols.lowrank import loads
from protocols.protocol import Protocol

SMOKE = {
    "network_seed": tuple(range(5)),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (100, 200),
    "load": (0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55),
    "gamma": (None, 1.2, 1.6),
    "kappa": (5.0,),
    "duration": (20.0,),
    "n_tested": (20,),
    "flip_fraction": (0.0,),
}
PAPER = SMOKE | {
    "network_seed": tuple(range(10)),
    "n_neurons": (200, 400),
    "load": (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6),
    "gamma": (None, 1.2, 1.5, 1.8),
}


def run_task(task: loads.LoadTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    return {"lowrank_capacity": loads.trial_rows(task)}


PROTOCOL = Protocol(
    name="lowrank.capacity",
    description="Overlap against load from exact starts, Podlaski & Machens (2024), Figs. 4b and "
    "4c, beside random vertices that were not stored.",
    task_type=loads.LoadTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_CAPACITY,),
    check_task=loads.check_task,
    estimate=loads.estimate,
    check_model=loads.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
