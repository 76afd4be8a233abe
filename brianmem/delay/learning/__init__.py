"""Offline learning rules: rasters to weights, one call for every rule.

A rule takes a Raster, parameters and a generator, and returns DelayWeights and a dictionary of what
it reports: `threshold` if the weights were learned for one, and whatever else it knows. To add one,
write a file with such a function and name it in LEARNERS; if it takes long, give it `progress`, a
function that it calls with (done, total), and name it in REPORTING, too.
"""

import resource
import time
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np

from brianmem.delay.learning.deconvolved import deconvolved
from brianmem.delay.learning.hebbian import hebbian
from brianmem.delay.learning.margin import margin
from brianmem.delay.learning.margin_settings import PRESETS
from brianmem.delay.learning.normalised import normalised
from brianmem.delay.learning.pseudo_inverse import pseudo_inverse
from brianmem.delay.learning.surrogate import surrogate
from brianmem.delay.learning.threshold import best_threshold, given_threshold
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.delay.windows import untold
from brianmem.errors import InputError, UnlearnableWarning
from brianmem.raster import Raster

# The margin rule with each of its sets of settings.
MARGIN_SETTINGS = {
    "margin": PRESETS["default"],
    "margin_dense": PRESETS["dense"],
    "margin_robust": PRESETS["robust"],
    "margin_loaded": PRESETS["loaded"],
    "margin_capacity": PRESETS["capacity"],
}
LEARNERS = {
    "hebbian": hebbian,
    "deconvolved": deconvolved,
    "normalised": normalised,
    "pseudo_inverse": pseudo_inverse,
    "surrogate": surrogate,
} | {name: partial(margin, settings=settings) for name, settings in MARGIN_SETTINGS.items()}
# Rules that say how far they are; the others take no time.
REPORTING = ("pseudo_inverse", "surrogate", *MARGIN_SETTINGS)


def check_learner(learner: str) -> None:
    """Raise InputError for an unknown learner."""
    if learner not in LEARNERS:
        raise InputError(f"unknown learner '{learner}': choose from {', '.join(LEARNERS)}")


def fit(
    patterns: Raster,
    params: DelayParameters,
    rng: np.random.Generator | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options,
) -> tuple[DelayWeights, dict]:
    """Weights that make each window of D steps predict the step that follows it.

    Parameters
    ----------
    patterns : Raster with the sizes of `params`
    params : learner, gain, threshold and sizes
    rng : for rules that draw numbers; None for one of seed 0
    progress : called as the rule goes on with what is done, and the most there can be to do; see
        brianmem.progress.bar. Rules that take no time do not call it
    options : of the rule

    Returns
    -------
    weights : DelayWeights
    info : gain; threshold (the given one, that of the rule, the middle of the gap, or where there
        is none the one near by with the best recall of the patterns, see
        brianmem.delay.learning.threshold); gap_low and gap_high (the interval of thresholds with
        the fewest errors; of weights that were learned for a threshold, the potentials next to it
        on both sides); missed and extra (errors of the next step at the threshold, under the
        clamped patterns); n_synapses; n_bytes (of the
        weights); seconds (of learning); peak_memory_mb (of the process); untold (what the windows
        of D steps do not tell, see brianmem.delay.windows); what the rule reports

    Warns with UnlearnableWarning of spikes that no weights can recall. Raises InputError for an
    unknown learner or patterns of other sizes.

    Source: Perrinet (2026), initialisation of the weights; the rules cite their own.
    """
    check_learner(params.learner)
    for name in ("n_patterns", "n_neurons", "n_steps"):
        if getattr(patterns, name) != getattr(params, name):
            raise InputError(
                f"patterns have {name} = {getattr(patterns, name)}, but the parameters say "
                f"{getattr(params, name)}"
            )
    missing = untold(patterns, params.n_delays)
    if str(missing):
        warnings.warn(
            f"{missing}: with {params.n_delays} delays no weights tell these apart, or recall them",
            UnlearnableWarning,
            stacklevel=2,
        )
    rng = np.random.default_rng(0) if rng is None else rng
    if progress is not None and params.learner in REPORTING:
        options["progress"] = progress
    start = time.perf_counter()
    weights, report = LEARNERS[params.learner](patterns, params, rng, **options)
    seconds = time.perf_counter() - start
    if "threshold" in report:
        threshold = report["threshold"] if params.threshold is None else params.threshold
        found = given_threshold(weights, patterns, params, threshold)
    else:
        found = best_threshold(weights, patterns, params)
    return weights, report | vars(found) | {
        "gain": params.gain,
        "untold": missing,
        "n_synapses": len(weights),
        "n_bytes": weights.n_bytes,
        "seconds": seconds,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
