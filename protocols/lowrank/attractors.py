"""Attractor dynamics of a larger network: Podlaski & Machens (2024), Fig. 4a.

Every network is started in each of its patterns, undamaged and with a few flips, and in as many
random vertices that were not stored, as a control.
"""

import sys
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.equations import Model
from brianmem.lowrank import network
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import store
from brianmem.patterns import draw_binary
from protocols import cli
from protocols.lowrank.shown import raster_rows, trace_rows
from protocols.lowrank.starts import random_starts, stored_starts
from protocols.lowrank.trials import (
    EXACT,
    Trial,
    check_trials,
    estimate_trials,
    fractions_of_flips,
    measure,
    network_columns,
    parameters,
    run_columns,
    simulate_each,
)
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

SHOWN_PATTERN = 0
TRACE_TIMES = 101


@dataclass(frozen=True)
class AttractorsTask:
    """One network with all of its starts; the columns of the grid, and how to run them."""

    network_seed: int
    rule: str
    n_neurons: int
    n_patterns: int
    gamma: float | None
    kappa: float
    duration: float
    n_flips: tuple[int, ...]
    backend: str
    model: Model | None
    details: bool


SMOKE = {
    "network_seed": tuple(range(3)),
    "rule": ("optimised",),
    "n_neurons": (100,),
    "n_patterns": (40,),
    "gamma": (None,),
    "kappa": (5.0,),
    "duration": (20.0,),
    "n_flips": (0, 1, 2, 3),
}
PAPER = SMOKE | {"network_seed": tuple(range(10)), "kappa": (5.0, 2.0, 1.0)}


def check_task(task: AttractorsTask) -> None:
    """Raise InputError for values that no network can have."""
    params = parameters(task)
    check_trials(params, fractions_of_flips(task.n_flips, params.n_latents), (EXACT,), task.model)


def estimate(task: AttractorsTask) -> Estimate:
    """What the task costs: a run per start."""
    return estimate_trials(parameters(task), task.n_patterns * (len(task.n_flips) + 1))


def run_task(task: AttractorsTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network."""
    params = parameters(task)
    xi = draw_binary(params.n_latents, params.n_patterns, np.random.default_rng(task.network_seed))
    memory = store(xi, params)
    trials = starts(task, xi)
    runs = simulate_each([memory], [trial.start for trial in trials], task.model, task.backend)
    columns = network_columns(memory, task.network_seed)
    rows, traces, raster = [], [], []
    for trial, spikes in zip(trials, runs, strict=True):
        rows.append(columns | measure(memory, trial, spikes) | run_columns(EXACT, task.backend))
        if task.details and trial.pattern == SHOWN_PATTERN:
            shown = columns | {
                "start": trial.start_kind,
                "flip_fraction": trial.flip_fraction,
                "cued_pattern": trial.pattern,
            }
            vertices = [(None, trial.start), *enumerate(memory.patterns.T)]
            rows_of_trial = trace_rows(memory, trial, spikes, vertices, TRACE_TIMES)
            traces += [shown | row for row in rows_of_trial]
            raster += [shown | row for row in raster_rows(trial, spikes)]
    return {
        "lowrank_attractors": rows,
        "lowrank_attractors_traces": traces,
        "lowrank_attractors_spikes": raster,
    }


def starts(task: AttractorsTask, xi: np.ndarray) -> list[Trial]:
    """Each pattern with each number of flips, and as many random vertices."""
    n_latents, n_patterns = xi.shape
    flips = fractions_of_flips(task.n_flips, n_latents)
    stored = stored_starts(xi, range(n_patterns), flips, task.network_seed)
    return stored + random_starts(xi, n_patterns, task.network_seed)


PROTOCOL = Protocol(
    name="lowrank.attractors",
    description="Attractor dynamics of networks with many patterns, Podlaski & Machens (2024), "
    "Fig. 4a: starts in every pattern, undamaged and with a few flips, beside random vertices that "
    "were not stored.",
    task_type=AttractorsTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(
        schemas.LOWRANK_ATTRACTORS,
        schemas.LOWRANK_ATTRACTORS_TRACES,
        schemas.LOWRANK_ATTRACTORS_SPIKES,
    ),
    check_task=check_task,
    estimate=estimate,
    check_model=network.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
