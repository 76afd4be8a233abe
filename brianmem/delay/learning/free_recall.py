"""F1 of the free recall of what was learned, at any threshold: all patterns side by side."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.sparse import issparse

from brianmem.delay.parameters import RUNAWAY, DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster

AT_ONCE = 64  # patterns side by side: inputs on their way take memory for each


class FreeRecall:
    """Recalls of all patterns from their cues, by the built-in neuron.

    A recall is stopped at six times the spikes of a pattern, as those of the protocols are.
    """

    def __init__(self, weights: DelayWeights, patterns: Raster, params: DelayParameters):
        self.patterns, self.params = patterns, params
        self.send = sender(weights)
        self.n_wanted = int(np.sum(patterns.step >= params.n_delays))
        self.most_spikes = RUNAWAY * len(patterns) // patterns.n_patterns + params.n_neurons

    def f1(self, threshold: float, least: float = -1.0) -> float:
        """F1 over all patterns, neurons and free steps; 1 where nothing is wanted and nothing came.

        As soon as it can be no better than `least`, the recalls end, with what it could have been.
        """
        missed = extra = 0
        most = 1.0
        for first in range(0, self.patterns.n_patterns, AT_ONCE):
            part = self.patterns.part(first, min(first + AT_ONCE, self.patterns.n_patterns))
            for n_missed, n_extra in self._errors(part, threshold):
                missed, extra = missed + n_missed, extra + n_extra
                if missed + extra:
                    right = 2 * (self.n_wanted - missed)
                    most = right / (right + missed + extra)
                if most <= least:
                    return most
        return most

    def _errors(self, patterns: Raster, threshold: float) -> Iterator[tuple[int, int]]:
        """Missed and extra spikes of each free step.

        u_j(t) = beta u_j(t-1) (1 - s_j(t-1)) + sum over i, d of W[j, i, d] s_i(t - d)
        s_j(t) = u_j(t) >= threshold
        """
        n_delays, n_neurons = self.params.n_delays, self.params.n_neurons
        u, n_spikes = np.zeros((patterns.n_patterns, n_neurons)), np.zeros((patterns.n_patterns, 1))
        # Inputs of 2 D steps, flat: those that a spike gives stand together.
        span = n_delays * n_neurons
        inputs = np.zeros((patterns.n_patterns, 2 * span))
        for t, wanted in enumerate(_by_step(patterns)):
            now = t % n_delays
            if now == 0:
                inputs[:, :span], inputs[:, span:] = inputs[:, span:], 0.0
            u *= self.params.beta
            u += inputs[:, now * n_neurons : (now + 1) * n_neurons]
            fired = wanted
            if t >= n_delays:
                fires = (u >= threshold) & (n_spikes <= self.most_spikes)
                fired = np.flatnonzero(fires)
                n_right = np.count_nonzero(fires.ravel()[wanted])
                yield len(wanted) - n_right, len(fired) - n_right
            u.ravel()[fired] = 0.0
            for place in fired.tolist():
                m, neuron = divmod(place, n_neurons)
                self.send(neuron, inputs[m, (now + 1) * n_neurons :])
                n_spikes[m] += 1


def sender(weights: DelayWeights) -> Callable[[int, np.ndarray], None]:
    """send(neuron, inputs) adds what a spike gives to inputs, from the step after it on.

    Inputs are flat, neuron after neuron and step after step, at least D of them.
    """
    if issparse(weights.table):
        rows = weights.by_presynaptic()
        ends = rows.indptr[1:-1]
        places, values = np.split(rows.indices, ends), np.split(rows.data, ends)

        def send(neuron, inputs):
            inputs[places[neuron]] += values[neuron]

    else:
        table = weights.table.reshape(weights.n_neurons, -1)

        def send(neuron, inputs):
            inputs[: table.shape[1]] += table[neuron]

    return send


def _by_step(patterns: Raster) -> list[np.ndarray]:
    """Of each step, the places of its spikes in an array of shape (n_patterns, n_neurons)."""
    order = np.argsort(patterns.step, kind="stable")
    place = (patterns.pattern * patterns.n_neurons + patterns.neuron)[order]
    ends = np.searchsorted(patterns.step[order], np.arange(1, patterns.n_steps))
    return np.split(place, ends)
