"""Recalls of one delay network with many kinds and strengths of damage."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from brianmem.delay import network
from brianmem.delay.damage import NAMES, Damage, asked_for, damaged
from brianmem.delay.drive import Drive, joined
from brianmem.delay.equations import LIF
from brianmem.delay.learning import MARGIN_SETTINGS
from brianmem.delay.learning.margin_settings import MarginSettings
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.scores import OUTCOMES, counts_by_pattern
from brianmem.errors import InputError
from brianmem.raster import Raster
from protocols.delay import networks
from protocols.protocol import BASELINE
from protocols.sweep.plan import Estimate

# Trials that run side by side: noise and lost spikes take memory for each.
MOST_TRIALS = 128
MOST_TRIALS_WITH_NOISE = 16


@dataclass(frozen=True)
class DamagedTask(networks.DelayTask):
    """One network, and what its recalls have to bear, one kind of damage at a time.

    upper replaces the margin above the threshold of the margin rule's settings, if it is given.
    The first value of each kind is the baseline, which all patterns are recalled with; n_tested of
    them are recalled with each other value.
    """

    upper: float | None
    n_tested: int
    resampled: tuple[float, ...]
    flipped: tuple[float, ...]
    cue_length: tuple[float, ...]
    silenced: tuple[float, ...]
    spurious: tuple[float, ...]
    lost: tuple[float, ...]
    membrane_noise: tuple[float, ...]
    cue_start: tuple[int, ...]


def margin_settings(task: DamagedTask) -> MarginSettings | None:
    """The settings of the margin rule; None for other rules.

    Raises InputError for an upper margin out of range, or of another rule.
    """
    chosen = MARGIN_SETTINGS.get(task.learner)
    if task.upper is None:
        return chosen
    if chosen is None:
        raise InputError(f"the learner '{task.learner}' has no upper margin: leave it at auto")
    return replace(chosen, upper=task.upper, head_upper=task.upper)


def check_task(task: DamagedTask) -> None:
    """Raise InputError for values that no network, or no recall of it, can have."""
    networks.check_task(task)
    margin_settings(task)
    if task.n_tested < 1:
        raise InputError(f"n_tested must be at least 1, not {task.n_tested}")
    networks.check_pulse(task, "a damaged recall")
    empty = Raster([], [], [], 1, task.n_neurons, task.n_steps)
    for _, damage in points(task):
        asked_for(empty, damage, task.n_delays)


def points(task: DamagedTask) -> Iterator[tuple[str, Damage]]:
    """The baseline, then every other value of each kind, with what differs from the baseline."""
    baseline = Damage(**{name: getattr(task, name)[0] for name in NAMES})
    yield BASELINE, baseline
    for name in NAMES:
        for value in getattr(task, name)[1:]:
            yield name, replace(baseline, **{name: value})


def estimate(task: DamagedTask) -> Estimate:
    """What the task costs: the network, and its recalls."""
    learned = networks.estimate(task)
    n_tested = min(task.n_tested, task.n_patterns)
    n_trials = task.n_patterns + n_tested * (sum(1 for _ in points(task)) - 1)
    n_sites = n_trials * task.n_neurons * task.n_steps
    # Measured on one core: the step of a neuron, and drawing what is lost.
    seconds = learned.seconds + 1.5e-8 * n_sites
    quiet = 8 * min(task.n_patterns, MOST_TRIALS)
    noise = any(task.membrane_noise) or any(task.lost)
    noisy = 60 * min(n_tested, MOST_TRIALS_WITH_NOISE) if noise else 0
    megabytes = max(quiet, noisy) * task.n_neurons * task.n_steps / 2**20
    return Estimate(seconds, learned.memory_mb + megabytes)


def run_task(task: DamagedTask, settings: MarginSettings | None = None) -> list[dict]:
    """A row for each kind and strength of damage; settings for those of the task's margin rule."""
    params = networks.parameters(task)
    settings = settings or margin_settings(task)
    options = {} if settings is None else {"settings": settings}
    patterns, weights, info = networks.learn(task, **options)
    upper = None if settings is None else settings.upper
    columns = {"upper": upper} | networks.network_columns(task, info) | {"backend": task.backend}
    columns |= networks.training_columns(task, info) | {"n_bytes": info["n_bytes"]}
    outcomes = [[] for _ in points(task)]
    for together in _together(_recalls(task, params, info["threshold"], patterns)):
        for recall, run in _run(together, task, params, weights, info["threshold"]):
            counts = counts_by_pattern(
                run.raster, recall.target, params.n_delays, recall.drive.forced
            )
            outcomes[recall.point].append((counts, run.ran_away))
    rows = []
    for (scanned, damage), parts in zip(points(task), outcomes, strict=True):
        counts, ran_away = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
        row = {"scanned": scanned} | columns | vars(damage)
        row |= dict(zip(OUTCOMES, counts.sum(axis=1), strict=True))
        wrong = counts[1] + counts[2]
        row |= {"n_tested": len(ran_away), "n_perfect": np.sum(wrong == 0)}
        rows.append(row | {"n_ran_away": ran_away.sum()})
    return rows


@dataclass(frozen=True)
class _Recall:
    """Patterns that are recalled with one damage.

    Attributes
    ----------
    point : which of the damages
    target : what is asked for
    drive : the cues, and what disturbs them and the network
    """

    point: int
    target: Raster
    drive: Drive


def _recalls(
    task: DamagedTask, params: DelayParameters, threshold: float, patterns: Raster
) -> Iterator[_Recall]:
    """All recalls, at most so many patterns in each as the memory is meant for."""
    for point, (scanned, damage) in enumerate(points(task)):
        n_tested = params.n_patterns if scanned == BASELINE else task.n_tested
        tested = patterns.take(range(min(n_tested, params.n_patterns)))
        target = asked_for(tested, damage, params.n_delays)
        # What is given in thresholds adds to potentials.
        damage = replace(damage, membrane_noise=threshold * damage.membrane_noise)
        noise = damage.membrane_noise or damage.lost
        at_once = MOST_TRIALS_WITH_NOISE if noise else MOST_TRIALS
        for first in range(0, target.n_patterns, at_once):
            chosen = range(first, min(first + at_once, target.n_patterns))
            part = target.take(chosen)
            rngs = [np.random.default_rng([task.seed, 2, m]) for m in chosen]
            yield _Recall(
                point, part, damaged(part, damage, params.n_delays, params.firing_prob, rngs)
            )


def _together(recalls: Iterable[_Recall]) -> Iterator[list[_Recall]]:
    """Those that one run serves: building a network takes as long as many recalls."""
    waiting: list[_Recall] = []
    for recall in recalls:
        drive = recall.drive
        if drive.lost is not None or drive.noise is not None:
            yield [recall]
            continue
        n_trials = sum(other.target.n_patterns for other in (*waiting, recall))
        if waiting and (
            n_trials > MOST_TRIALS or waiting[0].target.n_steps != recall.target.n_steps
        ):
            yield waiting
            waiting = []
        waiting.append(recall)
    if waiting:
        yield waiting


def _run(
    recalls: list[_Recall], task: DamagedTask, params: DelayParameters, weights, threshold: float
) -> Iterator[tuple[_Recall, network.Run]]:
    """Each recall with what the network did."""
    n_trials = [recall.target.n_patterns for recall in recalls]
    most = [networks.most_spikes(one.target, len(one.drive.forced)) for one in recalls]
    run = network.run(
        weights,
        joined([recall.drive for recall in recalls]),
        params,
        threshold,
        task.model or LIF,
        task.backend,
        np.repeat(most, n_trials),
    )
    ends = np.cumsum(n_trials)
    for recall, end in zip(recalls, ends, strict=True):
        yield recall, run.part(end - recall.target.n_patterns, end)
