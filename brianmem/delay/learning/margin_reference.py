"""One sweep of the margin rule for one neuron, in NumPy, sample by sample as it is defined."""

import numpy as np


def sweep_full(
    v: np.ndarray,
    raster: np.ndarray,
    j: int,
    begin: int,
    margins: tuple[float, float],
    rate: float,
    beta: float,
) -> np.ndarray:
    """V after one pattern, shape (N, D), with all synapses free.

    Parameters
    ----------
    v : V[i, d - 1], the potential that a spike of i leaves after d = 1 to D steps, shape (N, D);
        after D + k steps it is beta^k V[i, D - 1]
    raster : the pattern, boolean, shape (N, T)
    j : the neuron that is taught
    begin : first step for which a spike or silence is asked
    margins : above the threshold 1 at targets, below it elsewhere
    rate : part of what a step lacks that is mended
    beta : decay per step
    """
    n_delays, n_steps = v.shape[1], raster.shape[1]
    spikes = [*zip(*np.nonzero(raster), strict=True)]
    free = [sum(_trace(v, i, t - s, beta) for i, s in spikes if s < t) for t in range(n_steps)]

    def overlap_alone(t):
        felt = [t - s - n_delays for _, s in spikes if s < t]
        return 0.5 + sum(1.0 if k <= 0 else beta**k * beta / (1 - beta) for k in felt)

    changed = v.copy()
    for t, reset, lack in _lacking(free, raster[j], begin, margins, beta):
        change = rate * lack / _overlap(overlap_alone, t, reset, beta)
        _spread(changed, spikes, t, change, beta)
        if reset is not None:  # u(t) = U(t) - beta^(t - r) U(r)
            _spread(changed, spikes, reset, -(beta ** (t - reset)) * change, beta)
    return changed


def sweep_support(
    w: np.ndarray,
    raster: np.ndarray,
    j: int,
    begin: int,
    margins: tuple[float, float],
    rate: float,
    beta: float,
    seen: np.ndarray | None = None,
) -> np.ndarray:
    """W[i, d - 1], shape (N, D), after one pattern; synapses of weight 0 do not exist.

    Parameters are those of `sweep_full`, and `seen`, the weights that make the potential, if these
    are not the ones that learn: straight through, those rounded to a few levels. A weight is
    changed by what it would have done about each lack: a spike of i at s adds beta^(t - s - d) w to
    u(t).
    """
    seen = w if seen is None else seen
    n_steps = raster.shape[1]
    synapses, spikes = zip(*np.nonzero(w), strict=True), [*zip(*np.nonzero(raster), strict=True)]
    arrivals = [(i, d, s + d + 1) for i, d in synapses for pre, s in spikes if pre == i]
    inputs = np.zeros(n_steps)
    for i, d, arrival in arrivals:
        if arrival < n_steps:
            inputs[arrival] += seen[i, d]
    free = [sum(beta ** (t - k) * inputs[k] for k in range(t + 1)) for t in range(n_steps)]

    def overlap_alone(t):
        felt = [t - arrival for _, _, arrival in arrivals if arrival <= t]
        return 0.5 + sum(beta**k for k in felt) / (1 - beta)

    changed = w.copy()
    for t, reset, lack in _lacking(free, raster[j], begin, margins, beta):
        share = rate * lack / _overlap(overlap_alone, t, reset, beta)
        for i, d, arrival in arrivals:
            if arrival <= t and (reset is None or arrival > reset):
                changed[i, d] += share * beta ** (t - arrival)
    return changed


def _trace(v: np.ndarray, i: int, elapsed: int, beta: float) -> float:
    n_delays = v.shape[1]
    if elapsed <= n_delays:
        return v[i, elapsed - 1]
    return beta ** (elapsed - n_delays) * v[i, -1]


def _lacking(free, own, begin: int, margins: tuple[float, float], beta: float):
    """Steps whose margin is not met, their last reset, and what they lack: positive at targets."""
    for t in range(begin, len(free)):
        before = np.flatnonzero(own[:t])
        reset = int(before[-1]) if len(before) else None
        u = free[t] - (0.0 if reset is None else beta ** (t - reset) * free[reset])
        lack = 1 + margins[0] - u if own[t] else u - (1 - margins[1])
        if lack > 0:
            yield t, reset, lack if own[t] else -lack


def _overlap(alone, t: int, reset: int | None, beta: float) -> float:
    """What a lack is divided by: its inner products with those of all other steps, added up."""
    shared = 0.0 if reset is None else beta ** (t - reset) * beta / (1 - beta) * alone(reset)
    return alone(t) + shared


def _spread(v: np.ndarray, spikes: list, t: int, change: float, beta: float) -> None:
    """Add a change to the potential of every spike before t."""
    n_delays = v.shape[1]
    for i, s in spikes:
        if s < t <= s + n_delays:
            v[i, t - s - 1] += change
        elif t > s + n_delays:
            v[i, -1] += beta ** (t - s - n_delays) * change
