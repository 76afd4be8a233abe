"""Networks of leaky neurons with delta pulses, exactly and slowly: what the engine is checked with.

Every number may be a float or any other type with the usual operators, such as mpmath's: log and
exp are passed in.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brianmem.errors import RunawayError
from brianmem.spikes import Spikes

TIE = 1e-12


@dataclass(frozen=True)
class LeakyNeurons:
    """tau dv/dt = drive - v; a neuron fires at v = threshold; all arrays have shape (N,).

    Attributes
    ----------
    tau, drive, threshold : of each neuron
    reset : potential after a spike; None leaves it where it is
    subtract : what a spike takes off the potential of the neuron that fires, instead of a reset
    refractory : how long a neuron cannot fire after a spike; 0 for no refractoriness
    frozen : whether potential and pulses are ignored while it is refractory
    """

    tau: np.ndarray
    drive: np.ndarray
    threshold: np.ndarray
    reset: float | None = None
    subtract: float = 0.0
    refractory: float = 0.0
    frozen: bool = False


def simulate(
    neurons: LeakyNeurons,
    weights: np.ndarray,
    start: np.ndarray,
    duration: float,
    max_spikes: int = 10**6,
    log: Callable = math.log,
    exp: Callable = math.exp,
) -> Spikes:
    """Spikes from the potentials `start`, shape (N,), with weights[post, pre], up to `duration`.

    The neuron that reaches its threshold first fires; of several at the same instant (within 10^-12
    tau) the one that is farthest above its threshold, and of equal ones that with the lowest index.

    Raises RunawayError for more than `max_spikes` spikes.
    """
    n = len(start)
    v = list(start)
    now = start[0] * 0
    free_at = [now] * n
    fired, times = [], []

    def potential(i, time):
        since = max(now, free_at[i]) if neurons.frozen else now
        if time <= since:
            return v[i]
        return neurons.drive[i] + (v[i] - neurons.drive[i]) * exp(-(time - since) / neurons.tau[i])

    def crossing(i):
        begin = max(now, free_at[i])
        u, drive, threshold = potential(i, begin), neurons.drive[i], neurons.threshold[i]
        if u >= threshold:
            return begin
        if drive <= threshold:
            return math.inf
        return begin + neurons.tau[i] * log((drive - u) / (drive - threshold))

    while True:
        crossings = [crossing(i) for i in range(n)]
        first = min(crossings)
        if first > duration:
            return Spikes(np.array(fired, dtype=np.int64), np.array(times, dtype=float))
        if len(fired) == max_spikes:
            raise RunawayError(f"more than {max_spikes} spikes by {float(now):.4g}")
        at_once = [i for i in range(n) if crossings[i] <= first + TIE * neurons.tau[i]]
        v = [potential(i, first) for i in range(n)]
        now = first
        excess = {i: v[i] - neurons.threshold[i] for i in at_once}
        scale = {i: abs(neurons.drive[i] - neurons.threshold[i]) + abs(v[i]) for i in at_once}
        most = max(excess.values())
        j = next(i for i in at_once if excess[i] >= most - TIE * scale[i])
        if neurons.reset is not None:
            v[j] = now * 0 + neurons.reset
        v[j] -= neurons.subtract
        free_at[j] = now + neurons.refractory
        for i in range(n):
            if not (neurons.frozen and free_at[i] > now):
                v[i] += weights[i][j]
        fired.append(j)
        times.append(now)
