"""Spikes in continuous time: which neuron fired, and when."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spikes:
    """Spikes of one network in the order in which they happened.

    Attributes
    ----------
    neuron : int array, shape (n_spikes,)
    time : float array, shape (n_spikes,), non-decreasing, in units of the membrane time constant
    """

    neuron: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.neuron)


def shared_fraction(spikes: Spikes) -> float:
    """Fraction of the spikes that carry the same time as another spike (0 without spikes)."""
    if len(spikes) == 0:
        return 0.0
    _, counts = np.unique(spikes.time, return_counts=True)
    return float(counts[counts > 1].sum() / len(spikes))


def first_difference(spikes: Spikes, exact: Spikes) -> int | None:
    """Number, counted from 1, of the first spike whose neuron differs from the exact sequence.

    None if the two sequences are the same.
    """
    shorter = min(len(spikes), len(exact))
    wrong = np.flatnonzero(spikes.neuron[:shorter] != exact.neuron[:shorter])
    if len(wrong):
        return int(wrong[0]) + 1
    return None if len(spikes) == len(exact) else shorter + 1
