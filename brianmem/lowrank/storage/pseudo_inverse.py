"""Pseudo-inverse rule, in two readings.

Eq. 11 of Podlaski & Machens (2024) prints Q = xi xi^T, which is K x K and singular for p < K; the
projector P onto the span of the patterns is what it must mean, xi (xi^T xi)^-1 xi^T.
"""

import numpy as np
from scipy.linalg import orth

from brianmem.lowrank.geometry import encoder


def pseudo_inverse(xi: np.ndarray) -> np.ndarray:
    """D = P E^T, as printed (Eq. 11): a neuron still acts on its antagonist."""
    return projector(xi) @ encoder(len(xi)).T


def pseudo_inverse_zeroed(xi: np.ndarray) -> np.ndarray:
    """D = (P - diag P) E^T: no neuron acts on its own latent axis, in the spirit of App. B.1."""
    p = projector(xi)
    np.fill_diagonal(p, 0.0)
    return p @ encoder(len(xi)).T


def projector(xi: np.ndarray) -> np.ndarray:
    """P, shape (K, K): the orthogonal projector onto the span of the patterns, dependent or not."""
    basis = orth(xi)
    return basis @ basis.T
