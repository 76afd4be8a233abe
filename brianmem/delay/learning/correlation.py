"""Cross-correlation of a teaching signal with the spikes before it, the core of Hebbian rules."""

import numpy as np

from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster


def correlate(patterns: Raster, params: DelayParameters, kernel: tuple[float, ...]) -> DelayWeights:
    """W[j, i, d] = gain / (N D p_A) sum over patterns and t of I_j(t) s_i(t - d).

    The teaching signal is I_j(t) = sum over lag of kernel[lag] s_j(t - lag), and t runs over the
    steps from D on, which have a whole window of D steps before them. Only pairs of spikes within
    a window give weights, so that time and memory grow with the number of pairs.
    """
    n_neurons, n_delays = params.n_neurons, params.n_delays
    keys, total = np.zeros(0, dtype=np.int64), np.zeros(0)
    for m in range(patterns.n_patterns):
        raster = patterns.select(m)
        found, values = [keys], [total]
        for lag, factor in enumerate(kernel):
            pre, post = _pairs(raster.step, n_delays, lag)
            time = raster.step[post] + lag
            pre, post, time = (
                array[(time >= n_delays) & (time < params.n_steps)] for array in (pre, post, time)
            )
            delay = time - raster.step[pre]
            key = (raster.neuron[pre] * n_delays + delay - 1) * n_neurons + raster.neuron[post]
            found.append(key)
            values.append(np.full(len(key), factor))
        keys, total = _sums(
            np.concatenate(found), np.concatenate(values), n_neurons * n_delays * n_neurons
        )
    total = total * params.gain / (n_neurons * n_delays * params.firing_prob)
    pre, rest = np.divmod(keys, n_delays * n_neurons)
    delay, post = np.divmod(rest, n_neurons)
    return DelayWeights.from_synapses(post, pre, delay + 1, total, n_neurons, n_delays)


def _sums(keys: np.ndarray, values: np.ndarray, n_keys: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the values of each key that are not zero, and their keys in order."""
    if len(keys) < n_keys / 4:
        keys, which = np.unique(keys, return_inverse=True)
        total = np.bincount(which, values, minlength=len(keys))
        return keys[total != 0], total[total != 0]
    total = np.bincount(keys, values, minlength=n_keys)
    keys = np.flatnonzero(total)
    return keys, total[keys]


def _pairs(step: np.ndarray, n_delays: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (pre, post) of sorted spikes with 1 <= step[post] + lag - step[pre] <= n_delays."""
    first = np.searchsorted(step, step + 1 - lag, side="left")
    last = np.searchsorted(step, step + n_delays - lag, side="right")
    counts = last - first
    pre = np.repeat(np.arange(len(step)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return pre, within + np.repeat(first, counts)
