"""Regularised rule: the optimised rule with a penalty on weights, for larger basins.

The optimised decoder [H + G, H - G] meets its constraints whatever size G needs, and large weights
carry errors of a damaged pattern along. Here H = 0, so that D = G E^T, and G is a ridge regression:
patterns are met less well, damaged ones better.
"""

import numpy as np

from brianmem.lowrank.geometry import encoder
from brianmem.lowrank.storage.regression import load_of, penalty, ridge, unit_gain

# Fitted, as is the penalty: flips that are completed at N = 400 and kappa = 3, at loads .05 to .55,
# in networks of the seeds 9000 to 9004.
SELF_CONNECTION = 1.7


def regularised(xi: np.ndarray) -> np.ndarray:
    """D = G E^T with rows of gain 1.

    Source: not in Podlaski & Machens (2024); without the penalty, their Eq. 12 with H = 0.
    """
    g = ridge(xi, penalty(xi, penalty_per_latent(load_of(xi))))
    return unit_gain(g, xi) @ encoder(len(xi)).T


def penalty_per_latent(load: float) -> float:
    """The ridge penalty of independent patterns divided by K: next to nothing from p = K on."""
    return max(1e-4, min(0.02, 0.6 * max(0.0, 0.5 - load) ** 2))


def self_connection(load: float) -> float:
    """gamma, the same at every load."""
    return SELF_CONNECTION
