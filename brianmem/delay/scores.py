"""Count right, extra and missing spikes of a recalled raster, bin by bin."""

import numpy as np

from brianmem.raster import Raster

OUTCOMES = ("true_positives", "false_positives", "false_negatives")


def _outcomes(
    recalled: Raster,
    target: Raster,
    first_step: int,
    forced: Raster | None = None,
    tolerance: int = 0,
):
    """Pattern, neuron and step of the spikes after the cue, for each of OUTCOMES in turn."""

    def keys(raster):
        late = raster.step >= first_step
        return np.ravel_multi_index(
            (raster.pattern[late], raster.neuron[late], raster.step[late]), shape
        )

    # Steps count the fastest: spikes of a neuron stand together, and in their order.
    shape = target.n_patterns, target.n_neurons, target.n_steps
    found, wanted = np.sort(keys(recalled)), np.sort(keys(target))
    hit, met = (
        _matched(found, wanted, tolerance, target.n_steps)
        if tolerance
        else (np.isin(found, wanted), np.isin(wanted, found))
    )
    wrong = found[~hit]
    if forced is not None:
        wrong = wrong[~np.isin(wrong, keys(forced))]
    for group in (found[hit], wrong, wanted[~met]):
        yield np.unravel_index(group, shape)


def _matched(
    found: np.ndarray, wanted: np.ndarray, tolerance: int, n_steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which spikes have a partner of the same neuron at most `tolerance` steps away, on both sides.

    Each has one at most. The earliest that can be paired are: no other way makes more pairs.
    """
    hit, met = np.zeros(len(found), dtype=bool), np.zeros(len(wanted), dtype=bool)
    i = j = 0
    while i < len(found) and j < len(wanted):
        if found[i] // n_steps == wanted[j] // n_steps and abs(found[i] - wanted[j]) <= tolerance:
            hit[i] = met[j] = True
            i, j = i + 1, j + 1
        elif found[i] < wanted[j]:
            i += 1
        else:
            j += 1
    return hit, met


def counts_by_pattern(
    recalled: Raster,
    target: Raster,
    first_step: int,
    forced: Raster | None = None,
    tolerance: int = 0,
) -> np.ndarray:
    """OUTCOMES from `first_step` on, shape (3, n_patterns).

    Forced spikes are no errors of the network: where they are not wanted, they do not count. With a
    tolerance, a spike that comes so many steps too early or too late is right.
    """
    groups = _outcomes(recalled, target, first_step, forced, tolerance)
    return np.array([np.bincount(m, minlength=target.n_patterns) for m, _, _ in groups])


def counts_by_neuron(recalled: Raster, target: Raster, first_step: int) -> np.ndarray:
    """The same counts summed over patterns, by neuron, shape (3, n_neurons)."""
    groups = _outcomes(recalled, target, first_step)
    return np.array([np.bincount(i, minlength=target.n_neurons) for _, i, _ in groups])


def counts_by_step(recalled: Raster, target: Raster, first_step: int) -> np.ndarray:
    """The same counts summed over patterns, by step, shape (3, n_steps)."""
    groups = _outcomes(recalled, target, first_step)
    return np.array([np.bincount(n, minlength=target.n_steps) for _, _, n in groups])
