"""Starts of a low-rank network: its patterns, damaged ones, and vertices that were not stored."""

from collections.abc import Iterable

import numpy as np

from brianmem.patterns import draw_binary, draw_flips, flip
from protocols.lowrank.trials import Trial


def stored_starts(
    xi: np.ndarray, which: Iterable[int], flip_fractions: tuple[float, ...], seed: int
) -> list[Trial]:
    """Each of these patterns of `xi`, shape (K, p), with each flip fraction.

    The flips of a pattern are nested: a larger fraction flips what a smaller one does, and more.
    """
    trials = []
    for fraction in flip_fractions:
        for mu in which:
            mask = draw_flips(len(xi), fraction, np.random.default_rng([seed, 1, mu]))
            trials.append(Trial("stored", mu, fraction, xi[:, mu], flip(xi[:, mu], mask)))
    return trials


def random_starts(xi: np.ndarray, n_starts: int, seed: int) -> list[Trial]:
    """Random vertices that are no pattern of `xi`; none if there is no other vertex."""
    n_latents = len(xi)
    if len(np.unique(xi, axis=1).T) == 2**n_latents:
        return []
    rng = np.random.default_rng([seed, 2])
    vertices = []
    while len(vertices) < n_starts:
        vertex = draw_binary(n_latents, 1, rng)[:, 0]
        if not (xi == vertex[:, None]).all(axis=0).any():
            vertices.append(vertex)
    return [Trial("random", mu, 0.0, vertex, vertex) for mu, vertex in enumerate(vertices)]
