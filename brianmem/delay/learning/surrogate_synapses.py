"""Synapses of the surrogate-gradient rule: their support, and the weights to start from."""

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from brianmem.delay.learning.correlation import correlate
from brianmem.delay.learning.surrogate_kernels import Synapses
from brianmem.delay.learning.surrogate_settings import SurrogateSettings
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster


def starting_synapses(
    patterns: Raster,
    params: DelayParameters,
    settings: SurrogateSettings,
    rng: np.random.Generator,
) -> Synapses:
    """Synapses of the support with the weights of the start, for a gain of 1."""
    n, n_rows = params.n_neurons, params.n_neurons * params.n_delays
    hebbian = correlate(patterns, replace(params, gain=1.0), kernel=(1.0,)).table
    if settings.support == "full":
        post, first = np.tile(np.arange(n, dtype=np.int32), n_rows), np.arange(n_rows + 1) * n
    else:
        post, first = hebbian.indices.astype(np.int32), hebbian.indptr.astype(np.int64)
    n_active = n_rows * params.firing_prob  # inputs of a neuron in a step
    if settings.start == "random_positive":
        w = rng.uniform(0, 2 * settings.scale / n_active, len(post))
    elif settings.start == "random":
        sd = settings.scale * math.sqrt((1 - params.beta**2) / n_active)
        w = rng.normal(0, sd, len(post))
    elif settings.support == "full":
        w = settings.scale * hebbian.toarray().ravel()
    else:
        w = settings.scale * hebbian.data
    return Synapses(w, post, first)


def to_weights(
    synapses: Synapses, params: DelayParameters, settings: SurrogateSettings
) -> DelayWeights:
    """A table of the whole support; sparse unless that is full."""
    n, n_delays = params.n_neurons, params.n_delays
    if settings.support == "full":
        return DelayWeights(synapses.w.reshape(n * n_delays, n))
    return DelayWeights(csr_array(tuple(synapses), shape=(n * n_delays, n)))
