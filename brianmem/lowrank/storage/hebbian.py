"""Hebbian rule."""

import numpy as np

from brianmem.lowrank.geometry import encoder


def hebbian(xi: np.ndarray) -> np.ndarray:
    """D = xi xi^T E^T / K (Podlaski & Machens 2024, Eq. 10, scaled so that one pattern gives D eta = xi)."""
    n_latents = len(xi)
    return xi @ xi.T @ encoder(n_latents).T / n_latents
