"""The binary network as it is defined: every field is computed when its axis has its turn."""

import numpy as np

from brianmem.lowrank.hopfield import MOST_SWEEPS, ROUNDING


def random_order(decoder, start, rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """Final state, shape (K,), and the axes that changed in order: see hopfield.random_order."""
    state, changes = np.array(start), []
    for _ in range(MOST_SWEEPS):
        n_before = len(changes)
        for axis in rng.permutation(len(state)):
            if _wrong(decoder, state, axis):
                state[axis] *= -1
                changes.append(int(axis))
        if len(changes) == n_before:
            break
    return state, changes


def largest_first(decoder, start) -> tuple[np.ndarray, list[int]]:
    """Final state, shape (K,), and the axes that changed in order: see hopfield.largest_first."""
    state, changes = np.array(start), []
    while True:
        wrong = [axis for axis in range(len(state)) if _wrong(decoder, state, axis)]
        if not wrong:
            return state, changes
        sizes = {axis: abs(_field(decoder, state, axis)) for axis in wrong}
        equal = ROUNDING * np.abs(decoder).sum(axis=1).max()
        axis = next(k for k in wrong if sizes[k] >= max(sizes.values()) - equal)
        state[axis] *= -1
        changes.append(axis)


def _field(decoder, state, axis: int) -> float:
    """D_k [s > 0, s < 0]: Hopfield (1982) with two neurons for each state."""
    return float(decoder[axis] @ np.concatenate([state > 0, state < 0]))


def _wrong(decoder, state, axis: int) -> bool:
    of_zero = ROUNDING * np.abs(decoder[axis]).sum()
    return state[axis] * _field(decoder, state, axis) < -of_zero
