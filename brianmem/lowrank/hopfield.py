"""The low-rank network's decoder in networks without spikes, to compare them with.

A latent axis k has a state x_k. Its field is D_k [[x]+, [-x]+]: what latent k would be if neuron k
fired at rate x_k where that is positive, and its antagonist K + k at -x_k where it is negative.
With states of +-1 that change one at a time this is the network of Hopfield (1982), PNAS 79:2554;
with graded states that follow their fields, that of Hopfield (1984), PNAS 81:3088.

Where rows of D are those of a symmetric matrix times a positive factor each, and no axis acts
against itself, every change of a binary state lowers an energy, and the network settles. So it is
with the rules optimised (as long as it meets its constraints), regularised and
pseudo_inverse_zeroed. Elsewhere it may go on for ever, and sweeps are limited.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from brianmem.errors import InputError
from brianmem.lowrank.reference import CAP_FACTOR
from brianmem.patterns import as_binary

MOST_SWEEPS = 200
# Of the sum of the sizes of an axis' weights: what rounding leaves of a field of zero.
ROUNDING = 1e-12
# The rate at which graded states are cut off, as spiking networks are: 20 times that of a vertex.
MOST_RATE = float(CAP_FACTOR)
# Of graded states, in tau: the clock step, where weights are small enough, and the longest run.
STEP = 0.1
MOST_TIME = 50.0
# The largest dx/dt at which graded states are at rest.
AT_REST = 1e-4


@dataclass(frozen=True)
class BinaryRun:
    """How a binary network went from its start.

    Attributes
    ----------
    state : where it ended, +-1, shape (K,)
    changes : the axes that changed, in order, each as often as it changed
    n_sweeps : how often all axes were looked at, and one at least changed
    settled : whether no axis would change any more
    """

    state: np.ndarray
    changes: np.ndarray
    n_sweeps: int
    settled: bool

    @property
    def changed_at(self) -> np.ndarray:
        """Number, from 1 on, of the first change of each axis, shape (K,); infinite without one."""
        numbers = np.full(len(self.state), np.inf)
        axes, first = np.unique(self.changes, return_index=True)
        numbers[axes] = first + 1
        return numbers


@dataclass(frozen=True)
class GradedRun:
    """How graded networks went from their starts.

    Attributes
    ----------
    state : where each ended, in rates of an active neuron at a vertex, shape (K, n)
    changed_at : when each axis first had another sign than its start, in tau, shape (K, n);
        infinite if it never had
    """

    state: np.ndarray
    changed_at: np.ndarray


def fields(decoder: np.ndarray, state: np.ndarray) -> np.ndarray:
    """D [[x]+, [-x]+] of states x, shape (K,) or (K, n), for a decoder of shape (K, 2K)."""
    return decoder @ np.concatenate([np.maximum(state, 0), np.maximum(-state, 0)])


def random_order(
    decoder, start, rng: np.random.Generator, most_sweeps: int = MOST_SWEEPS
) -> BinaryRun:
    """Let axes take the sign of their field one at a time, in an order drawn for each sweep.

    An axis without a field stays as it is: nothing speaks against its state, and no convention
    about the sign of zero can keep the network from settling.

    Parameters
    ----------
    decoder : D, shape (K, 2K)
    start : +-1, shape (K,)
    rng : draws the orders
    most_sweeps : after which it is stopped

    Raises InputError for other shapes and values.

    Examples
    --------
    Two axes that want to agree:

    >>> import numpy as np
    >>> run = random_order([[0, 1, 0, -1], [1, 0, -1, 0]], [1, -1], np.random.default_rng(0))
    >>> bool(run.state[0] == run.state[1]), len(run.changes), run.n_sweeps, run.settled
    (True, 1, 1, True)

    Source: Hopfield (1982).
    """
    network, n_sweeps = _Binary(decoder, start), 0
    while network.wrong().any() and n_sweeps < most_sweeps:
        n_sweeps += 1
        for axis in _wrong_in_turn(network, rng.permutation(len(network.state))):
            network.change(axis)
    return network.run(n_sweeps)


def largest_first(decoder, start, most_changes: int | None = None) -> BinaryRun:
    """Let the axis change whose field is the largest against its state, until there is none.

    All axes are looked at before each change, so that a sweep is a change. Of fields that are equal
    but for rounding, that of the first axis counts.

    Parameters
    ----------
    decoder : D, shape (K, 2K)
    start : +-1, shape (K,)
    most_changes : after which it is stopped; as many as in MOST_SWEEPS sweeps if None

    Raises InputError for other shapes and values.

    Examples
    --------
    >>> run = largest_first([[0, 1, 0, -1], [2, 0, -2, 0]], [1, -1])
    >>> run.state.tolist(), run.changes.tolist()
    ([1.0, 1.0], [1])
    """
    network = _Binary(decoder, start)
    most_changes = MOST_SWEEPS * len(network.state) if most_changes is None else most_changes
    while network.wrong().any() and len(network.changes) < most_changes:
        network.change(network.most_wrong())
    return network.run(len(network.changes))


def relax(
    decoder,
    starts,
    gamma: float,
    gain: float = 1.0,
    bound: float = MOST_RATE,
    most_time: float = MOST_TIME,
) -> GradedRun:
    """Let all axes follow their fields at once, with the response of the spiking neurons.

    dx/dt = -x + response(field), where the response is that of `response`.

    Parameters
    ----------
    decoder : D, shape (K, 2K)
    starts : +-1, shape (K, n)
    gamma, gain : self-connection, positive, and q of the spiking network
    bound : on the size of states; 1 is the rate of an active neuron at a vertex
    most_time : after which they are stopped if they do not rest before, in tau

    Raises InputError for other shapes and values.

    Examples
    --------
    Two axes that want to agree; the larger field wins:

    >>> run = relax([[0, 1, 0, -1], [2, 0, -2, 0]], [[1], [-1]], gamma=1.5, bound=1)
    >>> run.state.round(3).tolist(), run.changed_at[:, 0].round(1).tolist()
    ([[1.0], [1.0]], [inf, 0.8])

    Source: Hopfield (1984), by Euler's method.
    """
    starts = as_binary(starts)
    decoder = _checked(decoder, len(starts))
    if not gamma > 0:
        raise InputError(f"gamma must be positive for graded states, not {gamma:g}")
    step = _stable_step(decoder, 2 / gamma)
    state, changed_at = starts.astype(float), np.full(starts.shape, np.inf)
    moving = np.arange(starts.shape[1])
    for number in range(1, round(most_time / step) + 1):
        goal = response(fields(decoder, state[:, moving]), gamma, gain, bound)
        velocity = goal - state[:, moving]
        state[:, moving] += step * velocity
        changed_at[np.isinf(changed_at) & (state * starts < 0)] = number * step
        moving = moving[np.abs(velocity).max(axis=0) > AT_REST]
        if not len(moving):
            break
    return GradedRun(state, changed_at)


def response(field: np.ndarray, gamma: float, gain: float, bound: float = MOST_RATE) -> np.ndarray:
    """How much faster than its antagonist a neuron fires with a field h on its axis.

    A neuron fires as fast as its self-inhibition allows, r = [h + c]+ / gamma, where the drive c is
    what is left of the bias after the common inhibition. It is taken as constant, at gamma - q of a
    vertex, so that a field of q keeps the rate of 1. Small fields find both neurons active, and a
    slope of 2 / gamma.

    Source: the fixed point of Podlaski & Machens (2024), Eq. 2, with V at threshold.
    """
    drive = gamma - gain
    rates = np.maximum(field + drive, 0), np.maximum(drive - field, 0)
    return np.clip((rates[0] - rates[1]) / gamma, -bound, bound)


def _stable_step(decoder: np.ndarray, slope: float) -> float:
    """A step within which states do not overshoot what they would rest at."""
    left, right = np.split(decoder, 2, axis=1)
    return float(min(STEP, 1 / (1 + slope * np.linalg.norm((left - right) / 2, 2))))


def _checked(decoder, n_latents: int) -> np.ndarray:
    decoder = np.asarray(decoder, float)
    if decoder.shape != (n_latents, 2 * n_latents):
        raise InputError(
            f"a start of {n_latents} latents needs a decoder of shape ({n_latents}, "
            f"{2 * n_latents}), not {decoder.shape}"
        )
    return decoder


class _Binary:
    """States and their fields, which change with them.

    Where a column is added to the fields for each change, the reference in hopfield_reference.py
    computes a field anew whenever it is looked at.
    """

    def __init__(self, decoder, start):
        self.state = as_binary(np.reshape(start, (-1, 1)))[:, 0].astype(float)
        decoder = _checked(decoder, len(self.state))
        self.field = fields(decoder, self.state)
        self.of_zero = ROUNDING * np.abs(decoder).sum(axis=1)
        self.changes = []
        self._of_neuron = np.ascontiguousarray(decoder.T)

    def wrong(self) -> np.ndarray:
        """Whether the field of each axis is against its state, shape (K,)."""
        return self.state * self.field < -self.of_zero

    def most_wrong(self) -> int:
        """The first of the axes whose field is the largest against the state."""
        push = -self.state * self.field
        return int(np.argmax(push >= push.max() - self.of_zero.max()))

    def change(self, axis: int) -> None:
        """Turn the state of an axis."""
        pair = self._of_neuron[axis], self._of_neuron[axis + len(self.state)]
        self.field += self.state[axis] * (pair[1] - pair[0])
        self.state[axis] *= -1
        self.changes.append(axis)

    def run(self, n_sweeps: int) -> BinaryRun:
        """What there is to tell."""
        changes = np.array(self.changes, dtype=int)
        return BinaryRun(self.state, changes, n_sweeps, not self.wrong().any())


def _wrong_in_turn(network: _Binary, order: np.ndarray) -> Iterator[int]:
    """The axes of an order that are wrong when their turn comes; each is changed at once."""
    position = 0
    while True:
        wrong = np.flatnonzero(network.wrong()[order[position:]])
        if not len(wrong):
            return
        position += wrong[0] + 1
        yield int(order[position - 1])
