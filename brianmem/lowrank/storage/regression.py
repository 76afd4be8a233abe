"""Each latent predicted from the others: weights G of shape (K, K) with a zero diagonal."""

import numpy as np

from brianmem.lowrank.geometry import NOTHING

LEAST_CONTRAST = 0.01  # patterns that are all the same leave a penalty still


def ridge(xi: np.ndarray, penalty: float) -> np.ndarray:
    """G of least |G_k xi - xi_k|^2 + penalty |G_k|^2 in each row k, for a positive penalty.

    All K regressions, which leave one row out each, come from one inverse R: G_kj = -R_kj / R_kk.
    """
    inverse = np.linalg.inv(xi @ xi.T + penalty * np.eye(len(xi)))
    g = -inverse / np.diag(inverse)[:, None]
    np.fill_diagonal(g, 0.0)
    return g


def unit_gain(g: np.ndarray, xi: np.ndarray) -> np.ndarray:
    """Rows of G divided by their gain, the mean of xi_k (G xi)_k over patterns.

    A latent that no other predicts has no gain, and keeps its row.
    """
    gain = np.mean(xi * (g @ xi), axis=1, keepdims=True)
    return g / np.where(gain > NOTHING, gain, 1.0)


def contrast(xi: np.ndarray) -> float:
    """How much patterns differ: their variance about the mean pattern, over all latents.

    It is 1 for independent patterns and 1 - c for patterns that correlate by c.
    """
    n_patterns = xi.shape[1]
    return 1.0 if n_patterns == 1 else float(np.mean(np.var(xi, axis=1, ddof=1)))


def penalty(xi: np.ndarray, per_latent: float) -> float:
    """A ridge penalty for patterns that may be correlated, from one that suits independent ones.

    What tells correlated patterns apart is smaller by the contrast, and so must the penalty be. The
    power is the best of 0, 1, 1.5 and 2 at loads .1, .25 and .4, correlations .4, .6 and .8.
    """
    return len(xi) * per_latent * max(contrast(xi), LEAST_CONTRAST) ** 1.5


def load_of(xi: np.ndarray) -> float:
    """p / N."""
    n_latents, n_patterns = xi.shape
    return n_patterns / (2 * n_latents)
