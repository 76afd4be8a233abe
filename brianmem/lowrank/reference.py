"""The exact simulation of the low-rank network, one spike after another, in NumPy."""

import math

import numpy as np

from brianmem.errors import InputError, RunawayError
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.spikes import Spikes

# The fixed point has K kappa spikes per tau. Transients fire more, never this much more.
CAP_FACTOR = 20
# Neurons whose crossings are closer than this, in tau, tie. Without it, rounding in the last digit
# would decide between neurons that equal inputs, in another order, have brought to one potential.
TIE = 1e-12
# Minutes of computing and gigabytes of spikes: nobody means to ask for more in one run.
MOST_SPIKES = 10**8


def most_spikes(memory: LowRankMemory) -> int:
    """Cap on the spikes of a run: 20 times those of the fixed point.

    Raises InputError if the bias is not positive, a weight is not finite or more than 10^8 spikes
    are to be expected.
    """
    if not memory.bias > 0:
        raise InputError(f"the bias must be positive, not {memory.bias:.4g}")
    if not np.isfinite(memory.weights).all():
        raise InputError("the weights hold NaN or infinite values")
    return math.ceil(CAP_FACTOR * expected_spikes(memory.params))


def expected_spikes(params: LowRankParameters) -> float:
    """Spikes of a run at the fixed point. Raises InputError if they are more than 10^8."""
    expected = params.n_latents * params.kappa * (1 + params.duration)
    if expected > MOST_SPIKES:
        raise InputError(f"the run would have {expected:.1g} spikes: lower kappa or duration")
    return expected


def simulate(memory: LowRankMemory, start, max_spikes: int | None = None) -> Spikes:
    """Spikes of the network over `memory.params.duration`, from a (damaged) pattern of +-1.

    Between two spikes the distance I - V of every neuron decays with the same time constant, and a
    neuron fires when its distance has come down to the bias b = I - T. The neuron with the smallest
    distance is therefore always the next, after ln((I - V_j) / b). Neurons above threshold fire one
    after another at the same instant, the highest potential first. Neurons that would cross within
    10^-12 tau tie: the lowest index comes first. Time is in units of tau.

    Raises RunawayError beyond `max_spikes` (see most_spikes for the default), and InputError as
    most_spikes does.

    Source: Podlaski & Machens (2024), Eq. 1, solved between spikes.
    """
    params, bias = memory.params, memory.bias
    if max_spikes is None:
        max_spikes = most_spikes(memory)
    pulses = np.ascontiguousarray(memory.weights.T)
    distance = memory.drive - memory.start_potential(start)
    time = 0.0
    neurons, times = [], []
    while True:
        smallest = distance.min()
        j = int(np.flatnonzero(distance <= smallest + TIE * max(smallest, bias))[0])
        wait = math.log(distance[j] / bias) if distance[j] > bias else 0.0
        time += wait
        if time > params.duration:
            return Spikes(np.array(neurons, dtype=np.int64), np.array(times, dtype=float))
        if len(neurons) == max_spikes:
            raise RunawayError(
                f"neuron {j} would fire spike number {max_spikes + 1} at {time:.4g} tau, more than "
                "the network's cap: likely causes are a self-connection that is too weak "
                "(raise gamma) or excitatory weights"
            )
        distance *= math.exp(-wait)
        distance -= pulses[j]
        neurons.append(j)
        times.append(time)
