"""Completion of ten damaged digits: Podlaski & Machens (2024), Fig. 4e.

One image of each class is binarised and stored; the network starts with flipped pixels.
"""

import sys
from dataclasses import dataclass
from functools import cache

import numpy as np

from brianmem import schemas
from brianmem.digits import SIDE, as_patterns, load_digits, one_of_each
from brianmem.equation_check import check_model
from brianmem.equations import Model
from brianmem.lowrank import network, readout
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.patterns import draw_flips, flip
from brianmem.spikes import Spikes
from protocols import cli
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
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

N_DIGITS = 10
IMAGE_TIMES = (0.2, 1.0)  # tau; the end of the run is shown too


@dataclass(frozen=True)
class DigitsTask:
    """Ten images stored by one rule; the columns of the grid, and how to run them."""

    network_seed: int
    rule: str
    gamma: float | None
    kappa: float
    duration: float
    flip_fraction: float
    dt: float
    digits: str | None
    backend: str
    model: Model | None
    details: bool


SMOKE = {
    "network_seed": (0,),
    "rule": ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"),
    "gamma": (None,),
    "kappa": (5.0,),
    "duration": (20.0,),
    "flip_fraction": (0.15,),
    "dt": (EXACT,),
}
PAPER = SMOKE | {"network_seed": tuple(range(10)), "kappa": (1.0, 2.0, 5.0)}


def parameters(task: DigitsTask) -> LowRankParameters:
    """The parameters of the task's network; InputError if one is out of range."""
    n_neurons = 2 * SIDE**2
    return LowRankParameters(
        task.rule, n_neurons, N_DIGITS, task.gamma, task.kappa, duration=task.duration
    )


def check_task(task: DigitsTask) -> None:
    """Raise InputError for values that no network can have, or images that cannot be read."""
    check_trials(parameters(task), (task.flip_fraction,), (task.dt,), task.model)
    _load_once(task.digits)


def estimate(task: DigitsTask) -> Estimate:
    """What the task costs: a run per digit."""
    return estimate_trials(parameters(task), N_DIGITS, (task.dt,))


_load_once = cache(load_digits)


def run_task(task: DigitsTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network."""
    digits = _load_once(task.digits)
    chosen = one_of_each(digits, np.random.default_rng(task.network_seed))
    xi = as_patterns(digits.images[chosen])
    n_latents, n_patterns = xi.shape
    memory = store(xi, parameters(task))
    rows, images = [], []
    for digit in range(n_patterns):
        rng = np.random.default_rng([task.network_seed, 1, digit])
        start = flip(xi[:, digit], draw_flips(n_latents, task.flip_fraction, rng))
        trial = Trial("stored", digit, task.flip_fraction, xi[:, digit], start)
        [spikes] = simulate(memory, [start], task.dt, task.model, task.backend)
        rows.append(
            network_columns(memory, task.network_seed)
            | measure(memory, trial, spikes)
            | run_columns(task.dt, task.backend)
            | {
                "digit": digit,
                "dataset": digits.name,
                "image": chosen[digit],
            }
        )
        if task.details:
            images += _images(memory, task, trial, spikes)
    return {"lowrank_digits": rows, "lowrank_digits_images": images}


def _images(memory: LowRankMemory, task: DigitsTask, trial: Trial, spikes: Spikes) -> list[dict]:
    """Cue, recall over time and target, one row per pixel."""
    times = [t for t in IMAGE_TIMES if t < task.duration] + [task.duration]
    y = readout.latents(memory, spikes, times, trial.start) / task.kappa
    stages = [("cue", 0.0, trial.start)]
    stages += [("recall", time, image) for time, image in zip(times, y.T, strict=True)]
    stages += [("target", 0.0, trial.target)]
    columns = network_columns(memory, task.network_seed) | {
        "flip_fraction": task.flip_fraction,
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
    description="Completion of ten damaged digits, Podlaski & Machens (2024), Fig. 4e. dt = 0 is "
    "the exact simulator, any other dt (in tau) Brian2 with a clock.",
    task_type=DigitsTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="network_seed",
    run_task=run_task,
    schemas=(schemas.LOWRANK_DIGITS, schemas.LOWRANK_DIGITS_IMAGES),
    check_task=check_task,
    estimate=estimate,
    check_model=lambda model: check_model(model, network.constants(drive=2.0, threshold=1.0)),
    default_model=LIF,
    options={
        "digits": "MNIST images in idx format (gzipped or not) with their labels beside them, a "
        "folder with both, or an npz file (default: scikit-learn's digits)"
    },
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
