"""Recall of periodic rasters, travelling waves and spoken digits, beside independent spikes."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from brianmem import schemas
from brianmem.delay import network
from brianmem.delay.drive import cued
from brianmem.delay.equations import LIF
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.scores import OUTCOMES, counts_by_pattern
from brianmem.errors import InputError
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster
from brianmem.shd import N_CHANNELS, SpokenDigits, as_rasters, load_words, shd_files
from brianmem.targets import draw_periodic, longest_silence, travelling_waves, wave_speeds
from protocols import cli
from protocols.delay import networks
from protocols.delay.kinds import spike_rows
from protocols.protocol import Option, Protocol
from protocols.sweep.plan import Estimate

EXAMPLE_PATTERN = 0  # whose spikes the figure shows
SHOWN_PERIODS = 2
DIGITS_RATE = 0.05  # spikes per channel and step of spoken digits, at most: for the estimate


@dataclass(frozen=True)
class TargetsTask(networks.DelayTask):
    """One network and its rasters; firing_prob is that of rasters with independent spikes."""

    target: str
    n_periods: int
    wavelength: float
    speed: float
    jitter: float
    bin_ms: float
    shd: str | None


@dataclass(frozen=True)
class Stored:
    """Rasters to store and to recall.

    Attributes
    ----------
    target : Raster of the recalls; the first n_steps are learned
    dataset : where it comes from
    columns : what is told of each pattern
    """

    target: Raster
    dataset: str
    columns: list[dict]


def bernoulli(task: TargetsTask, rng: np.random.Generator) -> Stored:
    """Independent spikes."""
    target = draw_rasters(task.n_patterns, task.n_neurons, task.n_steps, task.firing_prob, rng)
    return Stored(target, "drawn", [{}] * task.n_patterns)


def periodic(task: TargetsTask, rng: np.random.Generator) -> Stored:
    """Independent spikes in a period of T - D steps; its first D steps follow it."""
    period = _period(task)
    n_steps = task.n_delays + task.n_periods * period
    target = draw_periodic(task.n_patterns, task.n_neurons, n_steps, period, task.firing_prob, rng)
    return Stored(target, "drawn", [{}] * task.n_patterns)


def waves(task: TargetsTask, rng: np.random.Generator) -> Stored:
    """Travelling waves of several speeds, up and down."""
    speeds = wave_speeds(task.n_patterns, task.speed)
    target = travelling_waves(
        speeds, task.n_neurons, task.n_steps, task.wavelength, task.jitter, rng
    )
    columns = {name: getattr(task, name) for name in ("wavelength", "speed", "jitter")}
    return Stored(target, "drawn", [columns] * task.n_patterns)


def digits(task: TargetsTask, rng: np.random.Generator) -> Stored:
    """Spoken digits, or words that are drawn in their place."""
    if task.n_neurons != N_CHANNELS:
        raise InputError(
            f"spoken digits have {N_CHANNELS} channels: n_neurons must be that, not "
            f"{task.n_neurons}"
        )
    words = _words(task.shd, task.n_patterns, task.seed)
    target = as_rasters(words, task.bin_ms, task.n_steps)
    return Stored(
        target,
        words.name,
        [{"bin_ms": task.bin_ms, "label": label} for label in words.labels],
    )


@cache
def _words(source: str | None, n_words: int, seed: int) -> SpokenDigits:
    return load_words(source, n_words, np.random.default_rng(seed))


TARGETS = {"bernoulli": bernoulli, "periodic": periodic, "waves": waves, "digits": digits}


def make_targets(task: TargetsTask) -> Stored:
    """The rasters of a task."""
    return TARGETS[task.target](task, np.random.default_rng(task.seed))


def parameters(task: TargetsTask, target: Raster) -> DelayParameters:
    """The parameters of the task's network; rasters that are not drawn have a mean rate.

    Raises InputError if one is out of range, or if these rasters have no spike.
    """
    params = networks.parameters(task)
    if task.target in ("bernoulli", "periodic"):
        return params
    if not len(target):
        raise InputError(f"the target '{task.target}' has no spike in {task.n_steps} steps")
    n_sites = target.n_patterns * target.n_neurons * target.n_steps
    return replace(params, firing_prob=len(target) / n_sites)


def check_task(task: TargetsTask) -> None:
    """Raise InputError for values that no network can have, or targets that cannot be made."""
    networks.check_task(task)
    if task.target not in TARGETS:
        raise InputError(f"unknown target '{task.target}': choose from {', '.join(TARGETS)}")
    if task.n_periods < 1:
        raise InputError(f"n_periods must be at least 1, not {task.n_periods}")
    networks.check_pulse(task, "recall of other targets")
    parameters(task, make_targets(task).target)


def estimate(task: TargetsTask) -> Estimate:
    """What the task costs: the network, and its recall."""
    rate = {
        "waves": 1.5 * task.speed / task.wavelength,
        "digits": DIGITS_RATE,
    }.get(task.target, task.firing_prob)
    learned = networks.estimate(replace(task, firing_prob=min(max(rate, 1e-6), 0.5)))
    n_sites = task.n_patterns * task.n_neurons * _n_periods(task) * task.n_steps
    return Estimate(learned.seconds + 1.5e-8 * n_sites, learned.memory_mb)


def _period(task: TargetsTask) -> int:
    return task.n_steps - task.n_delays


def _n_periods(task: TargetsTask) -> int:
    """Periods to score; a raster that is not periodic has one."""
    return task.n_periods if task.target == "periodic" else 1


def run_task(task: TargetsTask) -> dict[str, list[dict]]:
    """Rows of all tables for one network."""
    stored = make_targets(task)
    params = parameters(task, stored.target)
    patterns = stored.target.crop(params.n_steps)
    weights, info = networks.learned(task, patterns, params)
    drive = cued(patterns.crop(params.n_delays), stored.target.n_steps)
    # Waves and words have unlike numbers of spikes.
    most_spikes = network.RUNAWAY * max(np.bincount(stored.target.pattern, minlength=1))
    model = task.model or LIF
    run = network.run(
        weights, drive, params, info["threshold"], model, task.backend, int(most_spikes)
    )
    columns = {"target": task.target, "dataset": stored.dataset}
    columns |= networks.network_columns(task, info) | {"firing_prob": params.firing_prob}
    scored = columns | {"backend": task.backend} | networks.training_columns(task, info)
    silence = longest_silence(patterns)
    rows = [
        scored
        | stored.columns[m]
        | {"pattern": m, "longest_silence": silence[m], "ran_away": run.ran_away[m]}
        | outcomes
        for m, outcomes in _outcomes(task, run.raster, stored.target)
    ]
    shown = columns | stored.columns[EXAMPLE_PATTERN] | {"pattern": EXAMPLE_PATTERN}
    spikes = _spikes(task, run.raster, stored.target, drive.forced)
    return {"delay_targets": rows, "delay_targets_spikes": [shown | spike for spike in spikes]}


def _outcomes(task: TargetsTask, recalled: Raster, target: Raster) -> Iterator[tuple[int, dict]]:
    """Each pattern with the counts of each of its periods."""
    n_periods = _n_periods(task)
    for period in range(n_periods):
        first = task.n_delays + period * _period(task)
        last = first + _period(task)
        counts = counts_by_pattern(recalled.crop(last, first), target.crop(last, first), 0)
        for m in range(target.n_patterns):
            numbers = dict(zip(OUTCOMES, counts[:, m], strict=True))
            yield m, {"period": period, "n_periods": n_periods} | numbers


def _spikes(task: TargetsTask, *rasters: Raster) -> list[dict]:
    """Of recalled, target and cue, one pattern and its first periods."""
    last = task.n_delays + min(SHOWN_PERIODS, _n_periods(task)) * _period(task)
    return spike_rows(*(raster.select(EXAMPLE_PATTERN).crop(last) for raster in rasters))


COMMON = networks.BENCHMARK | {
    "n_periods": (30,),
    "wavelength": (512.0,),
    "speed": (0.5,),
    "jitter": (2.0,),
    "bin_ms": (4.0,),
    "seed": tuple(range(10)),
}
# Windows of 80 ms, and most of a word.
DIGITS = {
    "target": ("digits",),
    "n_neurons": (N_CHANNELS,),
    "n_delays": (20,),
    "n_steps": (150,),
    "n_patterns": (10,),
}
PAPER = (
    COMMON | {"target": ("bernoulli", "periodic", "waves")},
    COMMON | DIGITS | {"learner": ("deconvolved", "margin"), "seed": tuple(range(3))},
)
SMALL = COMMON | {
    "n_neurons": (256,),
    "n_steps": (500,),
    "n_patterns": (8,),
    "firing_prob": (2e-3,),
    "wavelength": (256.0,),
    "seed": tuple(range(3)),
}
SMOKE = (
    SMALL | {"target": ("bernoulli", "periodic", "waves")},
    SMALL
    | DIGITS
    | {"bin_ms": (5.0,), "n_delays": (16,), "n_steps": (120,), "n_patterns": (5,), "seed": (0,)},
)

PROTOCOL = Protocol(
    name="delay.targets",
    description="Recall of periodic rasters, travelling waves and spoken digits, beside that of "
    "independent spikes.",
    task_type=TargetsTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(schemas.DELAY_TARGETS, schemas.DELAY_TARGETS_SPIKES),
    check_task=check_task,
    estimate=estimate,
    check_model=networks.check_model,
    default_model=LIF,
    options={
        "shd": Option(
            "shd_test or shd_train, which fetches that part of the Spiking Heidelberg Digits once; "
            "an h5 file like theirs, gzipped or not; or a folder with one (default: words that are "
            "drawn)",
            shd_files,
        )
    },
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
