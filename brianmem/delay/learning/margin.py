"""Margin rule: a perceptron with margins for every neuron, taught by the patterns themselves.

While a network is clamped to its patterns, all resets are known, so that the potential of a neuron
is linear in its weights. Every step of a pattern then asks for an inequality: u >= 1 + upper where
the neuron has to fire, u <= 1 - lower where it must not. Neurons do not depend on each other.

With all synapses free the rule learns V[i, d], the potential that a spike of neuron i leaves d
steps later. In these coordinates the inputs of different steps are nearly orthogonal, and a step
is mended by dividing what it lacks among the spikes before it. Restricted to a support it learns
the weights themselves, W[i, d] = V[i, d] - beta V[i, d - 1]. What was learned can be pruned and
rounded to a few levels, and is then learned again with what is left.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csc_array

from brianmem.delay.learning.compression import level_spacing, strongest
from brianmem.delay.learning.margin_kernels import (
    Lessons,
    Targets,
    examine,
    fit_levels,
    fit_neuron,
    library,
)
from brianmem.delay.learning.margin_settings import PRESETS, MarginSettings
from brianmem.delay.learning.threads import usable_threads
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster

# Part of a margin that may be lacking on the Hebbian support before `auto` takes all synapses; at 1
# a step is at the threshold.
MOST_LACK = 0.95
# Powers of beta below which the potential of a spike beyond D, and a reset, count for nothing.
LEAST_TAIL, LEAST_RESET = 3e-4, 1e-5
# Spacings of levels that are tried, in units of the one with the least squared error.
SPACINGS = (1.0, 1.4, 0.7, 2.0, 0.5)
# What the loops do not read: weights on a support, or potentials with all synapses free.
NO_WEIGHTS, NO_FIRST, NO_DELAY = (
    np.zeros(1, np.float32),
    np.zeros(2, np.int64),
    np.zeros(1, np.int32),
)
NO_POTENTIALS = np.zeros((1, 1), np.float32)


def margin(
    patterns: Raster,
    params: DelayParameters,
    rng: np.random.Generator,
    settings: MarginSettings = PRESETS["default"],
    n_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[DelayWeights, dict]:
    """Weights with which a clamped network keeps its margins, if there are any.

    Parameters
    ----------
    patterns, params : sizes, beta
    rng : draws the order of the patterns in each sweep, the same for all neurons, and the noise
    settings : see MarginSettings
    n_threads : neurons that are taught at once; None for one per core, or as OMP_NUM_THREADS says
    progress : is called with the number of neurons that have done, and N

    Returns
    -------
    weights : float32, times the gain; a table of all synapses where that takes less memory
    info : threshold, the gain; and, each of shape (N,): n_sweeps; lack, the largest part of a
        margin that is lacking in the end (above 1, an error is left); all_synapses, whether the
        neuron learned with all of them

    Raises InputError without a C++ compiler: the loops are compiled when they are first used.
    """
    library()
    school = _School(patterns, params, settings, rng)
    learned = []
    with ThreadPoolExecutor(n_threads or usable_threads()) as threads:
        for of_neuron in threads.map(school.teach, range(params.n_neurons)):
            learned.append(of_neuron)
            if progress is not None:
                progress(len(learned), params.n_neurons)
    return _table(learned, params), {
        "threshold": params.gain,
        "n_sweeps": np.array([of_neuron.n_sweeps for of_neuron in learned]),
        "lack": np.array([of_neuron.left[1] for of_neuron in learned]),
        "all_synapses": np.array([of_neuron.all_synapses for of_neuron in learned]),
    }


@dataclass
class _Learned:
    """The synapses of one postsynaptic neuron, and how they have been learned.

    Attributes
    ----------
    synapse : increasing indices i D + d - 1; None for all
    w : their weights, in units of the threshold
    n_sweeps : all that it took
    left : number of patterns with an error, and the largest part of a margin that is lacking
    all_synapses : whether it has learned with all, before it was pruned
    """

    synapse: np.ndarray | None
    w: np.ndarray
    n_sweeps: int = 0
    left: tuple[int, float] = (0, 0.0)
    all_synapses: bool = False


class _School:
    """What all neurons are taught, and how."""

    def __init__(
        self,
        patterns: Raster,
        params: DelayParameters,
        settings: MarginSettings,
        rng: np.random.Generator,
    ):
        self.params, self.settings = params, settings
        n_sweeps = settings.n_sweeps
        self.order = np.array([rng.permutation(patterns.n_patterns) for _ in range(n_sweeps)])
        self.rngs = rng.spawn(params.n_neurons)
        least = np.array([LEAST_TAIL, LEAST_RESET])
        self.tail, reach = np.ceil(np.log(least) / np.log(params.beta)).astype(int)
        self.lessons = _lessons(patterns, params, reach)
        self.targets = _targets(patterns)
        self.patterns, self.clock = patterns, patterns.pattern * params.n_steps + patterns.step
        self.begin = max(0, params.n_delays - settings.taught_cue)
        self.margins = np.float32(settings.upper), np.float32(settings.lower)
        self.rates = np.geomspace(settings.rate, settings.last_rate, n_sweeps, dtype=np.float32)
        self.heads = (
            settings.n_heads,
            min(params.n_delays + settings.head_steps, params.n_steps),
            (np.float32(settings.head_upper), np.float32(settings.head_lower)),
            settings.head_deletion,
            settings.head_insertion if settings.n_heads else 0.0,
        )
        self.whole = settings.whole_deletion, settings.whole_insertion

    def teach(self, j: int) -> _Learned:
        """The synapses of neuron j."""
        settings = self.settings
        own = self.targets[j]
        if settings.support == "full":
            learned = self._learn_all(j, own)
        else:
            learned = self._learn_some(j, own, self._start(j))
        if settings.support == "auto" and learned.left[1] > MOST_LACK:
            learned = min(learned, self._learn_all(j, own), key=lambda of_neuron: of_neuron.left)
        if settings.keep < 1:
            learned = self._prune(j, own, learned)
        if settings.n_levels is not None:
            learned = self._round(own, learned)
        return learned

    def _start(self, j: int) -> _Learned:
        """The Hebbian synapses: of the spikes up to D steps before each target after the cue."""
        n_delays, clock, patterns = self.params.n_delays, self.clock, self.patterns
        target = clock[(patterns.neuron == j) & (patterns.step >= n_delays)]
        ends = np.searchsorted(clock, target - n_delays), np.searchsorted(clock, target)
        spike = [np.arange(*pair) for pair in zip(*ends, strict=True)]
        spike = np.concatenate([np.zeros(0, np.int64), *spike])
        delay = np.repeat(target, ends[1] - ends[0]) - clock[spike]
        synapse, count = np.unique(
            patterns.neuron[spike] * n_delays + delay - 1, return_counts=True
        )
        scale = self.settings.start / (self._n_synapses * self.params.firing_prob)
        return _Learned(synapse, (scale * count).astype(np.float32))

    def _learn_all(self, j: int, own: Targets) -> _Learned:
        n, n_delays, decay = self.params.n_neurons, self.params.n_delays, self.lessons.decay
        start = self._start(j)
        v = np.zeros((n, n_delays + self.tail), np.float32)
        v[np.divmod(start.synapse, n_delays)] = start.w
        v[:, :n_delays] -= start.w.sum() / (n * n_delays)
        v[:, n_delays:] = v[:, [n_delays - 1]] * decay[1 : self.tail + 1]
        inputs = True, v, NO_WEIGHTS, NO_FIRST, NO_DELAY
        n_sweeps = self._fit(j, own, inputs)
        before = np.pad(v[:, : n_delays - 1], ((0, 0), (1, 0)))
        w = (v[:, :n_delays] - decay[1] * before).ravel()
        return _Learned(None, w, n_sweeps, self._examine(own, inputs), True)

    def _learn_some(self, j: int, own: Targets, start: _Learned) -> _Learned:
        inputs = False, NO_POTENTIALS, start.w.copy(), *self._by_neuron(start)
        n_sweeps = start.n_sweeps + self._fit(j, own, inputs)
        left = self._examine(own, inputs)
        return replace(start, w=inputs[2], n_sweeps=n_sweeps, left=left)

    def _prune(self, j: int, own: Targets, learned: _Learned) -> _Learned:
        kept = strongest(learned.w, round(self.settings.keep * self._n_synapses))
        synapse = kept if learned.synapse is None else learned.synapse[kept]
        return self._learn_some(j, own, replace(learned, synapse=synapse, w=learned.w[kept]))

    def _round(self, own: Targets, learned: _Learned) -> _Learned:
        """Few levels, with the first spacing at which no pattern has an error, or the best."""
        n_levels, best = self.settings.n_levels, None
        spacing = level_spacing(learned.w, n_levels)
        n_sweeps = learned.n_sweeps
        for factor in SPACINGS:
            w, more_sweeps, left = fit_levels(
                learned.w.copy(),
                *self._by_neuron(learned),
                (np.float32(factor * spacing), n_levels),
                self.lessons,
                own,
                self.order,
                self.begin,
                self.margins,
                self.rates,
            )
            n_sweeps += more_sweeps
            if best is None or left < best.left:
                best = replace(learned, w=w, left=left)
            if left[0] == 0:
                break
        return replace(best, n_sweeps=n_sweeps)

    @property
    def _n_synapses(self) -> int:
        return self.params.n_neurons * self.params.n_delays

    def _by_neuron(self, learned: _Learned) -> tuple[np.ndarray, np.ndarray]:
        """first, so that those from neuron i are first[i] to first[i + 1]; and their delays."""
        n, n_delays, synapse = self.params.n_neurons, self.params.n_delays, learned.synapse
        synapse = np.arange(self._n_synapses) if synapse is None else synapse
        first = np.searchsorted(synapse, np.arange(n + 1) * n_delays)
        return first, (synapse % n_delays + 1).astype(np.int32)

    def _fit(self, j: int, own: Targets, inputs: tuple) -> int:
        learned = inputs[1] if inputs[0] else inputs[2]
        start = learned.copy()
        n_sweeps = self._sweep(j, own, inputs, self.rates)
        if not np.isfinite(learned).all():  # above 1, corrections can overshoot more and more
            learned[:] = start
            n_sweeps += self._sweep(j, own, inputs, np.minimum(self.rates, np.float32(1)))
        return n_sweeps

    def _sweep(self, j: int, own: Targets, inputs: tuple, rates: np.ndarray) -> int:
        return fit_neuron(
            *inputs,
            self.lessons,
            own,
            self.order,
            self.begin,
            self.margins,
            rates,
            self.heads,
            self.whole,
            self.settings.n_averaged,
            self.rngs[j],
        )

    def _examine(self, own: Targets, inputs: tuple) -> tuple[int, float]:
        return examine(*inputs, self.lessons, own, self.params.n_delays, self.margins)


def _lessons(patterns: Raster, params: DelayParameters, reach: int) -> Lessons:
    order = np.lexsort((patterns.step, patterns.neuron, patterns.pattern))
    return Lessons(
        patterns.neuron[order].astype(np.int32),
        patterns.step[order].astype(np.int32),
        np.searchsorted(patterns.pattern, np.arange(patterns.n_patterns + 1)),
        params.n_neurons,
        params.n_delays,
        params.n_steps,
        np.float32(params.beta),
        (params.beta ** np.arange(reach + 1)).astype(np.float32),
    )


def _targets(patterns: Raster) -> list[Targets]:
    """Those of each neuron."""
    order = np.lexsort((patterns.step, patterns.pattern, patterns.neuron))
    key = (patterns.neuron * patterns.n_patterns + patterns.pattern)[order]
    step = patterns.step[order].astype(np.int32)
    targets = []
    for j in range(patterns.n_neurons):
        keys = np.arange(j * patterns.n_patterns, (j + 1) * patterns.n_patterns + 1)
        targets.append(Targets(step, np.searchsorted(key, keys)))
    return targets


def _table(learned: list[_Learned], params: DelayParameters) -> DelayWeights:
    """All columns in one table, with all synapses if most neurons have all."""
    n, n_delays = params.n_neurons, params.n_delays
    everything = [of_neuron.synapse is None for of_neuron in learned]
    if np.mean(everything) > 0.5:
        table = np.zeros((n * n_delays, n), np.float32)
        for j, of_neuron in enumerate(learned):
            rows = slice(None) if of_neuron.synapse is None else of_neuron.synapse
            table[rows, j] = params.gain * of_neuron.w
        return DelayWeights(table)
    row = [
        np.arange(n * n_delays) if of_neuron.synapse is None else of_neuron.synapse
        for of_neuron in learned
    ]
    ends = np.cumsum([0, *map(len, row)])
    value = params.gain * np.concatenate([of_neuron.w for of_neuron in learned])
    by_column = (value.astype(np.float32), np.concatenate(row), ends)
    return DelayWeights(csc_array(by_column, shape=(n * n_delays, n)).tocsr())
