"""What support/delay_step.h does, in NumPy: for machines without a compiler, and to check it."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Sent:
    """The spikes of the last D steps that are heard: a slot (step modulo D) for each step.

    neuron holds indices within a network, of block b from place b n on, and count their number.
    """

    neuron: np.ndarray
    count: np.ndarray
    n: int
    n_blocks: int
    n_delays: int

    def __post_init__(self):
        self.neuron = self.neuron.reshape(self.n_delays, -1)
        self.count = self.count.reshape(self.n_delays, -1)

    def heard(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Blocks and neurons of the spikes of a step, block after block."""
        slot = step % self.n_delays
        count = self.count[slot]
        block = np.repeat(np.arange(self.n_blocks), count)
        within = np.arange(len(block)) - np.repeat(np.cumsum(count) - count, count)
        return block, self.neuron[slot, block * self.n + within]

    def send(self, step: int, spikes: np.ndarray) -> None:
        """Put the spikes of this step, indices in the group, in the place of the oldest ones."""
        slot = step % self.n_delays
        block, neuron = np.divmod(spikes, self.n)
        count = np.bincount(block, minlength=self.n_blocks)
        within = np.arange(len(block)) - np.repeat(np.cumsum(count) - count, count)
        self.neuron[slot, block * self.n + within] = neuron
        self.count[slot] = count


def inputs(
    sent: Sent, step: int, row: np.ndarray | None, post: np.ndarray, value: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where in the group what is added in this step, the weights of the oldest spikes first.

    Without rows, all weights are there, n of them in each of the rows (pre, delay - 1).
    """
    places, values = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for delay in range(min(step, sent.n_delays), 0, -1):
        block, pre = sent.heard(step - delay)
        at = pre.astype(np.int64) * sent.n_delays + delay - 1
        if row is None:
            first, length = at * sent.n, np.full(len(at), sent.n)
        else:
            first, length = row[at], row[at + 1] - row[at]
        within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        synapse = np.repeat(first, length) + within
        target = within if row is None else post[synapse]
        places.append(np.repeat(block, length) * sent.n + target)
        values.append(value[synapse])
    return np.concatenate(places), np.concatenate(values)


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
