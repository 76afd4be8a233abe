"""Put the threshold between the clamped network's potentials at targets and at all other sites."""

import numpy as np

from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster


def clamped_potentials(
    weights: DelayWeights, patterns: Raster, params: DelayParameters
) -> tuple[np.ndarray, np.ndarray]:
    """Potentials u after the cue while the network is clamped to its patterns.

    Returns
    -------
    targets : u where the pattern has a spike, shape (n_targets,)
    others : u > 0 where it has none; all further sites have u <= 0
    """
    n_neurons, n_delays, n_steps = params.n_neurons, params.n_delays, params.n_steps
    rows = weights.by_presynaptic()
    targets, others = [], []
    for m in range(patterns.n_patterns):
        raster = patterns.select(m)
        u = np.zeros((n_steps + 1 + n_delays, n_neurons))
        flat = u.reshape(-1)
        for neuron, step in zip(raster.neuron, raster.step, strict=True):
            row = slice(rows.indptr[neuron], rows.indptr[neuron + 1])
            flat[(step + 1) * n_neurons + rows.indices[row]] += rows.data[row]
        fired = raster.to_dense()[0].T
        for t in range(1, n_steps):
            u[t] += params.beta * np.where(fired[t - 1], 0.0, u[t - 1])
        free, late = u[n_delays:n_steps], fired[n_delays:]
        targets.append(free[late])
        others.append(free[~late & (free > 0)])
    return np.concatenate(targets), np.concatenate(others)


def place_threshold(targets: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """Edges of the interval of positive thresholds with the fewest errors.

    An error is a target below the threshold or another site at or above it. Where targets and
    others do not overlap, the interval is the gap between them; of several intervals with equally
    few errors the widest is taken.
    """
    sites = np.concatenate([targets, others])
    ceiling = 2 * sites.max(initial=0.5)  # above it, every target would be missed
    edges = np.unique(np.concatenate([[0.0, ceiling], sites[sites > 0]]))
    # A threshold in (edges[k], edges[k + 1]) misses the targets up to edges[k] and lets in the
    # other sites from edges[k + 1] on.
    missed = np.searchsorted(np.sort(targets), edges[:-1], side="right")
    extra = len(others) - np.searchsorted(np.sort(others), edges[1:], side="left")
    errors = missed + extra
    best = np.flatnonzero(errors == errors.min())
    widest = best[np.argmax(np.diff(edges)[best])]
    return float(edges[widest]), float(edges[widest + 1])
