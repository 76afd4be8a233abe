"""Count right, extra and missing spikes of a recalled raster, bin by bin."""

import numpy as np

from brianmem.raster import Raster

OUTCOMES = ("true_positives", "false_positives", "false_negatives")


def _outcomes(recalled: Raster, target: Raster, first_step: int, forced: Raster | None = None):
    """Pattern, neuron and step of the spikes after the cue, for each of OUTCOMES in turn."""

    def keys(raster):
        late = raster.step >= first_step
        return np.ravel_multi_index(
            (raster.pattern[late], raster.neuron[late], raster.step[late]), shape
        )

    shape = target.n_patterns, target.n_neurons, target.n_steps
    found, wanted = keys(recalled), keys(target)
    hits = np.isin(found, wanted)
    wrong = found[~hits]
    if forced is not None:
        wrong = wrong[~np.isin(wrong, keys(forced))]
    for group in (found[hits], wrong, wanted[~np.isin(wanted, found)]):
        yield np.unravel_index(group, shape)


def counts_by_pattern(
    recalled: Raster, target: Raster, first_step: int, forced: Raster | None = None
) -> np.ndarray:
    """OUTCOMES from `first_step` on, shape (3, n_patterns).

    Forced spikes are no errors of the network: where they are not wanted, they do not count.
    """
    groups = _outcomes(recalled, target, first_step, forced)
    return np.array([np.bincount(m, minlength=target.n_patterns) for m, _, _ in groups])


def counts_by_neuron(recalled: Raster, target: Raster, first_step: int) -> np.ndarray:
    """The same counts summed over patterns, by neuron, shape (3, n_neurons)."""
    groups = _outcomes(recalled, target, first_step)
    return np.array([np.bincount(i, minlength=target.n_neurons) for _, i, _ in groups])


def counts_by_step(recalled: Raster, target: Raster, first_step: int) -> np.ndarray:
    """The same counts summed over patterns, by step, shape (3, n_steps)."""
    groups = _outcomes(recalled, target, first_step)
    return np.array([np.bincount(n, minlength=target.n_steps) for _, _, n in groups])
