"""A network at some load, started in some of its patterns: what capacity and completion share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brianmem.equation_check import check_model as check_equations
from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.lowrank import network
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.patterns import draw_binary
from protocols.lowrank.starts import random_starts, stored_starts
from protocols.lowrank.trials import (
    EXACT,
    Trial,
    check_trials,
    estimate_trials,
    measure,
    network_columns,
    run_columns,
    simulate,
)
from protocols.sweep.plan import Estimate


@dataclass(frozen=True)
class LoadTask:
    """One network; the columns of the grid, and how to run them."""

    network_seed: int
    rule: str
    n_neurons: int
    load: float
    gamma: float | None
    kappa: float
    duration: float
    n_tested: int
    flip_fraction: tuple[float, ...]
    backend: str
    model: Model | None


def parameters(task: LoadTask) -> LowRankParameters:
    """The parameters of the task's network; InputError if one is out of range."""
    if not task.load > 0:
        raise InputError(f"load must be positive, not {task.load}")
    n_patterns = round(task.load * task.n_neurons)
    return LowRankParameters(
        task.rule, task.n_neurons, n_patterns, task.gamma, task.kappa, duration=task.duration
    )


def check_task(task: LoadTask) -> None:
    """Raise InputError for values that no network can have."""
    params = parameters(task)
    if task.n_tested < 1:
        raise InputError(f"n_tested must be at least 1, not {task.n_tested}")
    check_trials(params, task.flip_fraction, (EXACT,), task.model)


def estimate(task: LoadTask) -> Estimate:
    """What the task costs: a run per start."""
    params = parameters(task)
    n_tested = min(task.n_tested, params.n_patterns)
    return estimate_trials(params, n_tested * (len(task.flip_fraction) + 1))


def trial_rows(
    task: LoadTask, more: Callable[[LowRankMemory, Trial], dict] | None = None
) -> list[dict]:
    """A row for each start of the first `n_tested` patterns, and for as many random vertices.

    `more` gives further columns of a trial.
    """
    params = parameters(task)
    xi = draw_binary(params.n_latents, params.n_patterns, np.random.default_rng(task.network_seed))
    memory = store(xi, params)
    n_tested = min(task.n_tested, params.n_patterns)
    trials = stored_starts(xi, range(n_tested), task.flip_fraction, task.network_seed)
    trials += random_starts(xi, n_tested, task.network_seed)
    runs = simulate(memory, [trial.start for trial in trials], EXACT, task.model, task.backend)
    columns = network_columns(memory, task.network_seed) | run_columns(EXACT, task.backend)
    return [
        columns | measure(memory, trial, spikes) | (more(memory, trial) if more else {})
        for trial, spikes in zip(trials, runs, strict=True)
    ]


def check_model(model: Model) -> None:
    """Raise InputError if the network cannot run with these equations."""
    check_equations(model, network.constants(drive=2.0, threshold=1.0))
