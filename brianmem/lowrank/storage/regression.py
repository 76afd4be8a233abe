"""Each latent predicted from the others: weights G of shape (K, K) with a zero diagonal."""

import numpy as np

from brianmem.lowrank.geometry import NOTHING


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


def load_of(xi: np.ndarray) -> float:
    """p / N."""
    n_latents, n_patterns = xi.shape
    return n_patterns / (2 * n_latents)
