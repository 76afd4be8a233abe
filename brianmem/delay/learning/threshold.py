"""Where to put the threshold of weights that were not learned for one.

First between the clamped network's potentials at targets and at all other sites. Where these
overlap, no threshold is right at all of them, and errors are not alike: a spike that is missed ends
what it would have led to, and one too many may lead to nothing. So neighbouring thresholds are
tried by what counts, the free recall of the patterns that were learned.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from brianmem.delay.learning.free_recall import FreeRecall, sender
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster

# Thresholds that are tried, over that with the fewest clamped errors; the nearest first.
NEIGHBOURS = tuple(1 + sign * k / 25 for k in range(1, 6) for sign in (-1, 1))


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
    send = sender(weights)
    for m in range(patterns.n_patterns):
        raster = patterns.select(m)
        u = np.zeros((n_steps + 1 + n_delays, n_neurons))
        for neuron, step in zip(raster.neuron, raster.step, strict=True):
            send(neuron, u[step + 1 :].reshape(-1))
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
    gap_low, gap_high : interval of thresholds with the fewest errors, which the one of the best
        recall may lie beside; of weights that were learned for a threshold, the highest potential
        that stays silent and the lowest that fires
    missed, extra : targets below the threshold, and other sites at or above it
    """

    threshold: float
    gap_low: float
    gap_high: float
    missed: int
    extra: int


def best_threshold(weights: DelayWeights, patterns: Raster, params: DelayParameters) -> Fit:
    """The threshold in the gap between targets and others, or with the best recall around there.

    That is the middle of the gap, or, where there is none, of the interval with the fewest errors;
    or that of NEIGHBOURS with which all patterns are recalled with a higher F1. If the parameters
    give a threshold, it is taken instead.
    """
    parts = clamped_potentials(weights, patterns, params)
    targets, others = map(np.concatenate, zip(*parts, strict=True))
    low, high = place_threshold(targets, others)

    def errors(threshold: float) -> tuple[int, int]:
        return int(np.sum(targets < threshold)), int(np.sum(others >= threshold))

    threshold = (low + high) / 2 if params.threshold is None else params.threshold
    # Without an error the network that runs freely is the clamped one.
    if params.threshold is None and any(errors(threshold)):
        threshold = best_recall(threshold, FreeRecall(weights, patterns, params))
    return Fit(threshold, low, high, *errors(threshold))


def best_recall(threshold: float, recalls: FreeRecall) -> float:
    """A threshold, or of its NEIGHBOURS the one with the highest F1; of equal ones the nearest."""
    best, highest = threshold, recalls.f1(threshold)
    for factor in NEIGHBOURS:
        found = recalls.f1(factor * threshold, least=highest)
        if found > highest:
            best, highest = factor * threshold, found
    return best


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
