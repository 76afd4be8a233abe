"""Put the threshold between the clamped network's potentials at targets and at all other sites."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster


def clamped_potentials(
    weights: DelayWeights, patterns: Raster, params: DelayParameters
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Potentials u after the cue while the network is clamped to one pattern after the other.

    Yields
    ------
    targets : u where the pattern has a spike, shape (n_targets,)
    others : u > 0 where it has none; all further sites have u <= 0
    """
    n_neurons, n_delays, n_steps = params.n_neurons, params.n_delays, params.n_steps
    sparse = issparse(weights.table)
    rows = (
        weights.by_presynaptic()
        if sparse
        else weights.table.reshape(n_neurons, n_delays, n_neurons)
    )
    for m in range(patterns.n_patterns):
        raster = patterns.select(m)
        u = np.zeros((n_steps + 1 + n_delays, n_neurons))
        flat = u.reshape(-1)
        for neuron, step in zip(raster.neuron, raster.step, strict=True):
            if sparse:
                row = slice(rows.indptr[neuron], rows.indptr[neuron + 1])
                flat[(step + 1) * n_neurons + rows.indices[row]] += rows.data[row]
            else:
                u[step + 1 : step + 1 + n_delays] += rows[neuron]
        fired = raster.to_dense()[0].T
        for t in range(1, n_steps):
            u[t] += params.beta * np.where(fired[t - 1], 0.0, u[t - 1])
        free, late = u[n_delays:n_steps], fired[n_delays:]
        yield free[late], free[~late & (free > 0)]


@dataclass(frozen=True)
class Fit:
    """How well a threshold tells targets from other sites, while the network is clamped.

    Attributes
    ----------
    threshold : theta
    gap_low, gap_high : interval of thresholds with the fewest errors; of weights that were learned
        for a threshold, the highest potential that stays silent and the lowest that fires
    missed, extra : targets below the threshold, and other sites at or above it
    """

    threshold: float
    gap_low: float
    gap_high: float
    missed: int
    extra: int


def best_threshold(weights: DelayWeights, patterns: Raster, params: DelayParameters) -> Fit:
    """The middle of the gap between targets and others, or of the interval with fewest errors.

    If the parameters give a threshold, it is taken instead.
    """
    parts = clamped_potentials(weights, patterns, params)
    targets, others = map(np.concatenate, zip(*parts, strict=True))
    low, high = place_threshold(targets, others)
    threshold = (low + high) / 2 if params.threshold is None else params.threshold
    missed, extra = np.sum(targets < threshold), np.sum(others >= threshold)
    return Fit(threshold, low, high, int(missed), int(extra))


def given_threshold(
    weights: DelayWeights, patterns: Raster, params: DelayParameters, threshold: float
) -> Fit:
    """The errors of a threshold, without all potentials in memory at a time."""
    low, high, missed, extra = 0.0, np.inf, 0, 0
    for targets, others in clamped_potentials(weights, patterns, params):
        fires, silent = targets >= threshold, others < threshold
        missed, extra = missed + np.sum(~fires), extra + np.sum(~silent)
        low = max(low, others[silent].max(initial=0.0))
        high = min(high, targets[fires].min(initial=np.inf))
    return Fit(threshold, float(low), float(high), int(missed), int(extra))


def place_threshold(targets: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """Edges of the interval of positive thresholds with the fewest errors.

    An error is a target below the threshold or another site at or above it. Where targets and
    others do not overlap, the interval is the gap between them; of several intervals with equally
    few errors the widest is taken.
    """
    # Above the ceiling, every target would be missed.
    ceiling = 2 * max(targets.max(initial=0.5), others.max(initial=0.5))
    # Errors become fewer wherever a threshold passes another site. So the intervals with the fewest
    # end at a target or at the ceiling, and most other sites lie below all of them.
    ends = np.unique(np.append(targets[targets > 0], ceiling))
    missed = np.searchsorted(np.sort(targets), ends)
    below = others < ends[0]
    rest = others[~below]
    interval = np.searchsorted(ends, rest, side="right")  # of each of the other sites
    extra = len(rest) - np.cumsum(np.bincount(interval, minlength=len(ends)))
    errors = missed + extra
    # An interval begins at the last other site in it, or where the one before ends.
    begins = np.concatenate([[max(0.0, others[below].max(initial=0.0))], ends[:-1]])
    np.maximum.at(begins, interval, rest)
    best = np.flatnonzero(errors == errors.min())
    widest = best[np.argmax((ends - begins)[best])]
    return float(begins[widest]), float(ends[widest])
