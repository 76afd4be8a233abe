"""A perturbed low-rank network, one spike after another, in NumPy: checks perturbed_network."""

import numpy as np

from brianmem.errors import RunawayError
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.perturbation import Defects
from brianmem.lowrank.reference import TIE, most_spikes
from brianmem.spikes import Spikes


def simulate(
    memory: LowRankMemory, defects: Defects, start, kicks: np.ndarray | None = None
) -> Spikes:
    """Spikes of a network with these defects, from a (damaged) pattern of +-1; times in tau.

    tau_i dV_i/dt = I - V_i; a spike of j adds weights[:, j] to all V at once. A neuron fires when
    it reaches its own threshold, those above it one after another at the same instant, the highest
    first; a dead one never does. Where neurons tie (to 10^-12) the lowest index comes first. At
    the beginning of each of n_steps equal steps, kicks, in kappa q, are added to V.

    Parameters
    ----------
    kicks : noise, shape (n_steps, N); None for none

    Raises RunawayError beyond 20 times the spikes of the fixed point.

    Source: Podlaski & Machens (2024), Eq. 1, solved between spikes.
    """
    params, drive = memory.params, memory.drive
    kicks = np.zeros((1, params.n_neurons)) if kicks is None else kicks
    tau, weights = defects.tau, memory.weights * defects.weights
    threshold = params.threshold + memory.axis_drive * defects.threshold
    threshold[~defects.alive] = np.inf
    v, now = memory.start_potential(start), 0.0
    neurons, times = [], []
    for step, kick in enumerate(kicks, 1):
        v = v + memory.axis_drive * kick
        until = params.duration * step / len(kicks)
        while True:
            waits = _waits(v, tau, drive, threshold)
            wait = min(waits.min(), until - now)
            v = drive + (v - drive) * np.exp(-wait / tau)
            now += wait
            if not waits.min() <= wait:
                break
            if len(neurons) == most_spikes(memory):
                raise RunawayError(f"the perturbed network ran away by {now:.4g} tau")
            j = _first(v - threshold, np.abs(v) + drive, waits, wait, tau)
            v = v + weights[:, j]
            neurons.append(j)
            times.append(now)
        now = until
    return Spikes(np.array(neurons, dtype=np.int64), np.array(times, dtype=float))


def _waits(v: np.ndarray, tau: np.ndarray, drive: float, threshold: np.ndarray) -> np.ndarray:
    """Times until neurons reach their thresholds, infinite for those that never do."""
    with np.errstate(divide="ignore", invalid="ignore"):
        waits = tau * np.log((drive - v) / (drive - threshold))
    waits[threshold >= drive] = np.inf
    waits[v >= threshold] = 0.0
    return waits


def _first(
    excess: np.ndarray, scale: np.ndarray, waits: np.ndarray, wait: float, tau: np.ndarray
) -> int:
    """Who fires of those that have waited long enough: the highest, then the lowest index."""
    ready = np.flatnonzero(waits <= wait + TIE * tau)
    most = excess[ready].max()
    return int(ready[excess[ready] >= most - TIE * scale[ready]][0])
