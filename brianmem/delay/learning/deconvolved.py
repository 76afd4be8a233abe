"""Deconvolved Hebbian rule: teach the input that makes the leaky potential follow the spikes."""

import numpy as np

from brianmem.delay.learning.correlation import correlate
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster


def deconvolved(
    patterns: Raster, params: DelayParameters, rng: np.random.Generator
) -> tuple[DelayWeights, dict]:
    """The Hebbian rule with I_j(t) = s_j(t) - beta s_j(t - 1) in place of s_j(t).

    Source: Perrinet (2026), initialisation of later versions.
    """
    return correlate(patterns, params, kernel=(1.0, -params.beta)), {}
