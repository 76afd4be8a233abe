"""From a decoder to the weights, lift and bias of the all-inhibitory network.

Letters follow Podlaski & Machens (2024): K latents, N = 2K neurons, patterns xi of shape (K, p),
encoder E of shape (N, K), decoder D of shape (K, N), weights W of shape (N, N) as W[post, pre].
"""

import numpy as np

from brianmem.errors import InputError

# A gain q of order one in a useful memory; what rounding leaves of zero is near 1e-15.
NOTHING = 1e-9


def encoder(n_latents: int) -> np.ndarray:
    """E = [I; -I], shape (2K, K): each latent axis has a neuron for either sign (Eq. 7)."""
    identity = np.eye(n_latents)
    return np.vstack([identity, -identity])


def neural_patterns(xi: np.ndarray) -> np.ndarray:
    """eta = max(E xi, 0), shape (2K, p): the neurons active in each pattern (Eq. 9 at rate 1)."""
    return np.vstack([xi > 0, xi < 0]).astype(float)


def own_elements(n_latents: int) -> tuple[np.ndarray, np.ndarray]:
    """Index of the decoder elements by which a neuron acts on its own latent axis."""
    rows = np.arange(n_latents)
    return np.tile(rows, 2), np.concatenate([rows, rows + n_latents])


def without_own_elements(decoder: np.ndarray) -> np.ndarray:
    """D with the elements of every neuron's own latent axis set to zero."""
    decoder = decoder.copy()
    decoder[own_elements(len(decoder))] = 0.0
    return decoder


def gain(decoder: np.ndarray, xi: np.ndarray) -> float:
    """q: the drive xi_k (D eta)_k that an axis gets from the other axes, on average."""
    return float(np.mean(xi * (without_own_elements(decoder) @ neural_patterns(xi))))


def self_connection(decoder: np.ndarray, q: float) -> float:
    """gamma in the middle of its stable window.

    The window is (q, 1 + q) if a neuron acts on its antagonist (the neuron of the other sign on
    its axis) and (q, 2q) if it does not: the faces of the active neurons hold from q on, those of
    their antagonists up to the upper edge. A decoder that stores nothing (q = 0, as with the own
    axis zeroed at p = K) has no such window and gets 0.5.
    """
    acts_on_antagonist = np.any(decoder[own_elements(len(decoder))] != 0)
    stores_nothing = abs(q) < NOTHING
    return q + 0.5 if acts_on_antagonist or stores_nothing else 1.5 * q


def recurrent_weights(decoder: np.ndarray, gamma: float) -> np.ndarray:
    """W = E D with the self-connections replaced by -gamma (Eqs. 3 and 18)."""
    weights = np.vstack([decoder, -decoder])
    np.fill_diagonal(weights, -gamma)
    return weights


def lift(weights: np.ndarray) -> float:
    """alpha = max of W_ij over i != j: subtracted from all, it leaves none positive (Eq. 22)."""
    off_diagonal = ~np.eye(len(weights), dtype=bool)
    return float(weights.max(where=off_diagonal, initial=-np.inf))


def bias(kappa: float, alpha: float, q: float, gamma: float, n_latents: int) -> float:
    """b = I - T = kappa (alpha K - q + gamma): at this drive active neurons fire at rate kappa.

    It balances, at the threshold of an active neuron, the inhibition of K neurons that fire at
    rate kappa. Raises InputError if it is not positive: neurons would then never fire, or never
    stop.
    """
    b = kappa * (alpha * n_latents - q + gamma)
    if not b > 0:
        raise InputError(
            f"the bias is {b:.4g} and must be positive: raise gamma (now {gamma:.4g}) above "
            f"{q - alpha * n_latents:.4g}, or store other patterns"
        )
    return b
