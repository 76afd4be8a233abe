"""Hebbian rule: synapses grow with how often their delay links two spikes."""

import numpy as np

from brianmem.delay.learning.correlation import correlate
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster


def hebbian(
    patterns: Raster, params: DelayParameters, rng: np.random.Generator
) -> tuple[DelayWeights, dict]:
    """W[j, i, d] = gain / (N D p_A) sum of s_j(t) s_i(t - d) (Perrinet 2026, initialisation).

    The paper's factor has M in the denominator too, which leaves a drive of about 1/M.
    """
    return correlate(patterns, params, kernel=(1.0,)), {}
