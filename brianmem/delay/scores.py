"""Count right, extra and missing spikes of a recalled raster, bin by bin."""

import numpy as np

from brianmem.raster import Raster

OUTCOMES = ("true_positives", "false_positives", "false_negatives")


def _outcomes(recalled: Raster, target: Raster, first_step: int):
    """Pattern and step of each spike after the cue, by outcome, in the order of OUTCOMES."""

    def keys(raster):
        late = raster.step >= first_step
        return np.ravel_multi_index(
            (raster.pattern[late], raster.neuron[late], raster.step[late]), shape
        )

    shape = target.n_patterns, target.n_neurons, target.n_steps
    found, wanted = keys(recalled), keys(target)
    hits = np.isin(found, wanted)
    for group in (found[hits], found[~hits], wanted[~np.isin(wanted, found)]):
        pattern, _, step = np.unravel_index(group, shape)
        yield pattern, step


def counts_by_pattern(recalled: Raster, target: Raster, first_step: int) -> np.ndarray:
    """OUTCOMES from `first_step` on, shape (3, n_patterns)."""
    return np.array(
        [
            np.bincount(pattern, minlength=target.n_patterns)
            for pattern, _ in _outcomes(recalled, target, first_step)
        ]
    )


def counts_by_step(recalled: Raster, target: Raster, first_step: int) -> np.ndarray:
    """The same counts summed over patterns, by step, shape (3, n_steps)."""
    return np.array(
        [
            np.bincount(step, minlength=target.n_steps)
            for _, step in _outcomes(recalled, target, first_step)
        ]
    )
