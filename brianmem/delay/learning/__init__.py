"""Offline learning rules: rasters to weights, one call for every rule.

A rule takes a Raster and parameters and returns a DelayWeights. To add one, write a file with such
a function and name it in LEARNERS.
"""

import numpy as np

from brianmem.delay.learning.deconvolved import deconvolved
from brianmem.delay.learning.hebbian import hebbian
from brianmem.delay.learning.threshold import clamped_potentials, place_threshold
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError
from brianmem.raster import Raster

LEARNERS = {"hebbian": hebbian, "deconvolved": deconvolved}


def check_learner(learner: str) -> None:
    """Raise InputError for an unknown learner."""
    if learner not in LEARNERS:
        raise InputError(f"unknown learner '{learner}': choose from {', '.join(LEARNERS)}")


def fit(
    patterns: Raster, params: DelayParameters, rng: np.random.Generator | None = None
) -> tuple[DelayWeights, dict]:
    """Weights that make each window of D steps predict the step that follows it.

    Parameters
    ----------
    patterns : Raster with the sizes of `params`
    params : learner, gain, threshold and sizes
    rng : not used by the rules so far, which are deterministic

    Returns
    -------
    weights : DelayWeights
    info : gain, threshold (the given one, or the middle of the gap), gap_low and gap_high (the
        interval of thresholds with the fewest errors), missed and extra (errors of the next step at
        the threshold, under the clamped patterns) and n_synapses

    Raises InputError for an unknown learner or patterns of other sizes.

    Source: Perrinet (2026), initialisation of the weights.
    """
    check_learner(params.learner)
    for name in ("n_patterns", "n_neurons", "n_steps"):
        if getattr(patterns, name) != getattr(params, name):
            raise InputError(
                f"patterns have {name} = {getattr(patterns, name)}, but the parameters say "
                f"{getattr(params, name)}"
            )
    weights = LEARNERS[params.learner](patterns, params)
    targets, others = clamped_potentials(weights, patterns, params)
    gap_low, gap_high = place_threshold(targets, others)
    threshold = params.threshold
    if threshold is None:
        threshold = (gap_low + gap_high) / 2
    return weights, {
        "gain": params.gain,
        "threshold": float(threshold),
        "gap_low": float(gap_low),
        "gap_high": float(gap_high),
        "missed": int(np.sum(targets < threshold)),
        "extra": int(np.sum(others >= threshold)),
        "n_synapses": len(weights),
    }
