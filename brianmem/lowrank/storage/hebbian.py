"""Hebbian rule."""

import numpy as np

from brianmem.lowrank.geometry import encoder


def hebbian(xi: np.ndarray) -> np.ndarray:
    """D = xi xi^T E^T / K, with which a single pattern has D eta = xi.

    Source: Podlaski & Machens (2024), Eq. 10, scaled.
    """
    n_latents = len(xi)
    return xi @ xi.T @ encoder(n_latents).T / n_latents
