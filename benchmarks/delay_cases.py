"""The networks that the delay benchmark recalls, with learned weights."""

import numpy as np

from benchmarks.rivals.case import Case, Result
from brianmem.delay.learning import fit
from brianmem.delay.learning.margin import PRESETS
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.scores import counts_by_pattern
from brianmem.delay.weights import DelayWeights
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster


def sparse(n_neurons: int, seed: int = 1) -> tuple[Case, Raster]:
    """Recall of 16 patterns of 1000 steps at once, with the synapses that the Hebbian rule has."""
    return _recall_of_all(DelayParameters("margin", n_neurons), seed, settings=PRESETS["default"])


def dense(n_neurons: int = 512, firing_prob: float = 1e-2, seed: int = 1) -> tuple[Case, Raster]:
    """Recall of one of 16 patterns with ten times as many spikes, with all synapses."""
    params = DelayParameters("margin", n_neurons, firing_prob=firing_prob)
    patterns, weights, threshold = _learn(params, seed, settings=PRESETS["dense"])
    pattern = patterns.select(0)
    return _case(weights, pattern.crop(params.n_delays), params, threshold), pattern


def hebbian(n_neurons: int, dense: bool = False, seed: int = 1) -> tuple[Case, Raster]:
    """Recall of 16 patterns by the Hebbian rule, which suffices for many neurons.

    A dense table has a place for each of the N D N synapses.
    """
    params = DelayParameters("hebbian", n_neurons)
    patterns, weights, threshold = _learn(params, seed)
    if dense:
        weights = DelayWeights(weights.table.astype(np.float32).toarray())
    return _case(weights, patterns.crop(params.n_delays), params, threshold), patterns


def loaded(n_patterns: int, n_neurons: int = 512, seed: int = 1) -> tuple[Case, Raster]:
    """Recall of as many patterns at once as were learned, by all synapses."""
    params = DelayParameters("margin", n_neurons, n_patterns=n_patterns)
    return _recall_of_all(params, seed, settings=PRESETS["capacity"])


def f1(result: Result, patterns: Raster, n_delays: int) -> float:
    """F1 of a recall, after its cue."""
    sizes = patterns.n_patterns, patterns.n_neurons, patterns.n_steps
    recalled = Raster(result.pattern, result.neuron, result.step, *sizes)
    right, extra, missing = counts_by_pattern(recalled, patterns, n_delays).sum(axis=1)
    return 2 * right / (2 * right + extra + missing)


def _recall_of_all(params: DelayParameters, seed: int, **options) -> tuple[Case, Raster]:
    patterns, weights, threshold = _learn(params, seed, **options)
    return _case(weights, patterns.crop(params.n_delays), params, threshold), patterns


def _learn(params: DelayParameters, seed: int, **options) -> tuple[Raster, DelayWeights, float]:
    rng = np.random.default_rng(seed)
    sizes = params.n_patterns, params.n_neurons, params.n_steps
    patterns = draw_rasters(*sizes, params.firing_prob, rng)
    weights, info = fit(patterns, params, rng, **options)
    return patterns, weights, info["threshold"]


def _case(weights: DelayWeights, cues: Raster, params: DelayParameters, threshold: float) -> Case:
    table, none = weights.table, np.zeros(0, dtype=np.int64)
    parts = (
        (none, none, table.reshape(weights.n_neurons, weights.n_delays, -1))
        if isinstance(table, np.ndarray)
        else (table.indptr, table.indices, table.data)
    )
    return Case(
        *parts,
        cues.pattern,
        cues.neuron,
        cues.step,
        params.n_neurons,
        params.n_delays,
        cues.n_patterns,
        cues.n_steps,
        params.n_steps,
        params.beta,
        threshold,
    )
