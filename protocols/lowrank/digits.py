"""Completion of damaged digits: Podlaski & Machens (2024), Fig. 4e, and with more digits and flips.

Images are binarised and stored, one of each class or more; the network starts with flipped pixels.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from brianmem import schemas
from brianmem.digits import (
    N_CLASSES,
    SIDE,
    as_patterns,
    choose_digits,
    digit_files,
    load_digits,
)
from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.lowrank import network, readout
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.spikes import Spikes
from protocols import cli
from protocols.lowrank.starts import stored_starts
from protocols.lowrank.trials import (
    EXACT,
    Trial,
    check_trials,
    estimate_trials,
    measure,
    network_columns,
    run_columns,
    simulate,
    simulate_each,
)
from protocols.protocol import Option, Protocol
from protocols.sweep.plan import Estimate

FIG_4E_FLIPS = 118 / SIDE**2  # part of the pixels
IMAGE_TIMES = (0.2, 1.0)  # tau; the end of the run is shown too


@dataclass(frozen=True)
class DigitsTask:
    """Images stored by one rule; the columns of the grid, and how to run them."""

    network_seed: int
    rule: str
    n_digits: int
    gamma: float | None
    kappa: float
    duration: float
    n_tested: int
    flip_fraction: tuple[float, ...]
    dt: float
    digits: str | None
    backend: str
    model: Model | None
    details: bool


TEN_DIGITS = {
    "network_seed": (0,),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "n_digits": (10,),
    "gamma": (None,),
    "kappa": (5.0,),
    "duration": (20.0,),
    "n_tested": (10,),
    "flip_fraction": (0.05, 0.15, 0.25, 0.35, 0.4),
    "dt": (EXACT,),
}
MORE_DIGITS = TEN_DIGITS | {
    "network_seed": (0, 1),
    "rule": ("optimised", "regularised"),
    "n_digits": (10, 100),
}
FULL = {
    "network_seed": tuple(range(10)),
    "flip_fraction": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4),
}
# What two blocks share must be the same tasks: else its trials would count twice.
PAPER = (
    TEN_DIGITS | FULL,
    TEN_DIGITS | FULL | {"kappa": (1.0, 2.0), "flip_fraction": (0.15,)},
    TEN_DIGITS
    | FULL
    | {
        "rule": ("optimised", "pseudo_inverse", "regularised", "extended"),
        "n_digits": (10, 20, 50, 100, 200, 300),
    },
)


def parameters(task: DigitsTask) -> LowRankParameters:
    """The parameters of the task's network; InputError if one is out of range."""
    n_neurons = 2 * SIDE**2
    return LowRankParameters(
        task.rule, n_neurons, task.n_digits, task.gamma, task.kappa, duration=task.duration
    )


def check_task(task: DigitsTask) -> None:
    """Raise InputError for values that no network can have, or images that cannot be read."""
    check_trials(parameters(task), task.flip_fraction, (task.dt,), task.model)
    if task.n_tested < 1:
        raise InputError(f"n_tested must be at least 1, not {task.n_tested}")
    _check_digits(task.digits, task.n_digits)


def estimate(task: DigitsTask) -> Estimate:
    """What the task costs: a run per digit that is tested and flip fraction."""
    n_trials = len(_tested(task)) * len(task.flip_fraction)
    return estimate_trials(parameters(task), n_trials, (task.dt,))


_load_once = cache(load_digits)


@cache
def _check_digits(source: str | None, n_digits: int) -> None:
    choose_digits(_load_once(source), n_digits, np.random.default_rng(0))


def _tested(task: DigitsTask) -> range:
    return range(min(task.n_tested, task.n_digits))


def run_task(task: DigitsTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network: one for each tested digit and flip fraction."""
    digits = _load_once(task.digits)
    chosen = choose_digits(digits, task.n_digits, np.random.default_rng(task.network_seed))
    memory = store(as_patterns(digits.images[chosen]), parameters(task))
    trials = stored_starts(memory.patterns, _tested(task), task.flip_fraction, task.network_seed)
    rows, images = [], []
    for trial, spikes in zip(trials, _runs(task, memory, trials), strict=True):
        image = chosen[trial.pattern]
        of_image = {"digit": digits.labels[image], "dataset": digits.name, "image": image}
        rows.append(
            network_columns(memory, task.network_seed)
            | measure(memory, trial, spikes)
            | run_columns(task.dt, task.backend)
            | of_image
        )
        if _is_of_figure(task, trial):
            images += _images(memory, task, trial, spikes)
    return {"lowrank_digits": rows, "lowrank_digits_images": images}


def _runs(task: DigitsTask, memory: LowRankMemory, trials: list[Trial]) -> Iterable[Spikes]:
    starts = [trial.start for trial in trials]
    if task.dt == EXACT:
        return simulate_each([memory], starts, task.model, task.backend)
    return simulate(memory, starts, task.dt, task.model, task.backend)


def _is_of_figure(task: DigitsTask, trial: Trial) -> bool:
    """Whether Fig. 4e shows such a trial: one image of each class, and about as many flips."""
    nearest = min(task.flip_fraction, key=lambda fraction: abs(fraction - FIG_4E_FLIPS))
    return task.details and task.n_digits == N_CLASSES and trial.flip_fraction == nearest


def _images(memory: LowRankMemory, task: DigitsTask, trial: Trial, spikes: Spikes) -> list[dict]:
    """Cue, recall over time and target, one row per pixel."""
    times = [t for t in IMAGE_TIMES if t < task.duration] + [task.duration]
    y = readout.latents(memory, spikes, times, trial.start) / task.kappa
    stages = [("cue", 0.0, trial.start)]
    stages += [("recall", time, image) for time, image in zip(times, y.T, strict=True)]
    stages += [("target", 0.0, trial.target)]
    columns = network_columns(memory, task.network_seed) | {
        "flip_fraction": trial.flip_fraction,
        "dt": task.dt,
        "digit": trial.pattern,
    }
    return [
        columns | {"stage": stage, "time": time, "row": row, "column": column, "value": value}
        for stage, time, image in stages
        for (row, column), value in np.ndenumerate(np.round(image.reshape(SIDE, SIDE), 3))
    ]


PROTOCOL = Protocol(
    name="lowrank.digits",
    description="Completion of damaged digits, Podlaski & Machens (2024), Fig. 4e, and of more "
    "digits. dt = 0 is the exact simulator, any other dt (in tau) Brian2 with a clock.",
    task_type=DigitsTask,
    grids={"smoke": (TEN_DIGITS, MORE_DIGITS), "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_DIGITS, schemas.LOWRANK_DIGITS_IMAGES),
    check_task=check_task,
    estimate=estimate,
    check_model=network.check_model,
    default_model=LIF,
    options={
        "digits": Option(
            "mnist, which fetches MNIST's test images once; or images in idx format (gzipped or "
            "not) with their labels beside them, a folder with both, or an npz file (default: "
            "scikit-learn's digits)",
            digit_files,
        )
    },
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
