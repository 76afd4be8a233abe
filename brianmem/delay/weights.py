"""Weights of a delay network: sparse, one per presynaptic neuron, delay and postsynaptic neuron."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from brianmem.errors import InputError


@dataclass(frozen=True)
class DelayWeights:
    """Synapses sorted by presynaptic neuron, then delay, then postsynaptic neuron.

    Attributes
    ----------
    post, pre : int arrays, shape (n_synapses,)
    delay_steps : int array, shape (n_synapses,), from 1 to n_delays
    value : float array, shape (n_synapses,)
    n_neurons, n_delays : int

    Raises InputError for neurons or delays out of range, and for NaN or infinite weights.
    """

    post: np.ndarray
    pre: np.ndarray
    delay_steps: np.ndarray
    value: np.ndarray
    n_neurons: int
    n_delays: int

    def __post_init__(self):
        index = {name: np.asarray(getattr(self, name)) for name in ("post", "pre", "delay_steps")}
        for name, array in index.items():
            if len(array) and not np.issubdtype(array.dtype, np.integer):
                raise InputError(f"{name} of a synapse must be an integer")
        value = np.asarray(self.value, dtype=float)
        if {array.shape for array in index.values()} != {(len(value),)}:
            raise InputError("weights need one post, pre, delay_steps and value per synapse")
        if not np.isfinite(value).all():
            raise InputError("the weights hold NaN or infinite values")
        for name, first, last in (
            ("post", 0, self.n_neurons - 1),
            ("pre", 0, self.n_neurons - 1),
            ("delay_steps", 1, self.n_delays),
        ):
            if len(value) and not (first <= index[name].min() and index[name].max() <= last):
                raise InputError(f"{name} of a synapse must lie between {first} and {last}")
        order = np.lexsort((index["post"], index["delay_steps"], index["pre"]))
        for name, array in index.items():
            object.__setattr__(self, name, array.astype(np.int64)[order])
        object.__setattr__(self, "value", value[order])

    def __len__(self) -> int:
        return len(self.value)

    @classmethod
    def from_dense(cls, dense) -> "DelayWeights":
        """The non-zero elements of an array weights[post, pre, delay - 1]."""
        dense = np.asarray(dense, dtype=float)
        if dense.ndim != 3 or dense.shape[0] != dense.shape[1]:
            raise InputError(f"weights are a [post, pre, delay] array, not of shape {dense.shape}")
        post, pre, delay = np.nonzero(dense)
        return cls(post, pre, delay + 1, dense[post, pre, delay], dense.shape[0], dense.shape[2])

    def to_dense(self) -> np.ndarray:
        """Array weights[post, pre, delay - 1]."""
        dense = np.zeros((self.n_neurons, self.n_neurons, self.n_delays))
        np.add.at(dense, (self.post, self.pre, self.delay_steps - 1), self.value)
        return dense

    def by_presynaptic(self) -> csr_array:
        """Sparse array, shape (n_neurons, n_delays * n_neurons): row pre, column (delay - 1, post).

        A row holds all that one spike adds to the n_delays steps that follow it.
        """
        column = (self.delay_steps - 1) * self.n_neurons + self.post
        shape = self.n_neurons, self.n_delays * self.n_neurons
        return csr_array((self.value, (self.pre, column)), shape=shape)
