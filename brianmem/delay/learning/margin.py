"""Margin rule: a perceptron with margins for every neuron, taught by the patterns themselves.

While a network is clamped to its patterns, all resets are known, so that the potential of a neuron
is linear in its weights. Every step of a pattern then asks for an inequality: u >= 1 + upper where
the neuron has to fire, u <= 1 - lower where it must not. Neurons do not depend on each other.

With all synapses free the rule learns V[i, d], the potential that a spike of neuron i leaves d
steps later. In these coordinates the inputs of different steps are nearly orthogonal, and a step
is mended by dividing what it lacks among the spikes before it. Restricted to a support it learns
the weights themselves, W[i, d] = V[i, d] - beta V[i, d - 1].
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import get_num_threads
from scipy.sparse import csc_array

from brianmem.delay.learning.correlation import correlate
from brianmem.delay.learning.margin_kernels import fit_neuron
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError
from brianmem.patterns import check_fraction
from brianmem.raster import Raster

SUPPORTS = ("hebbian", "full")
# Powers of beta below which the potential of a spike beyond D, and a reset, count for nothing.
LEAST_TAIL, LEAST_RESET = 3e-4, 1e-5


@dataclass(frozen=True)
class MarginSettings:
    """How a network is taught; potentials are in units of the threshold.

    Attributes
    ----------
    support : "hebbian" for the synapses that the Hebbian rule has, "full" for all
    upper, lower : margins above the threshold at targets, and below it elsewhere
    first_step : from which step on spikes are asked for; None for the first after the cue. Earlier
        ones teach the network to complete its cue
    n_sweeps : passes over all patterns, at most; a neuron that meets half of its margins has done
    rate, last_rate : part of what is lacking that a step mends, at the first and the last sweep
    start : factor on the Hebbian weights to start from
    n_heads : copies of each pattern in each sweep whose first D steps are corrupted; they teach the
        network to complete damaged cues
    head_steps : steps after the cue in which spikes are asked for in these copies
    head_upper, head_lower : their margins
    head_deletion, head_insertion : part of the cue's spikes that is deleted, and probability of a
        new one per neuron and step
    whole_deletion, whole_insertion : the same for whole patterns, in two of three sweeps: at full
        strength in one, at a random part of it in the other. They teach the network to bear noise
    n_averaged : last sweeps whose weights are averaged
    """

    support: str = "hebbian"
    upper: float = 1.5
    lower: float = 0.5
    first_step: int | None = None
    n_sweeps: int = 24
    rate: float = 1.0
    last_rate: float = 0.1
    start: float = 2.0
    n_heads: int = 0
    head_steps: int = 45
    head_upper: float = 0.5
    head_lower: float = 0.5
    head_deletion: float = 0.28
    head_insertion: float = 2.5e-4
    whole_deletion: float = 0.0
    whole_insertion: float = 0.0
    n_averaged: int = 1

    def __post_init__(self):
        if self.support not in SUPPORTS:
            raise InputError(f"unknown support '{self.support}': choose from {', '.join(SUPPORTS)}")
        least = {"n_sweeps": 1, "n_averaged": 1, "n_heads": 0, "head_steps": 0, "first_step": 0}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise InputError(f"{name} must be at least {low}, not {value}")
        for name in ("upper", "lower", "head_upper", "head_lower", "rate", "last_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive, not {getattr(self, name)}")
        for name in ("head_deletion", "head_insertion", "whole_deletion", "whole_insertion"):
            check_fraction(name, getattr(self, name))


PRESETS = {
    "default": MarginSettings(),
    "loaded": MarginSettings("full", 0.5, 0.4, n_sweeps=60, rate=1.0, last_rate=1.0),
    "capacity": MarginSettings(
        "full", 0.05, 0.05, n_sweeps=200, rate=1.0, last_rate=1.0, start=2.5
    ),
}


def margin(
    patterns: Raster,
    params: DelayParameters,
    rng: np.random.Generator,
    settings: MarginSettings = PRESETS["default"],
    n_threads: int | None = None,
) -> tuple[DelayWeights, dict]:
    """Weights with which a clamped network keeps its margins, if there are any.

    Parameters
    ----------
    patterns, params : sizes, beta
    rng : draws the order of the patterns in each sweep, the same for all neurons, and the noise
    settings : see MarginSettings
    n_threads : neurons that are taught at once; None for one per core, or as NUMBA_NUM_THREADS says

    Returns
    -------
    weights : float32, times the gain; a table with all synapses for the full support
    info : threshold, the gain; n_sweeps and lack, shape (N,): sweeps of each neuron, and the
        largest part of a margin that it lacked in the last one (above 1, an error was left)
    """
    school = _School(patterns, params, settings, rng)
    with ThreadPoolExecutor(n_threads or get_num_threads()) as threads:
        results = list(threads.map(school.teach, range(params.n_neurons)))
    sweeps, lack = np.array(results).T
    report = {"threshold": params.gain, "n_sweeps": sweeps.astype(int), "lack": lack}
    return school.weights(), report


class _School:
    """What all neurons are taught, and the table into which each writes its column."""

    def __init__(
        self,
        patterns: Raster,
        params: DelayParameters,
        settings: MarginSettings,
        rng: np.random.Generator,
    ):
        n, n_patterns = params.n_neurons, patterns.n_patterns
        self.params, self.settings = params, settings
        self.order = np.array([rng.permutation(n_patterns) for _ in range(settings.n_sweeps)])
        self.rngs = rng.spawn(n)
        self.neuron, self.step = patterns.neuron.astype(np.int32), patterns.step.astype(np.int32)
        self.pattern_first = np.searchsorted(patterns.pattern, np.arange(n_patterns + 1))
        # The targets of neuron j in pattern m are those with the key j M + m.
        keys = patterns.neuron * n_patterns + patterns.pattern
        by_neuron = np.lexsort((patterns.step, keys))
        self.target = self.step[by_neuron]
        self.target_first = np.searchsorted(keys[by_neuron], np.arange(n * n_patterns + 1))
        least = np.array([LEAST_TAIL, LEAST_RESET])
        self.tail, reach = np.ceil(np.log(least) / np.log(params.beta)).astype(int)
        self.decay = (params.beta ** np.arange(reach + 1)).astype(np.float32)
        self.rates = np.geomspace(
            settings.rate, settings.last_rate, settings.n_sweeps, dtype=np.float32
        )
        self.hebbian = correlate(patterns, params, kernel=(1.0,)).table.tocsc()
        self.full = settings.support == "full"
        shape = (n, params.n_delays, n) if self.full else self.hebbian.nnz
        self.table = np.zeros(shape, np.float32)

    def teach(self, j: int) -> tuple[int, float]:
        """Learn the weights to neuron j; returns its sweeps, and what it lacks."""
        column = slice(self.hebbian.indptr[j], self.hebbian.indptr[j + 1])
        synapse, value = self.hebbian.indices[column], self.hebbian.data[column]
        start = (self.settings.start / self.params.gain * value).astype(np.float32)
        if self.full:
            return self._teach_full(j, synapse, start)
        return self._teach_support(j, column, synapse, start)

    def _teach_full(self, j: int, synapse: np.ndarray, start: np.ndarray) -> tuple[int, float]:
        n, n_delays = self.params.n_neurons, self.params.n_delays
        v = np.zeros((n, n_delays + self.tail), np.float32)
        v[np.divmod(synapse, n_delays)] = start
        v[:, :n_delays] -= start.sum() / (n * n_delays)
        v[:, n_delays:] = v[:, [n_delays - 1]] * self.decay[1 : self.tail + 1]
        nothing = np.zeros(1, np.float32), np.zeros(2, np.int64), np.zeros(1, np.int64)
        result = self._fit(j, v, *nothing)
        before = np.pad(v[:, : n_delays - 1], ((0, 0), (1, 0)))
        self.table[:, :, j] = self.params.gain * (v[:, :n_delays] - self.decay[1] * before)
        return result

    def _teach_support(
        self, j: int, column: slice, synapse: np.ndarray, start: np.ndarray
    ) -> tuple[int, float]:
        n, n_delays = self.params.n_neurons, self.params.n_delays
        first = np.searchsorted(synapse, np.arange(n + 1) * n_delays)
        nothing = np.zeros((1, 1), np.float32)
        result = self._fit(j, nothing, start, first, synapse.astype(np.int64) % n_delays + 1)
        self.table[column] = self.params.gain * start
        return result

    def _fit(self, j, v, w, first, delay) -> tuple[int, float]:
        params, settings = self.params, self.settings
        n_patterns = len(self.pattern_first) - 1
        begin = params.n_delays if settings.first_step is None else settings.first_step
        heads = (
            settings.n_heads,
            min(params.n_delays + settings.head_steps, params.n_steps),
            np.float32(settings.head_upper),
            np.float32(settings.head_lower),
            settings.head_deletion,
            settings.head_insertion if settings.n_heads else 0.0,
        )
        return fit_neuron(
            self.full,
            v,
            w,
            first,
            delay,
            self.neuron,
            self.step,
            self.pattern_first,
            self.target,
            self.target_first[j * n_patterns : (j + 1) * n_patterns + 1],
            self.order,
            params.n_neurons,
            params.n_delays,
            params.n_steps,
            begin,
            np.float32(settings.upper),
            np.float32(settings.lower),
            self.rates,
            np.float32(params.beta),
            self.decay,
            heads,
            (settings.whole_deletion, settings.whole_insertion),
            settings.n_averaged,
            self.rngs[j],
        )

    def weights(self) -> DelayWeights:
        if self.full:
            return DelayWeights(self.table)
        columns = self.hebbian
        by_column = csc_array((self.table, columns.indices, columns.indptr), columns.shape)
        return DelayWeights(by_column.tocsr())
