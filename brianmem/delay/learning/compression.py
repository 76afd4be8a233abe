"""Fewer synapses and fewer levels: what is left of weights that have been learned."""

import numpy as np

# Spacings that are tried, as parts of the one that reaches from the least weight to the largest.
TRIED = np.geomspace(0.02, 1, 60)


def strongest(w: np.ndarray, n_kept: int) -> np.ndarray:
    """Indices, in increasing order, of the n_kept largest |w|; of equal ones, the first."""
    return np.sort(np.argsort(-np.abs(w), kind="stable")[:n_kept])


def nearest_levels(w: np.ndarray, spacing: float, n_levels: int) -> np.ndarray:
    """Each weight's nearest of spacing (k - (n_levels - 1) / 2), k = 0 to n_levels - 1."""
    middle = (n_levels - 1) / 2
    return spacing * (np.clip(np.rint(w / spacing + middle), 0, n_levels - 1) - middle)


def level_spacing(w: np.ndarray, n_levels: int) -> float:
    """The spacing of levels symmetric about 0 with the least squared error of the weights.

    At most 2 max |w| / (n_levels - 1), at which the outermost levels are the largest weights: with
    few levels these are better cut off, so that the others have levels of their own. 1 if all
    weights are 0.
    """
    widest = 2 * np.abs(w).max(initial=0) / (n_levels - 1)
    if widest == 0:
        return 1.0
    errors = [np.sum((w - nearest_levels(w, c * widest, n_levels)) ** 2) for c in TRIED]
    return float(TRIED[np.argmin(errors)] * widest)
