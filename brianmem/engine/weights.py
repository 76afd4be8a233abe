"""Recurrent weights as a user gives them, and as an event loop reads them: column by column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

from brianmem.errors import InputError

BLOCK_BYTES = 64  # as in support/growing_frame.cpp
# Up to here, the K-sized state's extra sums cost more than the half columns save. It is the same on
# every processor, since the choice decides the last bit of float32.
LARGEST_DENSE = 600


@dataclass(frozen=True)
class LowRankWeights:
    """W = E D off the diagonal, with self-connections of their own, lowered by a lift.

    Attributes
    ----------
    encoder : E, shape (N, K)
    decoder : D, shape (K, N)
    self_connection : gamma: W_ii = -gamma; None keeps the diagonal of E D
    lift : alpha, subtracted from all weights, the diagonal included

    Source: Podlaski & Machens (2024), Eqs. 3, 18 and 22.
    """

    encoder: np.ndarray
    decoder: np.ndarray
    self_connection: float | None = None
    lift: float = 0.0

    def __post_init__(self):
        for name in ("encoder", "decoder"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        e, d = self.encoder.shape, self.decoder.shape
        if len(e) != 2 or d != e[::-1]:
            raise InputError(f"encoder and decoder have shapes (N, K) and (K, N), not {e} and {d}")

    @property
    def n_neurons(self) -> int:
        """N."""
        return len(self.encoder)

    @property
    def mirrored(self) -> bool:
        """Whether E = [I; -I], so that neurons k and K + k see the same input, opposite in sign."""
        identity = np.eye(self.encoder.shape[1])
        return np.array_equal(self.encoder, np.vstack([identity, -identity]))

    def unlifted(self) -> np.ndarray:
        """W before the lift, shape (N, N), as [post, pre]."""
        weights = self.encoder @ self.decoder
        if self.self_connection is not None:
            np.fill_diagonal(weights, -self.self_connection)
        return weights

    def dense(self) -> np.ndarray:
        """W, shape (N, N), as [post, pre]."""
        return self.unlifted() - self.lift


Weights = np.ndarray | LowRankWeights | Sequence[LowRankWeights]


def as_networks(weights: Weights) -> list:
    """One matrix or LowRankWeights per network.

    Raises InputError for shapes that are not square, sizes that differ and values that are not
    finite.
    """
    if isinstance(weights, LowRankWeights):
        networks = [weights]
    elif isinstance(weights, Sequence) and all(isinstance(w, LowRankWeights) for w in weights):
        networks = list(weights)
    else:
        array = _as_array(weights)
        networks = [array] if array.ndim == 2 else list(array)
        if array.ndim not in (2, 3) or array.shape[-1] != array.shape[-2] or array.size == 0:
            raise InputError(
                "weights have shape (N, N), or (n_networks, N, N) for several networks, "
                f"not {array.shape}"
            )
    if len({size(network) for network in networks}) != 1:
        raise InputError("all networks need the same number of neurons")
    for number, network in enumerate(networks):
        parts = [network]
        if isinstance(network, LowRankWeights):
            own = () if network.self_connection is None else (network.self_connection,)
            parts = [network.encoder, network.decoder, network.lift, *own]
        if not all(np.isfinite(part).all() for part in parts):
            which = "" if len(networks) == 1 else f" of network {number}"
            raise InputError(f"the weights{which} hold NaN or infinite values")
    return networks


def _as_array(weights) -> np.ndarray:
    sparse = isinstance(weights, Sequence) and any(map(issparse, weights))
    if sparse:
        weights = [w.toarray() if issparse(w) else w for w in weights]
    try:
        return np.asarray(weights.toarray() if issparse(weights) else weights, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            "weights are an array of numbers, sparse or not, or LowRankWeights, not "
            f"{type(weights).__name__}"
        ) from None


def size(network) -> int:
    """N of one network."""
    return network.n_neurons if isinstance(network, LowRankWeights) else len(network)


def dense(network) -> np.ndarray:
    """The full matrix of one network, as [post, pre]."""
    return network.dense() if isinstance(network, LowRankWeights) else network


def prefers_mirrored(networks: list) -> bool:
    """Whether the growing frame is faster with K-sized columns."""
    return can_mirror(networks) and size(networks[0]) > LARGEST_DENSE


def can_mirror(networks: list) -> bool:
    """Whether the growing frame can do with K-sized columns."""
    return all(isinstance(n, LowRankWeights) and n.mirrored for n in networks)


@dataclass(frozen=True)
class Columns:
    """Weights as the templates read them.

    Attributes
    ----------
    weight : columns of all networks, one after the other
    own : growing frame with K-sized columns: what a spike adds to its own neuron besides; shape
        (n_networks * N,)
    lift : growing frame: subtracted from all weights, shape (n_networks,)
    pitch : distance of two columns in `weight`
    mirrored : whether columns are K-sized
    """

    weight: np.ndarray
    own: np.ndarray
    lift: np.ndarray
    pitch: int
    mirrored: bool = False


def plain_columns(networks: list) -> Columns:
    """Columns as the general event loop reads them: N numbers each."""
    weight = np.concatenate([dense(network).T.ravel() for network in networks])
    zeros = np.zeros(len(networks))
    return Columns(weight, np.zeros(1), zeros, size(networks[0]))


def frame_columns(networks: list, dtype, mirrored: bool, blocks: bool = True) -> Columns:
    """Columns as the growing frame reads them: unlifted, in the order of its blocks.

    Where it has none, as on CUDA, element i stands at i.
    """
    parts, own, lifts = [], [], []
    for network in networks:
        if mirrored:
            columns, lift = network.decoder.T, network.lift
            diagonal = np.einsum("ik,ki->i", network.encoder, network.decoder)
            wanted = diagonal if network.self_connection is None else -network.self_connection
            own.append(wanted - diagonal)
        else:
            if isinstance(network, LowRankWeights):
                weights, lift = network.unlifted(), network.lift
            else:
                # Any lift will do. This one keeps the state small, which counts in float32.
                lift = -network.mean()
                weights = network + lift
            columns = weights.T
        columns = columns.astype(dtype)
        parts.append(in_blocks(columns) if blocks else columns)
        lifts.append(lift)
    return Columns(
        np.concatenate([part.ravel() for part in parts]),
        np.concatenate(own).astype(dtype) if mirrored else np.zeros(1, dtype),
        np.array(lifts, dtype=float),
        parts[0].shape[1],
        mirrored,
    )


def in_blocks(columns: np.ndarray) -> np.ndarray:
    """Rows padded to whole blocks, element i in lane i // count of block i % count."""
    n_columns, length = columns.shape
    width = BLOCK_BYTES // columns.itemsize
    count = -(-length // width)
    padded = np.zeros((n_columns, count * width), columns.dtype)
    padded[:, :length] = columns
    return padded.reshape(n_columns, width, count).transpose(0, 2, 1).reshape(n_columns, -1)


def places(length: int, itemsize: int) -> np.ndarray:
    """Where the elements of a row of that length stand after in_blocks."""
    width = BLOCK_BYTES // itemsize
    count = -(-length // width)
    index = np.arange(length)
    return index % count * width + index // count
