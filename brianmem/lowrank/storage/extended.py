"""Extended rule: beyond the paper's architecture, the two neurons of an axis inhibit each other.

W_(k,k+K) = -a with a large a keeps the two neurons of an axis from firing together. Their rates
then saturate, and D eta = xi need no longer be met: the input xi_k (G xi)_k from the other axes may
be anything above delta / 2, where gamma = a + delta. A decoder with D eta = xi has all of these
numbers divided by 1 + a, so that 1 / (1 + a) of the work is left to the other axes. The lift is
the largest weight and does not see the inhibition.
"""

import numpy as np

from brianmem.lowrank.geometry import encoder
from brianmem.lowrank.storage.regression import load_of, penalty, ridge, unit_gain

ANTAGONIST = 15.0  # a


def extended(xi: np.ndarray) -> np.ndarray:
    """D = (G + a) E^T / (1 + a) with ridge regressions G, rows of gain 1.

    Source: not in Podlaski & Machens (2024).
    """
    g = ridge(xi, penalty(xi, penalty_per_latent(load_of(xi))))
    return with_antagonists(unit_gain(g, xi))


def with_antagonists(g: np.ndarray) -> np.ndarray:
    """D of shape (K, 2K) from weights G between the axes, shape (K, K), of gain 1."""
    n_latents = len(g)
    return (g + ANTAGONIST * np.eye(n_latents)) @ encoder(n_latents).T / (1 + ANTAGONIST)


def scaled_self_connection(delta: float) -> float:
    """gamma = (a + delta) / (1 + a)."""
    return (ANTAGONIST + delta) / (1 + ANTAGONIST)


# This and delta are fitted: flips that are completed at N = 400 and kappa = 3, at loads .05 to .55,
# in networks of the seeds 9000 to 9004.
def penalty_per_latent(load: float) -> float:
    """The ridge penalty of independent patterns divided by K."""
    return max(1e-4, 0.8 * max(0.0, 0.6 - load) ** 2)


def self_connection(load: float) -> float:
    """gamma: delta is 1.2, and less from load 0.4 on, where the smallest inputs are smaller."""
    return scaled_self_connection(max(0.2, min(1.2, 6 * (0.6 - load))))
