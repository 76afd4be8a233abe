"""Extended rule with weights trained on noise, to be right as often as can be.

If every latent is flipped with probability f, the input xi_k (G_k xi) of axis k has the mean
(1 - 2f) Lambda_k and, with |G_k| = 1, the variance 1 - (1 - 2f)^2, so that it is positive with
probability Phi(Lambda_k / sigma). Each row maximises the sum of log Phi over patterns.
"""

import numpy as np
from scipy.special import erfcx

from brianmem.lowrank.storage import extended
from brianmem.lowrank.storage.regression import load_of, unit_gain

TOLERANCE = 1e-5  # of elements of rows of length 1; weights are then within 1 % of the largest
MOST_STEPS = 3000


def extended_noise(xi: np.ndarray) -> np.ndarray:
    """D = (G + a) E^T / (1 + a) with noise-trained G, rows of gain 1.

    Source: not in Podlaski & Machens (2024).
    """
    return extended.with_antagonists(unit_gain(train(xi, flip_prob(load_of(xi))), xi))


def train(xi: np.ndarray, flip_prob: float, tolerance: float = TOLERANCE) -> np.ndarray:
    """G, shape (K, K): rows of length 1 at most, zero diagonal, best for flips of that probability.

    The sum is concave in G_k and the ball convex. Gradient ascent with momentum, projected onto the
    ball, therefore finds the best row; a row that turns back loses its momentum.
    """
    mean = 1 - 2 * flip_prob
    sigma = np.sqrt(1 - mean**2) / mean
    # No second derivative of log Phi is beyond 1: with this step the ascent cannot overshoot.
    step = (sigma / np.linalg.norm(xi, 2)) ** 2
    g = ahead = np.zeros((len(xi), len(xi)))
    pace = np.ones((len(xi), 1))
    for _ in range(MOST_STEPS):
        reached = _into_ball(ahead + step * _slope(ahead, xi, sigma))
        moved = reached - g
        turned = np.sum((ahead - reached) * moved, axis=1, keepdims=True) > 0
        pace = np.where(turned, 1.0, pace)
        faster = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        ahead = reached + (pace - 1) / faster * moved
        g, pace = reached, faster
        if np.abs(moved).max() < tolerance:
            break
    return g


def _slope(g: np.ndarray, xi: np.ndarray, sigma: float) -> np.ndarray:
    """Gradient of the sums of log Phi(Lambda / sigma), with a zero diagonal."""
    z = xi * (g @ xi) / sigma
    # The density over Phi, without dividing zero by zero where z is far below 0.
    ratio = np.sqrt(2 / np.pi) / erfcx(-z / np.sqrt(2))
    slope = (xi * ratio) @ xi.T / sigma
    np.fill_diagonal(slope, 0.0)
    return slope


def _into_ball(g: np.ndarray) -> np.ndarray:
    return g / np.maximum(1.0, np.linalg.norm(g, axis=1, keepdims=True))


# This and delta are fitted: flips that are completed at N = 400 and kappa = 3, at loads .05 to .6,
# in networks of the seeds 9000 to 9007.
def flip_prob(load: float) -> float:
    """f: noise that reaches as far as basins can at the load."""
    return max(0.004, min(0.3, 0.025 / load - 0.038))


def self_connection(load: float) -> float:
    """gamma: delta is 1, and less from load 1/3 on, where the smallest inputs are smaller."""
    return extended.scaled_self_connection(max(0.1, min(1.0, 2 - 3 * load)))
