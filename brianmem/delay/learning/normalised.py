"""The deconvolved rule with the normalisation of Perrinet's published code.

It divides by how often an input takes part in a context, about M (T - D) p_A, where the Hebbian
rule divides by how many inputs do, N D p_A. The drive of a neuron at its target is then about
N D / (M (T - D)): right for one size of the problem, and for one only.
"""

import numpy as np

from brianmem.delay.learning.deconvolved import deconvolved
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError
from brianmem.raster import Raster


def normalised(
    patterns: Raster, params: DelayParameters, rng: np.random.Generator
) -> tuple[DelayWeights, dict]:
    """Deconvolved weights over the mean number of contexts that an input (i, d) takes part in.

    The code's threshold is 0.8: give it as the parameters' threshold. Its network differs further
    in the reset, which subtracts the threshold. `drive` of the report is the expected input at a
    target, in units of the gain.

    Raises InputError if no input takes part in any context.
    """
    weights, _ = deconvolved(patterns, params, rng)
    # A spike at step t is in the contexts of the steps t + 1 to t + D that are asked for.
    first = np.maximum(patterns.step + 1, params.n_delays)
    last = np.minimum(patterns.step + params.n_delays, params.n_steps - 1)
    count = np.maximum(last - first + 1, 0).sum() / (params.n_neurons * params.n_delays)
    if not count:
        raise InputError("the patterns have no spike before a step that is asked for")
    drive = params.n_neurons * params.n_delays * params.firing_prob / count
    return DelayWeights(drive * weights.table), {"drive": drive}
