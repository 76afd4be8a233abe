"""Optimised rule: the smallest decoder that meets D eta = xi without acting on its own axis.

With D = [H + G, H - G] the constraint reads H 1 + G xi = xi, because eta = [1 + xi; 1 - xi] / 2.
Of all H with the same row sums the smallest is constant along a row, h_k wherever it may be
non-zero, so that |D|^2 = 2 sum_k (|G_k|^2 + (K - 1) h_k^2). Row k is therefore the least-norm
regression of row k of X = [xi; sqrt(K - 1) 1^T] on its other rows, with coefficients
[G_k, sqrt(K - 1) h_k]: K regressions that leave one row out each, which the projector onto the
columns of X (or the inverse of X X^T, once that exists) gives all at once.
"""

import numpy as np

# Of a projector's diagonal, whose rounding errors are near 1e-15: below this, the row of the
# pattern matrix is independent of the others and its constraint cannot be met.
INDEPENDENT = 1e-10


def optimised(xi: np.ndarray) -> np.ndarray:
    """The solution of Podlaski & Machens (2024), Eq. 12, with own-axis elements omitted (App. B.1).

    Where the constraint cannot be met (p > K, or patterns in special position) the rows that fail
    become least-squares solutions of smallest norm.
    """
    n_latents, n_patterns = xi.shape
    scale = np.sqrt(n_latents - 1)
    x = np.vstack([xi, np.full(n_patterns, scale)])
    coefficients = _leave_one_out(x)[:n_latents]
    g, h = coefficients[:, :n_latents], coefficients[:, n_latents:] / scale
    h = np.where(np.eye(n_latents, dtype=bool), 0.0, h)
    return np.hstack([h + g, h - g])


def _leave_one_out(x: np.ndarray) -> np.ndarray:
    """C with zero diagonal such that C x comes closest to x, each row of least norm."""
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    basis = u[:, s > s[0] * max(x.shape) * np.finfo(float).eps]
    if basis.shape[1] == len(x):
        inverse = np.linalg.inv(x @ x.T)
        coefficients = -inverse / np.diag(inverse)[:, None]
        failed = np.zeros(len(x), dtype=bool)
    else:
        projector = basis @ basis.T
        free = 1 - np.diag(projector)
        failed = free < INDEPENDENT
        coefficients = projector / np.where(failed, 1, free)[:, None]
    np.fill_diagonal(coefficients, 0.0)
    for row in np.flatnonzero(failed):
        others = np.delete(np.arange(len(x)), row)
        coefficients[row, others] = np.linalg.lstsq(x[others].T, x[row], rcond=None)[0]
    return coefficients
