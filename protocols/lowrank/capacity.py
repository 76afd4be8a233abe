"""Overlap and best self-connection against load: Podlaski & Machens (2024), Figs. 4b and 4c."""

import sys
from dataclasses import dataclass

from brianmem import schemas
from brianmem.lowrank.equations import LIF
from protocols import cli
from protocols.lowrank import loads
from protocols.lowrank.starts import random_starts, stored_starts
from protocols.lowrank.trials import Trial, estimate_trials
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
    n_latents = loads.parameters(task).n_latents
    flips = tuple(n / n_latents for n in task.n_flips)
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
    rows = [
        row
        for gamma in task.gamma
        for row in loads.trial_rows(task, memory.with_gamma(gamma), trials)
    ]
    return {"lowrank_capacity": rows}


def starts(task: CapacityTask, xi) -> list[Trial]:
    """Undamaged patterns, the first of them with a few flips, and random vertices."""
    n_latents, n_patterns = xi.shape
    n_controls = min(task.n_controls, n_patterns)
    flips = tuple(n / n_latents for n in task.n_flips)
    return [
        *stored_starts(xi, range(_n_tested(task)), (0.0,), task.network_seed),
        *stored_starts(xi, range(n_controls), flips, task.network_seed),
        *random_starts(xi, n_controls, task.network_seed),
    ]


def _n_tested(task: CapacityTask) -> int:
    n_patterns = loads.parameters(task).n_patterns
    return n_patterns if task.n_tested is None else min(task.n_tested, n_patterns)


READINGS = (
    "pseudo_inverse",
    "pseudo_inverse_zeroed",
    "pseudo_inverse_rescaled",
    "pseudo_inverse_neural",
)
LOADS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.425, 0.45, 0.475, 0.4875, 0.5, 0.525)
LOADS += (0.55, 0.6)
GAMMAS = tuple(round(0.2 + 0.1 * n, 1) for n in range(21))
SMOKE = {
    "network_seed": tuple(range(5)),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (100, 200),
    "load": (0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55),
    "correlation": (0.0,),
    "kappa": (2.0,),
    "duration": (20.0,),
    "gamma": (None,),
    "n_tested": (20,),
    "n_controls": (5,),
    "n_flips": (1, 2, 3),
}
# gamma is scanned in networks of their own: none of the patterns that are scored had a say in it.
SMOKE_SCAN = SMOKE | {
    "network_seed": tuple(range(1000, 1003)),
    "rule": ("pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (200,),
    "load": (0.05, 0.2, 0.3, 0.4, 0.45),
    "gamma": (None, *GAMMAS[::2]),
    "n_tested": (5,),
    "n_controls": (1,),
    "n_flips": (1,),
}
SMOKE_CORRELATED = SMOKE | {
    "network_seed": tuple(range(2000, 2003)),
    "rule": ("pseudo_inverse", "optimised", "extended"),
    "n_neurons": (200,),
    "load": (0.1, 0.25, 0.4),
    "correlation": (0.0, 0.2, 0.4, 0.6, 0.8),
    "n_tested": (10,),
}
SMOKE_READINGS = SMOKE | {
    "network_seed": tuple(range(100, 103)),
    "rule": (*READINGS, "optimised"),
    "n_neurons": (100,),
    "kappa": (1.0, 2.0, 5.0),
    "n_tested": (10,),
}
# Figs. 4b and 4c: every pattern up to N = 800, and 200 of each network at N = 1600.
SIZES = SMOKE | {
    "network_seed": tuple(range(10)),
    "rule": ("optimised",),
    "n_neurons": (400, 800),
    "load": LOADS,
    "n_tested": (None,),
    "n_controls": (10,),
}
LARGEST = SIZES | {"n_neurons": (1600,), "n_tested": (200,)}
# With the own axis zeroed nothing is stored from p = K on.
ZEROED = {"rule": ("pseudo_inverse_zeroed",), "load": tuple(p for p in LOADS if p < 0.5)}
ZEROED_SIZES, ZEROED_LARGEST = SIZES | ZEROED, LARGEST | ZEROED
SCAN = SMOKE_SCAN | {
    "network_seed": tuple(range(1000, 1005)),
    "n_neurons": (400, 800),
    "load": (0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.475),
    "gamma": (None, *GAMMAS),
}
SCAN_LARGEST = SCAN | {
    "network_seed": tuple(range(1000, 1003)),
    "n_neurons": (1600,),
    "load": (0.05, 0.2, 0.3, 0.35, 0.4, 0.45),
    "gamma": (None, *GAMMAS[::2]),
}
HEBBIAN = SIZES | {"rule": ("hebbian",), "n_neurons": (400,), "n_tested": (50,)}
PRINTED = HEBBIAN | {
    "rule": ("pseudo_inverse",),
    "n_neurons": (800, 1600),
    "load": (0.1, 0.2, 0.3, 0.4, 0.45, 0.475, 0.5, 0.55),
    "n_tested": (20,),
}
KAPPAS = SIZES | {
    "network_seed": tuple(range(100, 105)),
    "rule": (*READINGS, "optimised"),
    "n_neurons": (400,),
    "kappa": (1.0, 2.0, 5.0),
    "n_tested": (50,),
}
KAPPAS_LARGER = KAPPAS | {
    "network_seed": tuple(range(5)),
    "rule": ("pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (800, 1600),
    "kappa": (1.0, 5.0),
    "load": (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.475, 0.4875),
    "n_tested": (20,),
    "n_controls": (5,),
}
EXTENDED = SIZES | {
    "network_seed": tuple(range(5)),
    "rule": ("regularised", "extended", "extended_noise"),
    "n_neurons": (400,),
    "load": (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8),
    "n_tested": (50,),
}
SCALING = SIZES | {
    "network_seed": tuple(range(3)),
    "n_neurons": (3200,),
    "load": (0.3, 0.4, 0.45, 0.475, 0.4875, 0.5),
    "n_tested": (10,),
    "n_controls": (3,),
}
SCALING_ZEROED = SCALING | ZEROED | {"load": (0.3, 0.35, 0.4, 0.45, 0.475)}
SCALING_LARGEST = SCALING | {"network_seed": (0, 1), "n_neurons": (6400,)}
SCALING_LARGEST_ZEROED = SCALING_LARGEST | ZEROED | {"load": (0.3, 0.4, 0.45, 0.475)}
CORRELATED = SMOKE | {
    "network_seed": tuple(range(2000, 2003)),
    "rule": ("pseudo_inverse", "optimised", "extended"),
    "n_neurons": (200,),
    "load": (0.1, 0.25, 0.4),
    "correlation": (0.0, 0.2, 0.4, 0.6, 0.8),
    "n_tested": (10,),
}
SMOKE_READINGS = SMOKE | {
    "network_seed": tuple(range(100, 103)),
    "rule": (*READINGS, "optimised"),
    "n_neurons": (100,),
    "kappa": (1.0, 2.0, 5.0),
    "n_tested": (10,),
}
# Figs. 4b and 4c: every pattern up to N = 800, and 200 of each network at N = 1600.
SIZES = SMOKE | {
    "network_seed": tuple(range(10)),
    "rule": ("optimised",),
    "n_neurons": (400, 800),
    "load": LOADS,
    "n_tested": (None,),
    "n_controls": (10,),
}
LARGEST = SIZES | {"n_neurons": (1600,), "n_tested": (200,)}
# With the own axis zeroed nothing is stored from p = K on.
ZEROED = {"rule": ("pseudo_inverse_zeroed",), "load": tuple(p for p in LOADS if p < 0.5)}
ZEROED_SIZES, ZEROED_LARGEST = SIZES | ZEROED, LARGEST | ZEROED
SCAN = SMOKE_SCAN | {
    "network_seed": tuple(range(1000, 1005)),
    "n_neurons": (400, 800),
    "load": (0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.475),
    "gamma": (None, *GAMMAS),
}
SCAN_LARGEST = SCAN | {
    "network_seed": tuple(range(1000, 1003)),
    "n_neurons": (1600,),
    "load": (0.05, 0.2, 0.3, 0.35, 0.4, 0.45),
    "gamma": (None, *GAMMAS[::2]),
}
HEBBIAN = SIZES | {"rule": ("hebbian",), "n_neurons": (400,), "n_tested": (50,)}
PRINTED = HEBBIAN | {
    "rule": ("pseudo_inverse",),
    "n_neurons": (800, 1600),
    "load": (0.1, 0.2, 0.3, 0.4, 0.45, 0.475, 0.5, 0.55),
    "n_tested": (20,),
}
KAPPAS = SIZES | {
    "network_seed": tuple(range(100, 105)),
    "rule": (*READINGS, "optimised"),
    "n_neurons": (400,),
    "kappa": (1.0, 2.0, 5.0),
    "n_tested": (50,),
}
KAPPAS_LARGER = KAPPAS | {
    "network_seed": tuple(range(5)),
    "rule": ("pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (800, 1600),
    "kappa": (1.0, 5.0),
    "load": (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.475, 0.4875),
    "n_tested": (20,),
    "n_controls": (5,),
}
EXTENDED = SIZES | {
    "network_seed": tuple(range(5)),
    "rule": ("regularised", "extended", "extended_noise"),
    "n_neurons": (400,),
    "load": (0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8),
    "n_tested": (50,),
}
SCALING = SIZES | {
    "network_seed": tuple(range(3)),
    "rule": ("pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (3200,),
    "load": (0.3, 0.35, 0.4, 0.45, 0.475, 0.4875),
    "n_tested": (10,),
    "n_controls": (3,),
}
SCALING_LARGEST = SCALING | {
    "network_seed": (0, 1),
    "n_neurons": (6400,),
    "load": (0.3, 0.4, 0.45, 0.475),
}
CORRELATED = SMOKE_CORRELATED | {
    "network_seed": tuple(range(2000, 2010)),
    "rule": ("pseudo_inverse", "pseudo_inverse_zeroed", "optimised", "regularised", "extended"),
    "n_neurons": (400,),
}
PAPER = (
    SIZES,
    LARGEST,
    ZEROED_SIZES,
    ZEROED_LARGEST,
    SCAN,
    SCAN_LARGEST,
    HEBBIAN,
    PRINTED,
    KAPPAS,
    KAPPAS_LARGER,
    EXTENDED,
    SCALING,
    SCALING_ZEROED,
    SCALING_LARGEST,
    SCALING_LARGEST_ZEROED,
    CORRELATED,
)

PROTOCOL = Protocol(
    name="lowrank.capacity",
    description="Overlap and best self-connection against load from exact starts, Podlaski & "
    "Machens (2024), Figs. 4b and 4c, beside starts with one to three flips and random vertices "
    "that were not stored.",
    task_type=CapacityTask,
    grids={"smoke": (SMOKE, SMOKE_SCAN, SMOKE_READINGS, SMOKE_CORRELATED), "paper": PAPER},
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
