"""What support/delay_step.h does, in NumPy: for machines without a compiler, and to check it."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Sent:
    """The spikes of the last D steps that are heard, by the row of weights that each adds next.

    row has n D places for each block, and count tells how many of them are taken; in a block the
    oldest spikes come first, and those of one step in the order of their neurons.
    """

    row: np.ndarray
    count: np.ndarray
    n: int
    n_delays: int

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Blocks and rows of all spikes, block after block."""
        block = np.repeat(np.arange(len(self.count)), self.count)
        return block, self.row.reshape(len(self.count), -1)[block, _ranks(self.count)]

    def send(self, spikes: np.ndarray) -> None:
        """Move all by a step, to the next row of their neuron, and add spikes of the group."""
        block, row = self.rows()
        stays = (row + 1) % self.n_delays != 0
        new_block, neuron = np.divmod(spikes, self.n)
        block = np.concatenate([block[stays], new_block])
        row = np.concatenate([row[stays] + 1, neuron * self.n_delays])
        order = np.argsort(block, kind="stable")
        self.count[:] = np.bincount(block, minlength=len(self.count))
        places = self.row.reshape(len(self.count), -1)
        places[block[order], _ranks(self.count)] = row[order]


def synapse(dtype: np.dtype) -> np.dtype:
    """A synapse, as support/delay_step.h has it: there is nothing between its parts."""
    return np.dtype([("post", np.int32), ("weight", dtype)])


def inputs(
    sent: Sent, row: np.ndarray | None, words: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where in the group what is added in this step, the weights of the oldest spikes first.

    With rows, the words are synapses. Without, all weights are there as values, n of them in each
    of the rows (pre, delay - 1).
    """
    block, at = sent.rows()
    at = at.astype(np.int64)
    if row is None:
        first, length = at * sent.n, np.full(len(at), sent.n)
    else:
        first, length = row[at], row[at + 1] - row[at]
    within = _ranks(length)
    place = np.repeat(first, length) + within
    if row is None:
        post, weight = within, value[place]
    else:
        synapses = words.view(synapse(value.dtype))
        post, weight = synapses["post"][place], synapses["weight"][place]
    # As float64: numpy.add.at is several times slower where it has to convert.
    return np.repeat(block, length) * sent.n + post, weight.astype(np.float64)


def _ranks(length: np.ndarray) -> np.ndarray:
    """0, ..., length - 1 for each of the lengths, one after another."""
    return np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)


def clamped(flags: np.ndarray, pitch: int, n_steps: int, step: int, n_blocks: int) -> np.ndarray:
    """Which blocks are clamped in this step, shape (n_blocks,)."""
    if step >= n_steps:
        return np.zeros(n_blocks, dtype=bool)
    return flags[np.arange(n_blocks) * pitch + step] != 0


def take(
    neuron: np.ndarray,
    step: np.ndarray,
    following: np.ndarray,
    end: np.ndarray,
    now: int,
    n: int,
) -> np.ndarray:
    """The events of this step, as indices in the group; `following` is moved beyond them."""
    taken = [np.zeros(0, dtype=np.int64)]
    for block in range(len(end)):
        steps = step[: end[block]]
        first = following[block] + np.searchsorted(steps[following[block] :], now, "left")
        last = following[block] + np.searchsorted(steps[following[block] :], now, "right")
        taken.append(block * n + neuron[first:last].astype(np.int64))
        following[block] = last
    return np.concatenate(taken)
