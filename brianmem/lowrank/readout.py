"""What a network's spikes say about its patterns: latents and overlaps."""

import numpy as np

from brianmem.lowrank.memory import LowRankMemory
from brianmem.spikes import Spikes


def latents(memory: LowRankMemory, spikes: Spikes, times, start=None) -> np.ndarray:
    """y at increasing `times`, shape (K, n_times).

    y(0) is kappa times the start pattern, or zero without one, to see what spikes alone hold.

    Source: Podlaski & Machens (2024), Eq. 15: dy/dt = -y + D s.
    """
    y, now = np.zeros(memory.params.n_latents), 0.0
    if start is not None:
        y = memory.start_latents(start).astype(float)
    result = np.empty((memory.params.n_latents, len(times)))
    for column, until in enumerate(times):
        first, last = np.searchsorted(spikes.time, (now, until), side="right")
        if column == 0:
            first = 0
        filtered = np.bincount(
            spikes.neuron[first:last],
            np.exp(spikes.time[first:last] - until),
            minlength=memory.params.n_neurons,
        )
        y = y * np.exp(now - until) + memory.decoder @ filtered
        result[:, column] = y
        now = until
    return result


def mean_and_final_latents(memory: LowRankMemory, spikes: Spikes) -> tuple:
    """Time average of y over the last quarter of the run, and y at its end, each of shape (K,).

    Both come from spikes alone: a start that merely fades is not remembered. The average is exact:
    the integral of y over [t0, t1] is D counts - (y(t1) - y(t0)).
    """
    begin, end = 0.75 * memory.params.duration, memory.params.duration
    y_begin, y_end = latents(memory, spikes, [begin, end]).T
    inside = (spikes.time > begin) & (spikes.time <= end)
    counts = np.bincount(spikes.neuron[inside], minlength=memory.params.n_neurons)
    return (memory.decoder @ counts - (y_end - y_begin)) / (end - begin), y_end


def overlap(y: np.ndarray, pattern: np.ndarray) -> float:
    """m: cosine between latents and a pattern of +-1, both of shape (K,); 0 for latents at zero."""
    norm = np.linalg.norm(y)
    return float(y @ pattern / (norm * np.sqrt(len(pattern)))) if norm > 0 else 0.0


def signs_correct(y: np.ndarray, pattern: np.ndarray) -> float:
    """Fraction of latents whose sign is the pattern's."""
    return float(np.mean(np.sign(y) == pattern))
