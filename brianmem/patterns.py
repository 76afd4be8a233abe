"""Draw the patterns that the networks store, and damage them."""

import numpy as np

from brianmem.errors import InputError
from brianmem.raster import Raster


def draw_binary(n_latents: int, n_patterns: int, rng: np.random.Generator) -> np.ndarray:
    """Random patterns of -1 and +1, shape (n_latents, n_patterns)."""
    return rng.choice(np.array([-1, 1], dtype=np.int8), size=(n_latents, n_patterns))


def draw_correlated(
    n_latents: int, n_patterns: int, correlation: float, rng: np.random.Generator
) -> np.ndarray:
    """Patterns of -1 and +1, shape (n_latents, n_patterns), any two with this mean correlation.

    Each element is that of a common random pattern with probability (1 + sqrt(correlation)) / 2.
    Without correlation they are those of draw_binary. Raises InputError outside [0, 1).
    """
    if not 0 <= correlation < 1:
        raise InputError(f"correlation must lie in [0, 1), not at {correlation}")
    if correlation == 0:
        return draw_binary(n_latents, n_patterns, rng)
    common = draw_binary(n_latents, 1, rng)
    alike = rng.random((n_latents, n_patterns)) < (1 + np.sqrt(correlation)) / 2
    return np.where(alike, common, -common)


def as_binary(patterns) -> np.ndarray:
    """Patterns of +-1 from +-1 or 0/1, shape (n_latents, n_patterns), int8.

    Raises InputError for any other value or number of axes.
    """
    patterns = np.asarray(patterns)
    if patterns.ndim != 2 or 0 in patterns.shape:
        raise InputError(
            f"binary patterns are a [latent, pattern] array, not of shape {patterns.shape}"
        )
    if np.isin(patterns, (-1, 1)).all():
        return patterns.astype(np.int8)
    if np.isin(patterns, (0, 1)).all():
        return (2 * patterns.astype(np.int8) - 1).astype(np.int8)
    raise InputError("binary patterns hold either -1 and +1, or 0 and 1")


def check_fraction(name: str, value: float) -> None:
    """Raise InputError for what is no fraction."""
    if not 0 <= value <= 1:
        raise InputError(f"{name} must lie in [0, 1], not {value}")


def draw_flips(n_latents: int, flip_fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Mask of the round(flip_fraction * n_latents) elements to flip, boolean, shape (n_latents,).

    Raises InputError if the fraction lies outside [0, 1].
    """
    check_fraction("flip_fraction", flip_fraction)
    mask = np.zeros(n_latents, dtype=bool)
    mask[rng.permutation(n_latents)[: round(flip_fraction * n_latents)]] = True
    return mask


def flip(pattern: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The +-1 pattern with the masked elements negated."""
    return np.where(mask, -pattern, pattern)


def draw_rasters(
    n_patterns: int, n_neurons: int, n_steps: int, firing_prob: float, rng: np.random.Generator
) -> Raster:
    """Rasters in which each neuron fires in each step with probability `firing_prob`.

    Raises InputError if the probability lies outside [0, 1].
    """
    check_fraction("firing_prob", firing_prob)
    # One pattern at a time keeps the dense array of random numbers small.
    events = [np.nonzero(rng.random((n_neurons, n_steps)) < firing_prob) for _ in range(n_patterns)]
    return Raster.from_events(events, n_neurons, n_steps)
