"""Overlap and best self-connection against load: Podlaski & Machens (2024), Figs. 4b and 4c."""

import sys
from dataclasses import dataclass

from brianmem import schemas
from brianmem.lowrank.equations import LIF
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.capacity_grids import PAPER, SMALL
from protocols.lowrank.starts import random_starts, stored_starts
from protocols.lowrank.trials import Trial, estimate_trials, fractions_of_flips
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate


@dataclass(frozen=True)
class CapacityTask(loads.LoadTask):
    """One network with each gamma; n_tested patterns (None: all) are started undamaged.

    The controls are n_controls patterns with each number of flips, and as many random vertices.
    """

    gamma: tuple[float | None, ...]
    n_tested: int | None
    n_controls: int
    n_flips: tuple[int, ...]


def check_task(task: CapacityTask) -> None:
    """Raise InputError for values that no network can have."""
    flips = _flip_fractions(task)
    counts = {"n_controls": task.n_controls}
    counts |= {} if task.n_tested is None else {"n_tested": task.n_tested}
    loads.check(task, task.gamma, flips, **counts)


def estimate(task: CapacityTask) -> Estimate:
    """What the task costs: a run per start and gamma."""
    params = loads.parameters(task)
    n_trials = _n_tested(task) + min(task.n_controls, params.n_patterns) * (1 + len(task.n_flips))
    return estimate_trials(params, n_trials, n_networks=len(task.gamma))


def run_task(task: CapacityTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    memory = loads.stored(task)
    trials = starts(task, memory.patterns)
    memories = [memory.with_gamma(gamma) for gamma in task.gamma]
    return {"lowrank_capacity": loads.trial_rows(task, memories, trials)}


def starts(task: CapacityTask, xi) -> list[Trial]:
    """Undamaged patterns, the first of them with a few flips, and random vertices."""
    n_controls = min(task.n_controls, xi.shape[1])
    return [
        *stored_starts(xi, range(_n_tested(task)), (0.0,), task.network_seed),
        *stored_starts(xi, range(n_controls), _flip_fractions(task), task.network_seed),
        *random_starts(xi, n_controls, task.network_seed),
    ]


def _flip_fractions(task: CapacityTask) -> tuple[float, ...]:
    # Undamaged starts are there already, of more patterns.
    return fractions_of_flips(task.n_flips, loads.parameters(task).n_latents, fewest=1)


def _n_tested(task: CapacityTask) -> int:
    n_patterns = loads.parameters(task).n_patterns
    return n_patterns if task.n_tested is None else min(task.n_tested, n_patterns)


PROTOCOL = Protocol(
    name="lowrank.capacity",
    description="Overlap and best self-connection against load from exact starts, Podlaski & "
    "Machens (2024), Figs. 4b and 4c, beside starts with one to three flips and random vertices "
    "that were not stored.",
    task_type=CapacityTask,
    grids={"smoke": SMALL, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_CAPACITY,),
    check_task=check_task,
    estimate=estimate,
    check_model=loads.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
