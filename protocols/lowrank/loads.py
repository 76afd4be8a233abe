"""A network at some load: what the protocols of capacity, completion and prediction share."""

from dataclasses import dataclass

import numpy as np

from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.lowrank import network
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.patterns import draw_correlated
from protocols.lowrank.trials import (
    EXACT,
    Trial,
    check_trials,
    measure,
    network_columns,
    run_columns,
    simulate_each,
)


@dataclass(frozen=True)
class LoadTask:
    """One network; the columns of the grid, and how to run it. Protocols add their own columns."""

    network_seed: int
    rule: str
    n_neurons: int
    load: float
    correlation: float
    kappa: float
    duration: float
    backend: str
    model: Model | None


def parameters(task: LoadTask, gamma: float | None = None) -> LowRankParameters:
    """The parameters of the task's network; InputError if one is out of range."""
    n_patterns = patterns_at_load(task.load, task.n_neurons)
    return LowRankParameters(
        task.rule, task.n_neurons, n_patterns, gamma, task.kappa, duration=task.duration
    )


def patterns_at_load(load: float, n_neurons: int) -> int:
    """p at a load of p / N, at least 1; InputError if the load is not positive."""
    if not load > 0:
        raise InputError(f"load must be positive, not {load}")
    return max(1, round(load * n_neurons))


def check(task: LoadTask, gammas: tuple, flip_fractions: tuple[float, ...], **counts: int) -> None:
    """Raise InputError for values that no network can have; counts are at least 1."""
    for gamma in gammas:
        check_trials(parameters(task, gamma), flip_fractions, (EXACT,), task.model)
    draw_correlated(1, 1, task.correlation, np.random.default_rng(0))
    for name, value in counts.items():
        if value < 1:
            raise InputError(f"{name} must be at least 1, not {value}")


def stored(task: LoadTask) -> LowRankMemory:
    """The task's random patterns, stored."""
    params, rng = parameters(task), np.random.default_rng(task.network_seed)
    return store(
        draw_correlated(params.n_latents, params.n_patterns, task.correlation, rng), params
    )


def columns(task: LoadTask, memory: LowRankMemory) -> dict:
    """Columns that tell which network a row belongs to, and how it was run."""
    network_of_row = network_columns(memory, task.network_seed)
    return network_of_row | {"correlation": task.correlation} | run_columns(EXACT, task.backend)


def trial_rows(task: LoadTask, memories: list[LowRankMemory], trials: list[Trial]) -> list[dict]:
    """A row for each start of each memory."""
    runs = simulate_each(memories, [trial.start for trial in trials], task.model, task.backend)
    return [
        columns(task, memory) | measure(memory, trial, next(runs))
        for memory in memories
        for trial in trials
    ]


def check_model(model: Model) -> None:
    """Raise InputError if the network cannot run with these equations."""
    network.check_model(model)
