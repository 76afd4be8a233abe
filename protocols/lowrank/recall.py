"""Recall of the storage rules in small networks: Podlaski & Machens (2024), Figs. 3 and 5.

Every network is started in each stored pattern, exact and with flipped elements, and in random
vertices that were not stored, as a control. The exact simulator is run beside Brian2 with a clock,
which shows how far from exact the latter is.
"""

import sys
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.equations import Model
from brianmem.lowrank import geometry, network
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.storage.hebbian import hebbian
from brianmem.patterns import draw_binary
from brianmem.spikes import Spikes, first_difference, shared_fraction
from protocols import cli
from protocols.lowrank.shown import raster_rows, trace_rows
from protocols.lowrank.starts import random_starts, stored_starts
from protocols.lowrank.trials import (
    EXACT,
    Trial,
    check_trials,
    estimate_trials,
    measure,
    network_columns,
    parameters,
    run_columns,
    runs_exactly,
    simulate,
)
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

TRACE_TIMES = 201


@dataclass(frozen=True)
class RecallTask:
    """One network with all of its starts; the columns of the grid, and how to run them."""

    network_seed: int
    rule: str
    n_neurons: int
    n_patterns: int
    gamma: float | None
    kappa: float
    duration: float
    flip_fraction: tuple[float, ...]
    dt: tuple[float, ...]
    backend: str
    model: Model | None
    details: bool


EXACT_RUNS = {
    "network_seed": tuple(range(20)),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_neurons": (20,),
    "n_patterns": (4,),
    "gamma": (None,),
    "kappa": (5.0,),
    "duration": (20.0,),
    "flip_fraction": (0.0, 0.1),
    "dt": (EXACT,),
}
# With a clock a run takes ten times as long: few networks tell how wrong it is.
SMOKE = (EXACT_RUNS, EXACT_RUNS | {"network_seed": tuple(range(5)), "dt": (0.01, 0.001)})
MANY = EXACT_RUNS | {"network_seed": tuple(range(100)), "kappa": (1.0, 2.0, 5.0)}
PAPER = (MANY, MANY | {"network_seed": tuple(range(10)), "dt": (0.001, 0.0001)})


def check_task(task: RecallTask) -> None:
    """Raise InputError for values that no network can have."""
    params = parameters(task)
    check_trials(params, task.flip_fraction, task.dt, task.model)


def estimate(task: RecallTask) -> Estimate:
    """What the task costs: a run per start and clock step."""
    n_trials = task.n_patterns * (len(task.flip_fraction) + 1)
    return estimate_trials(parameters(task), n_trials, task.dt)


def run_task(task: RecallTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network."""
    params = parameters(task)
    xi = draw_binary(params.n_latents, params.n_patterns, np.random.default_rng(task.network_seed))
    memory = store(xi, params)
    trials = stored_starts(xi, range(task.n_patterns), task.flip_fraction, task.network_seed)
    trials += random_starts(xi, task.n_patterns, task.network_seed)
    starts = [trial.start for trial in trials]
    # Equations that cannot be run exactly go without; a grid of exact runs alone is an error.
    exactly = runs_exactly(task.model)
    steps = [dt for dt in task.dt if dt != EXACT or exactly] or task.dt
    runs = {dt: simulate(memory, starts, dt, task.model, task.backend) for dt in steps}
    exact = runs.get(EXACT)
    if exact is None and exactly:  # rows of another task, here to compare with
        exact = simulate(memory, starts, EXACT, task.model, task.backend)
    constants, alignment = _network_measures(memory), _alignment(memory)
    rows = []
    for dt, spikes_of_trials in runs.items():
        for number, (trial, spikes) in enumerate(zip(trials, spikes_of_trials, strict=True)):
            row = network_columns(memory, task.network_seed) | constants
            row |= measure(memory, trial, spikes) | run_columns(dt, task.backend)
            if trial.start_kind == "stored":
                of_pattern = alignment[:, trial.pattern]
                row |= {"alignment_mean": of_pattern.mean(), "alignment_spread": of_pattern.std()}
            row |= {
                "spikes_in_shared_steps": shared_fraction(spikes),
                "first_wrong_spike": exact and first_difference(spikes, exact[number]),
            }
            rows.append(row)
    tables = {schema.name: [] for schema in SCHEMAS} | {"lowrank_recall": rows}
    if task.details:
        finest = runs[min(runs)]
        tables |= _details(memory, task, trials, finest)
    return tables


def _network_measures(memory: LowRankMemory) -> dict:
    correlation = np.abs(memory.patterns.T.astype(float) @ memory.patterns) / len(memory.patterns)
    np.fill_diagonal(correlation, 0)
    return {
        "pattern_correlation": correlation.max(),
        "residual": memory.info["residual"],
        "rank": memory.info["rank"],
        "alpha": memory.alpha,
        "bias": memory.bias,
        "hebbian_correlation": _hebbian_correlation(memory),
    }


def _hebbian_correlation(memory: LowRankMemory) -> float | None:
    """Correlation of the decoder's elements with the Hebbian ones; None if either are all equal.

    Own axes are left out: there the rules differ by definition, not by the patterns.
    """
    others = np.ones(memory.decoder.shape, bool)
    others[geometry.own_elements(memory.params.n_latents)] = False
    elements = memory.decoder[others], hebbian(memory.patterns.astype(float))[others]
    if min(map(np.std, elements)) < geometry.NOTHING:
        return None
    return np.corrcoef(*elements)[0, 1]


def _alignment(memory: LowRankMemory) -> np.ndarray:
    """xi_k (D eta)_k, shape (K, p): one where a pattern's constraint holds (Eq. 8)."""
    return memory.patterns * (memory.decoder @ geometry.neural_patterns(memory.patterns))


def _details(
    memory: LowRankMemory, task: RecallTask, trials: list[Trial], runs: list[Spikes]
) -> dict[str, list[dict]]:
    """What the figures show of one network: traces and spikes of the damaged starts, weights."""
    columns = network_columns(memory, task.network_seed)
    traces, raster = [], []
    for trial, spikes in zip(trials, runs, strict=True):
        if trial.start_kind != "stored" or trial.flip_fraction != max(task.flip_fraction):
            continue
        cued = columns | {"flip_fraction": trial.flip_fraction, "cued_pattern": trial.pattern}
        patterns = enumerate(memory.patterns.T)
        rows_of_trial = trace_rows(memory, trial, spikes, patterns, TRACE_TIMES)
        traces += [cued | row for row in rows_of_trial]
        raster += [cued | row for row in raster_rows(trial, spikes)]
    return {
        "lowrank_recall_traces": traces,
        "lowrank_recall_spikes": raster,
        "lowrank_recall_decoders": _elements(
            columns, memory.decoder, ("latent", "neuron", "value")
        ),
        "lowrank_recall_weights": _elements(columns, memory.weights, ("post", "pre", "value")),
        "lowrank_recall_constraints": _elements(
            columns, _alignment(memory), ("latent", "pattern", "alignment")
        ),
    }


def _elements(columns: dict, matrix: np.ndarray, names: tuple[str, str, str]) -> list[dict]:
    return [
        columns | dict(zip(names, (row, column, value), strict=True))
        for (row, column), value in np.ndenumerate(matrix)
    ]


SCHEMAS = (
    schemas.LOWRANK_RECALL,
    schemas.LOWRANK_RECALL_TRACES,
    schemas.LOWRANK_RECALL_SPIKES,
    schemas.LOWRANK_RECALL_DECODERS,
    schemas.LOWRANK_RECALL_WEIGHTS,
    schemas.LOWRANK_RECALL_CONSTRAINTS,
)

PROTOCOL = Protocol(
    name="lowrank.recall",
    description="Recall of four patterns by each storage rule of Podlaski & Machens (2024), Fig. 3 "
    "and 5. dt = 0 is the exact simulator, any other dt (in tau) Brian2 with a clock.",
    task_type=RecallTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=SCHEMAS,
    check_task=check_task,
    estimate=estimate,
    check_model=network.check_model,
    default_model=LIF,
    # More than one, so that a figure can leave out networks whose patterns coincide.
    n_examples=3,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
