"""Weights of a delay network, by presynaptic neuron, delay and postsynaptic neuron."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array, issparse

from brianmem.checks import delay_table
from brianmem.errors import InputError


@dataclass(frozen=True)
class DelayWeights:
    """A table of what each spike adds, D steps long.

    Attributes
    ----------
    table : (N D, N) with rows (pre, delay - 1) and columns post, float64 or float32: a csr_array,
        or an array where most synapses exist. Sparse arrays of other formats are converted

    Raises InputError for other shapes and numbers, and for NaN or infinite weights.
    """

    table: csr_array | np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "table", delay_table(self.table))

    @property
    def n_neurons(self) -> int:
        """N."""
        return self.table.shape[1]

    @property
    def n_delays(self) -> int:
        """D; delays are 1 to D steps."""
        return self.table.shape[0] // self.n_neurons

    def __len__(self) -> int:
        """The number of synapses."""
        return self.table.nnz if issparse(self.table) else int(np.count_nonzero(self.table))

    @property
    def n_bytes(self) -> int:
        """What the table takes in memory."""
        if not issparse(self.table):
            return self.table.nbytes
        return sum(a.nbytes for a in (self.table.data, self.table.indices, self.table.indptr))

    @classmethod
    def from_synapses(cls, post, pre, delay_steps, value, n_neurons: int, n_delays: int):
        """A table from lists of equal length: neurons, delays from 1 to n_delays, and weights.

        Weights of synapses that are alike add up. Raises InputError for lists that do not fit, and
        neurons or delays out of range.
        """
        index = {"post": post, "pre": pre, "delay_steps": delay_steps}
        index = {name: np.asarray(array) for name, array in index.items()}
        value = np.asarray(value, dtype=float)
        if {array.shape for array in index.values()} != {(len(value),)}:
            raise InputError("weights need one post, pre, delay_steps and value per synapse")
        for name, first, last in (
            ("post", 0, n_neurons - 1),
            ("pre", 0, n_neurons - 1),
            ("delay_steps", 1, n_delays),
        ):
            if not len(value):
                index[name] = np.zeros(0, dtype=np.int64)
            elif not np.issubdtype(index[name].dtype, np.integer):
                raise InputError(f"{name} of a synapse must be an integer")
            elif not (first <= index[name].min() and index[name].max() <= last):
                raise InputError(f"{name} of a synapse must lie between {first} and {last}")
        row = index["pre"] * n_delays + index["delay_steps"] - 1
        table = coo_array((value, (row, index["post"])), shape=(n_neurons * n_delays, n_neurons))
        return cls(table.tocsr())

    @classmethod
    def from_dense(cls, dense) -> "DelayWeights":
        """The non-zero elements of an array weights[post, pre, delay - 1]."""
        dense = np.asarray(dense, dtype=float)
        if dense.ndim != 3 or dense.shape[0] != dense.shape[1]:
            raise InputError(f"weights are a [post, pre, delay] array, not of shape {dense.shape}")
        return cls(csr_array(dense.transpose(1, 2, 0).reshape(-1, len(dense))))

    def to_dense(self) -> np.ndarray:
        """Array weights[post, pre, delay - 1]."""
        table = self.table.toarray() if issparse(self.table) else self.table
        shape = self.n_neurons, self.n_delays, self.n_neurons
        return np.ascontiguousarray(table.reshape(shape).transpose(2, 0, 1))

    def synapses(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """post, pre, delay_steps and value, sorted by pre, then delay, then post."""
        table = csr_array(self.table).sorted_indices().tocoo()
        pre, delay = np.divmod(table.row, self.n_delays)
        return table.col, pre, delay + 1, table.data

    def by_presynaptic(self) -> csr_array:
        """Sparse array, shape (n_neurons, n_delays * n_neurons): row pre, column (delay - 1, post).

        A row holds all that one spike adds to the n_delays steps that follow it.
        """
        post, pre, delay_steps, value = self.synapses()
        column = (delay_steps - 1).astype(np.int64) * self.n_neurons + post
        shape = self.n_neurons, self.n_delays * self.n_neurons
        return csr_array((value, (pre, column)), shape=shape)
