"""What a network's spikes say about its patterns: latents and overlaps."""

import numpy as np

from brianmem.criteria import RECALLED
from brianmem.lowrank.memory import LowRankMemory
from brianmem.spikes import Spikes


def latents(memory: LowRankMemory, spikes: Spikes, times, start=None) -> np.ndarray:
    """y at increasing `times`, shape (K, n_times).

    y(0) is kappa times the start pattern, or zero without one, to see what spikes alone hold.

    Source: Podlaski & Machens (2024), Eq. 15: dy/dt = -y + D s.
    """
    y = memory.decoder @ filtered(memory, spikes, times)
    if start is not None:
        y += memory.start_latents(start)[:, None] * np.exp(-np.asarray(times))
    return y


def filtered(memory: LowRankMemory, spikes: Spikes, times) -> np.ndarray:
    """r, the exponentially filtered spikes, at increasing `times`, shape (N, n_times).

    Source: Podlaski & Machens (2024), Eq. 13: dr/dt = -r + s.
    """
    n_neurons = memory.params.n_neurons
    r, now, first = np.zeros(n_neurons), 0.0, 0
    result = np.empty((n_neurons, len(times)))
    for column, until in enumerate(times):
        last = np.searchsorted(spikes.time, until, side="right")
        decayed = np.exp(spikes.time[first:last] - until)
        new = np.bincount(spikes.neuron[first:last], decayed, minlength=n_neurons)
        r = r * np.exp(now - until) + new
        result[:, column] = r
        now, first = until, last
    return result


def mean_and_final_latents(memory: LowRankMemory, spikes: Spikes) -> tuple:
    """Time average of y over the last quarter of the run, and y at its end, each of shape (K,).

    Both come from spikes alone: a start that merely fades is not remembered. The average is exact:
    the integral of r over [t0, t1] is the counts of spikes less r(t1) - r(t0), and y is D r.
    """
    begin, end = 0.75 * memory.params.duration, memory.params.duration
    r_begin, r_end = filtered(memory, spikes, [begin, end]).T
    inside = (spikes.time > begin) & (spikes.time <= end)
    counts = np.bincount(spikes.neuron[inside], minlength=memory.params.n_neurons)
    mean = (counts - (r_end - r_begin)) / (end - begin)
    # One product: of large networks the decoder is read from memory once.
    return tuple((memory.decoder @ np.column_stack([mean, r_end])).T)


def overlap(y: np.ndarray, pattern: np.ndarray) -> float:
    """m: cosine between latents and a pattern of +-1, both of shape (K,); 0 for latents at zero."""
    norm = np.linalg.norm(y)
    return float(y @ pattern / (norm * np.sqrt(len(pattern)))) if norm > 0 else 0.0


def successes(memory: LowRankMemory, spikes: Spikes, pattern: np.ndarray) -> tuple[bool, bool]:
    """Whether a run ends in a pattern: with an overlap above 0.95, and with all signs right."""
    mean, _ = mean_and_final_latents(memory, spikes)
    return overlap(mean, pattern) > RECALLED, signs_correct(mean, pattern) == 1


def signs_correct(y: np.ndarray, pattern: np.ndarray) -> float:
    """Fraction of latents whose sign is the pattern's."""
    return float(np.mean(np.sign(y) == pattern))
