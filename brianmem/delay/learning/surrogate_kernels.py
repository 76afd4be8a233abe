"""The loops of the surrogate-gradient rule, compiled: one pattern at a time.

`recall` runs the network; `differentiate` goes back from its last step to the first, and replaces
the potentials by derivatives of the loss; `collect` adds up those of the weights. Inputs are added
in the order of the delay step, so that spikes are the ones of the network that recalls.
"""

from typing import NamedTuple

import numpy as np
from numba import njit


class Synapses(NamedTuple):
    """Those of row i D + d - 1, from neuron i with delay d, are first[row] to first[row + 1].

    Attributes
    ----------
    w : weights, float64
    post : postsynaptic neurons, int32
    first : shape (N D + 1,)
    """

    w: np.ndarray
    post: np.ndarray
    first: np.ndarray


class Spikes(NamedTuple):
    """Those of step t are neuron[first[t]] to neuron[first[t + 1]], in increasing order."""

    neuron: np.ndarray
    first: np.ndarray


class Dropout(NamedTuple):
    """What is left out of a pattern, the same whenever it is asked for.

    Attributes
    ----------
    fraction : of the inputs s_i(t - d), which all neurons miss, and of the currents of a neuron in
        a step; what is left is larger by 1 / (1 - fraction), twice
    key : uint64; another one leaves out others
    """

    fraction: float
    key: np.uint64


@njit(cache=True, nogil=True)
def chance(key, index):
    """The number in [0, 1) that belongs to a key and an index: splitmix64 (Steele et al. 2014)."""
    z = key + np.uint64(index + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * 2.0**-53


@njit(cache=True, nogil=True)
def factor_of(dropout, index):
    """What dropout makes of the input or current with this index: 0, or 1 / (1 - fraction)."""
    if dropout.fraction == 0:
        return 1.0
    return 0.0 if chance(dropout.key, index) < dropout.fraction else 1 / (1 - dropout.fraction)


@njit(cache=True, nogil=True)
def input_index(step, row, n_rows):
    """That of a spike in a step, on its way to the synapses of a row; n_rows is N D."""
    return step * n_rows + row


@njit(cache=True, nogil=True)
def current_index(step, neuron, n_neurons, n_rows, n_steps):
    """That of the current of a neuron in a step: after all inputs."""
    return n_steps * n_rows + step * n_neurons + neuron


@njit(cache=True, nogil=True)
def recall(synapses, forced, n_clamped, beta, most_spikes, dropout, fired, u):
    """Run the network; spikes of the first n_clamped steps are the forced ones.

    fired (Spikes with room for most_spikes + N) and the potentials before resets, u, shape (T, N),
    are overwritten. Returns the number of steps until the one in which there have been more than
    most_spikes; later ones are silent.
    """
    n_steps, n_neurons = u.shape
    n_rows = len(synapses.first) - 1
    n_delays = n_rows // n_neurons
    potential, current = np.zeros(n_neurons), np.zeros(n_neurons)
    drops = dropout.fraction > 0
    receiver = current if drops else potential
    count = 0
    fired.first[:] = 0
    for t in range(n_steps):
        potential *= beta
        current[:] = 0
        for d in range(min(n_delays, t), 0, -1):
            for k in range(fired.first[t - d], fired.first[t - d + 1]):
                row = fired.neuron[k] * n_delays + d - 1
                factor = factor_of(dropout, input_index(t - d, row, n_rows))
                if factor > 0:
                    for s in range(synapses.first[row], synapses.first[row + 1]):
                        receiver[synapses.post[s]] += factor * synapses.w[s]
        if drops:
            for j in range(n_neurons):
                index = current_index(t, j, n_neurons, n_rows, n_steps)
                potential[j] += factor_of(dropout, index) * current[j]
        u[t] = potential
        if t < n_clamped:
            for k in range(forced.first[t], forced.first[t + 1]):
                fired.neuron[count] = forced.neuron[k]
                count += 1
        else:
            for j in range(n_neurons):
                if potential[j] >= 1:
                    fired.neuron[count] = j
                    count += 1
        for k in range(fired.first[t], count):
            potential[fired.neuron[k]] = 0
        fired.first[t + 1] = count
        if count > most_spikes:
            fired.first[t + 2 :] = count
            return t + 1
    return n_steps


@njit(cache=True, nogil=True)
def outcomes(fired, target, begin, right, wrong, missed):
    """Count right, wrong and missed spikes of each step from `begin` on; shape (T,) each."""
    right[:], wrong[:], missed[:] = 0, 0, 0
    for t in range(begin, len(right)):
        a, b = fired.first[t], target.first[t]
        while a < fired.first[t + 1] and b < target.first[t + 1]:
            if fired.neuron[a] == target.neuron[b]:
                right[t] += 1
                a, b = a + 1, b + 1
            elif fired.neuron[a] < target.neuron[b]:
                a += 1
            else:
                b += 1
        wrong[t] = fired.first[t + 1] - fired.first[t] - right[t]
        missed[t] = target.first[t + 1] - target.first[t] - right[t]


@njit(cache=True, nogil=True)
def differentiate(
    synapses, fired, target, begin, end, beta, slope, widths, through_reset, costs, dropout, x
):  # fmt: skip
    """Replace the potentials u(t) in x by dL/dI(t), I the current, from t = end - 1 to 0.

        e_i(t) = h(u_i(t) - 1) dL/ds_i(t) + beta (1 - s_i(t)) e_i(t + 1)
        dL/ds_i(t) = cost_i(t) + sum over j, d of W[j, i, d] e_j(t + d), less beta u_i(t) e_i(t + 1)
            if gradients go through resets

    h(x) = 1 / (1 + slope |x|)^2 for |x| < width, and 0 elsewhere and before the step `begin`, where
    spikes are forced. widths and costs are those where a spike is wanted, and where it is not.
    Without dropout dL/dI is e = dL/du.

    x has the shape (T + D, N); it is zero from row `end` on.
    """
    n_neurons, n_rows = x.shape[1], len(synapses.first) - 1
    n_delays = n_rows // n_neurons
    n_steps = len(x) - n_delays
    spikes, wanted = np.zeros((2, n_neurons), np.bool_)
    error = np.zeros(n_neurons)
    for t in range(end - 1, -1, -1):
        spikes[fired.neuron[fired.first[t] : fired.first[t + 1]]] = True
        wanted[target.neuron[target.first[t] : target.first[t + 1]]] = True
        for i in range(n_neurons):
            u, after = x[t, i], error[i]
            error[i] = 0.0 if spikes[i] else beta * after
            width, felt = (widths[0], costs[0]) if wanted[i] else (widths[1], costs[1])
            if t >= begin and abs(u - 1) < width:
                for d in range(1, n_delays + 1):
                    row = i * n_delays + d - 1
                    factor = factor_of(dropout, input_index(t, row, n_rows))
                    if factor > 0:
                        for s in range(synapses.first[row], synapses.first[row + 1]):
                            felt += factor * synapses.w[s] * x[t + d, synapses.post[s]]
                if through_reset:
                    felt -= beta * u * after
                error[i] += felt / (1 + slope * abs(u - 1)) ** 2
            index = current_index(t, i, n_neurons, n_rows, n_steps)
            x[t, i] = factor_of(dropout, index) * error[i]
        spikes[fired.neuron[fired.first[t] : fired.first[t + 1]]] = False
        wanted[target.neuron[target.first[t] : target.first[t + 1]]] = False


@njit(cache=True, nogil=True)
def collect(synapses, fired, dropout, part, x, gradient):
    """Add dL/dW[j, i, d] = sum over t of s_i(t) dL/dI_j(t + d) to the gradient.

    part is (low, high): i runs from low to high - 1. x holds dL/dI, shape (T + D, N).
    """
    n_neurons, n_rows = x.shape[1], len(synapses.first) - 1
    n_delays = n_rows // n_neurons
    for t in range(len(x) - n_delays):
        for k in range(fired.first[t], fired.first[t + 1]):
            if part[0] <= fired.neuron[k] < part[1]:
                for d in range(1, n_delays + 1):
                    row = fired.neuron[k] * n_delays + d - 1
                    factor = factor_of(dropout, input_index(t, row, n_rows))
                    if factor > 0:
                        for s in range(synapses.first[row], synapses.first[row + 1]):
                            gradient[s] += factor * x[t + d, synapses.post[s]]
