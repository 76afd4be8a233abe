"""Pseudo-inverse rule, in four readings.

Eq. 11 of Podlaski & Machens (2024) prints Q = xi xi^T, which is K x K and singular for p < K; the
projector P onto the span of the patterns is what it must mean, xi (xi^T xi)^-1 xi^T. It does not
say what becomes of the elements of P by which a neuron acts on its own axis, or what their loss
does to D eta = xi.
"""

import numpy as np
from scipy.linalg import orth, pinv

from brianmem.lowrank.geometry import encoder, neural_patterns

# Of 1 - P_kk, whose rounding errors are near 1e-15.
INDEPENDENT = 1e-10


def pseudo_inverse(xi: np.ndarray) -> np.ndarray:
    """D = P E^T, as printed (Eq. 11): a neuron still acts on its antagonist."""
    return projector(xi) @ encoder(len(xi)).T


def pseudo_inverse_zeroed(xi: np.ndarray) -> np.ndarray:
    """D = (P - diag P) E^T: no neuron acts on its own latent axis, in the spirit of App. B.1."""
    p = projector(xi)
    np.fill_diagonal(p, 0.0)
    return p @ encoder(len(xi)).T


def pseudo_inverse_rescaled(xi: np.ndarray) -> np.ndarray:
    """D = (1 - diag P)^-1 (P - diag P) E^T: without own axes, and scaled so that D eta = xi holds.

    It is the optimised rule with H = 0. A latent that is independent of the others keeps its row.
    """
    p = projector(xi)
    own = np.diag(p).copy()
    np.fill_diagonal(p, 0.0)
    return p / np.where(1 - own > INDEPENDENT, 1 - own, 1.0)[:, None] @ encoder(len(xi)).T


def pseudo_inverse_neural(xi: np.ndarray) -> np.ndarray:
    """D = xi eta^+: the pseudo-inverse of the neural patterns, the smallest D with D eta = xi.

    It is the optimised rule (Eq. 12) without App. B.1: own-axis elements are not left out.
    """
    # SciPy's limit of singular values grows with the matrix; eta always has some that are zero.
    return xi @ pinv(neural_patterns(xi))


def projector(xi: np.ndarray) -> np.ndarray:
    """P, shape (K, K): the orthogonal projector onto the span of the patterns, dependent or not."""
    basis = orth(xi)
    return basis @ basis.T
