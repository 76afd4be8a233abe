"""The low-rank network in small Euler steps of a clock.

The paper says no more than Euler and dt. That one neuron at most fires in a step is an assumption:
its pulse keeps others from firing, which all neurons above threshold at once would not.
"""

import numpy as np

from brianmem.lowrank.memory import LowRankMemory
from brianmem.spikes import Spikes

DT = 1e-4  # in tau


def simulate(memory: LowRankMemory, start, dt: float = DT) -> Spikes:
    """Approximate spikes of the network, from a (damaged) pattern of +-1, up to its duration.

    Of several neurons above threshold the highest fires, the others in later steps. Times are in
    units of tau.

    Source: Podlaski & Machens (2024), Eq. 1 and the methods' numerical implementation.
    """
    threshold, drive = memory.params.threshold, memory.drive
    pulses = np.ascontiguousarray(memory.weights.T)
    v = memory.start_potential(start)
    neurons, steps = [], []
    for step in range(round(memory.params.duration / dt)):
        v += dt * (drive - v)
        j = v.argmax()
        if v[j] >= threshold:
            v += pulses[j]
            neurons.append(j)
            steps.append(step)
    return Spikes(np.array(neurons, dtype=np.int64), (np.array(steps) + 1.0) * dt)
