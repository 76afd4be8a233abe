"""Teach a delay network through its own simulation, whatever its equations are.

The network is clamped to its patterns, and Brian2 tells how far each neuron is from its threshold
in each step. Where a margin is not met, the weights of the spikes before it are changed in
proportion to what a unit of weight does to that distance so many steps later, which is simulated,
too. What is nonlinear, resets among it, is thus in the distances that are measured, and left out of
the changes only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import csr_array, issparse

from brianmem.delay.conversion import matched
from brianmem.delay.distance import clamped_distances, impulse_response
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.raster import Raster

AT_ONCE = 8  # patterns that are simulated side by side: each takes 16 bytes per neuron and step
LEAST_OVERLAP = 0.5  # keeps steps with hardly an input from asking for huge weights


@dataclass(frozen=True)
class RetrainingSettings:
    """How a network is taught; distances are in units of the threshold.

    Attributes
    ----------
    upper, lower : margins above the threshold at targets, and below it elsewhere
    n_sweeps : passes over all patterns, at most; done when half of every margin is met
    rate : part of what is lacking that a step mends
    """

    upper: float = 0.5
    lower: float = 0.4
    n_sweeps: int = 40
    rate: float = 0.7

    def __post_init__(self):
        for name in ("upper", "lower", "n_sweeps", "rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive, not {getattr(self, name)}")


def retrain(
    weights: DelayWeights,
    patterns: Raster,
    params: DelayParameters,
    threshold: float,
    model: Model,
    backend: str = "numpy",
    settings: RetrainingSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[DelayWeights, dict]:
    """Change weights until the clamped network keeps its margins.

    Parameters
    ----------
    weights : where to start, learned for leaky integrators; see brianmem.delay.conversion
    patterns, params, threshold, model, backend : as for brianmem.delay.network.run
    settings : see RetrainingSettings
    progress : called with the sweeps that are done, and the most there can be

    Returns
    -------
    weights : the ones with the fewest errors
    info : missed and extra, their errors while the network is clamped; gap_low and gap_high, the
        highest potential that rightly stays silent and the lowest that fires; lack, shape
        (n_sweeps,): the largest part of a margin that was missing, above 1 an error; errors, shape
        (n_sweeps,): sites on the wrong side of the threshold

    Raises InputError for a pulse that does more than to add a weight, or brings no neuron nearer to
    its threshold, and for a threshold that is no comparison of two sides.
    """
    settings = settings or RetrainingSettings()
    response = impulse_response(params, threshold, model)
    weights = matched(weights, response, params.beta)
    simulate = partial(
        clamped_distances, params=params, threshold=threshold, model=model, backend=backend
    )
    course, best = [], None
    for sweep in range(settings.n_sweeps):
        change, found = _sweep(weights, patterns, simulate, threshold, response, settings)
        if best is None or found.errors < best[1].errors:
            best = weights, found
        course.append(found)
        if progress is not None:
            progress(sweep + 1, settings.n_sweeps)
        if found.lack < 0.5:
            break
        weights = DelayWeights(weights.table + threshold * settings.rate * change)
    weights, found = best
    return weights, {
        "missed": found.missed,
        "extra": found.extra,
        "gap_low": threshold * (1 + found.silent),
        "gap_high": threshold * (1 + found.firing),
        "lack": np.array([scores.lack for scores in course]),
        "errors": np.array([scores.errors for scores in course]),
    }


@dataclass
class _Scores:
    """How a clamped network does.

    Attributes
    ----------
    missed, extra, lack : as in `retrain`
    silent, firing : the largest distance that rightly stays silent, and the least that fires, in
        units of the threshold
    """

    missed: int = 0
    extra: int = 0
    lack: float = 0.0
    silent: float = -1.0
    firing: float = np.inf

    @property
    def errors(self) -> int:
        return self.missed + self.extra

    def add(self, distance: np.ndarray, wanted: np.ndarray, lack: float) -> None:
        """Count in a pattern with these distances and targets, shape (n_neurons, n_steps)."""
        fires = distance >= 0
        self.missed += int(np.sum(wanted & ~fires))
        self.extra += int(np.sum(fires & ~wanted))
        self.lack = max(self.lack, lack)
        self.silent = max(self.silent, distance[~fires & ~wanted].max(initial=-1.0))
        self.firing = min(self.firing, distance[fires & wanted].min(initial=np.inf))


def _sweep(
    weights: DelayWeights,
    patterns: Raster,
    simulate: Callable[[DelayWeights, Raster], np.ndarray],
    threshold: float,
    response: np.ndarray,
    settings: RetrainingSettings,
) -> tuple[csr_array | np.ndarray, _Scores]:
    """The change of the weights, in units of the threshold, and how the network does without it."""
    n_delays, support = weights.n_delays, _support(weights)
    change, scores = 0 * weights.table, _Scores()
    for first in range(0, patterns.n_patterns, AT_ONCE):
        part = patterns.take(range(first, min(first + AT_ONCE, patterns.n_patterns)))
        distances = simulate(weights, part)[:, :, n_delays:] / threshold
        targets = part.to_dense()[:, :, n_delays:]
        for m, (distance, wanted) in enumerate(zip(distances, targets, strict=True)):
            missing = lacking(distance, wanted, settings)
            margin = np.where(wanted, settings.upper, settings.lower)
            scores.add(distance, wanted, float(np.max(np.abs(missing) / margin)))
            x = contexts(part.select(m), n_delays, response)
            change = change + _change(x, csr_array(missing.T), support, weights)
    return change, scores


def _change(
    x: csr_array, missing: csr_array, support: csr_array | None, weights: DelayWeights
) -> csr_array | np.ndarray:
    """What mends all steps at once, divided among the inputs that a step shares with others.

    x has shape (n_steps, N D), missing (n_steps, N); the result that of the weights' table.
    """
    inputs = x.T.tocsr()
    lacks = missing.copy()
    lacks.data[:] = 1
    # Of each step that lacks something, with all such steps of the neuron.
    overlap = _elements(x @ _on_support(inputs @ lacks, support), *missing.nonzero())
    shares = missing.copy()
    shares.data = missing.data / (overlap + LEAST_OVERLAP)
    change = _on_support(inputs @ shares, support).astype(weights.table.dtype)
    return change if support is not None else change.toarray().reshape(weights.table.shape)


def _on_support(array: csr_array, support: csr_array | None) -> csr_array:
    """The elements where there are synapses, all of these in their order."""
    if support is None:
        return array
    pre = np.repeat(np.arange(support.shape[0]), np.diff(support.indptr))
    data = _elements(array, pre, support.indices)
    return csr_array((data, support.indices, support.indptr), support.shape)


def _support(weights: DelayWeights) -> csr_array | None:
    """Ones where there are synapses; None if all are there."""
    table = weights.table
    if not issparse(table):
        return None
    return csr_array((np.ones_like(table.data), table.indices, table.indptr), table.shape)


def lacking(distance: np.ndarray, wanted: np.ndarray, settings: RetrainingSettings) -> np.ndarray:
    """What has to be added to distances to meet the margins: positive at targets, else negative."""
    above = np.maximum(settings.upper - distance, 0)
    below = np.maximum(settings.lower + distance, 0)
    return np.where(wanted, above, -below)


def contexts(raster: Raster, n_delays: int, response: np.ndarray) -> csr_array:
    """Effect of a unit of each weight on each step from D on, shape (n_steps - D, N D).

    Element (t - D, (i, d)) is the sum over the spikes t_i of neuron i of response[t - t_i - d].
    """
    d, k = np.meshgrid(np.arange(1, n_delays + 1), np.arange(len(response)), indexing="ij")
    after, delay, effect = (d + k).ravel(), d.ravel(), response[k.ravel()]
    step = np.add.outer(raster.step, after)
    column = np.add.outer(raster.neuron * n_delays, delay - 1)
    effect = np.broadcast_to(effect, step.shape)
    asked_for = (n_delays <= step) & (step < raster.n_steps)
    shape = raster.n_steps - n_delays, raster.n_neurons * n_delays
    row = step[asked_for] - n_delays
    return csr_array((effect[asked_for], (row, column[asked_for])), shape=shape)


def _elements(array: csr_array, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.asarray(array[row, column]).ravel() if len(row) else np.zeros(0)
