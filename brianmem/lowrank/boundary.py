"""Small spiking networks as boundaries in the space of their latents, and where they come to rest.

The threshold of neuron i is a face E_i y + b_i = 0 in the space of the latents y. With b > 0 the
origin lies above threshold; the faces enclose a convex area in which all neurons are below. The
leak pulls y towards the origin and so into a face, each spike pushes it back by its decoder D_i.

Letters follow Podlaski & Machens (2024), Eqs. 2 to 6: N neurons, K latents y = D r, filtered spikes
r, encoder E, decoder D.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from brianmem.errors import InputError
from brianmem.spikes import Spikes

# Over the largest bias; rounding is near 1e-15.
ROUNDING = 1e-9


@dataclass(frozen=True)
class BoundaryNetwork:
    """Neurons whose potential above threshold is E y + b, with dy/dt = -y + D s (Eqs. 5 and 15).

    Attributes
    ----------
    encoder : E, shape (N, K)
    decoder : D, shape (K, N)
    bias : b = I - T of each neuron, shape (N,), positive
    self_connection : W_ii of all neurons, in place of E_i D_i: the face of a neuron that fires then
        moves, by (E_i D_i - W_ii) r_i; None leaves W = E D

    Raises InputError for shapes that do not fit, numbers that are not finite, a bias that is not
    positive, excitatory weights, and self-connections that are not negative.
    """

    encoder: np.ndarray
    decoder: np.ndarray
    bias: np.ndarray
    self_connection: float | None = None

    def __post_init__(self):
        shapes = self.encoder.shape, self.decoder.shape, self.bias.shape
        if shapes[0] != shapes[1][::-1] or shapes[0][:1] != shapes[2]:
            raise InputError(
                f"encoder, decoder and bias have shapes (N, K), (K, N) and (N,), not {shapes}"
            )
        if not (np.isfinite(self.bias).all() and np.isfinite(self.weights).all()):
            raise InputError("encoder, decoder and bias must be finite")
        if not self.bias.min() > 0:
            raise InputError(
                f"the smallest bias is {self.bias.min():.4g} and must be positive: else the leak "
                "does not run into the boundary"
            )
        if not (self.weights.max() < ROUNDING and np.diag(self.weights).max() < 0):
            raise InputError(
                "weights must not be positive, and self-connections negative: a spike has to push "
                "the latents back below every threshold"
            )

    @property
    def weights(self) -> np.ndarray:
        """W, shape (N, N), as [post, pre] (Eq. 3)."""
        weights = self.encoder @ self.decoder
        if self.self_connection is not None:
            np.fill_diagonal(weights, self.self_connection)
        return weights

    def excess(self, latents: np.ndarray) -> np.ndarray:
        """E y + b of latents (..., K), shape (..., N): V - T if faces do not move, or at rest."""
        return latents @ self.encoder.T + self.bias


def lifted(
    encoder: np.ndarray,
    decoder: np.ndarray,
    alpha: float,
    bias: float,
    gamma: float | None = None,
) -> BoundaryNetwork:
    """A network with one more latent y_0 = -alpha sum(r), the first one, which all neurons see.

    The faces E_i y = -y_0 - b are a cube of half side c = -y_0 - b, which grows as y_0 falls: a
    pyramid.

    Parameters
    ----------
    encoder, decoder : of the other latents, shapes (N, K) and (K, N)
    alpha, bias : of all neurons
    gamma : self-connection before the lift, in place of E_i D_i; None keeps that

    Source: Podlaski & Machens (2024), Eqs. 18 to 22.
    """
    n_neurons = len(encoder)
    return BoundaryNetwork(
        np.hstack([np.ones((n_neurons, 1)), encoder]),
        np.vstack([np.full(n_neurons, -alpha), decoder]),
        np.full(n_neurons, float(bias)),
        None if gamma is None else -gamma - alpha,
    )


@dataclass(frozen=True)
class FixedPoint:
    """Where leak and spikes balance in the fluid limit of many small spikes.

    Attributes
    ----------
    latents : y, shape (K,)
    rates : r, spikes/tau, shape (N,)
    stable : whether rates return to it: all eigenvalues of -W_AA have a positive real part, A being
        the neurons that fire
    """

    latents: np.ndarray
    rates: np.ndarray
    stable: bool


def fixed_points(network: BoundaryNetwork) -> list[FixedPoint]:
    """All fixed points with at most K firing neurons, those with fewer first.

    They have y = D r with r >= 0, no neuron above threshold, and those that fire at threshold:
    every set of firing neurons is tried, so that this is for small networks. Where several sets of
    rates give the same latents, the fixed point stands for them with the first.

    With K = 2 and W = E D the stable ones are just those to which the latents slide along the
    boundary from both sides.
    """
    n_neurons, n_latents = network.encoder.shape
    found = []
    for n_active in range(1, n_latents + 1):
        for active in itertools.combinations(range(n_neurons), n_active):
            point = _fixed_point(network, list(active))
            if point is not None and not any(_same(network, point, other) for other in found):
                found.append(point)
    return found


def _fixed_point(network: BoundaryNetwork, active: list[int]) -> FixedPoint | None:
    inhibition = -network.weights[np.ix_(active, active)]
    if np.linalg.matrix_rank(inhibition) < len(active):
        return None
    rates = np.zeros(len(network.bias))
    rates[active] = np.linalg.solve(inhibition, network.bias[active])
    above = network.bias + network.weights @ rates
    if rates.min() < 0 or above.max() > ROUNDING * network.bias.max():
        return None
    stable = np.linalg.eigvals(inhibition).real.min() > ROUNDING
    return FixedPoint(network.decoder @ rates, rates, bool(stable))


def _same(network: BoundaryNetwork, one: FixedPoint, other: FixedPoint) -> bool:
    tolerance = ROUNDING * network.bias.max()
    return np.allclose(one.latents, other.latents, rtol=0, atol=tolerance)


@dataclass(frozen=True)
class Path:
    """Corners of the way of the latents; between them the leak draws straight lines to the origin.

    Attributes
    ----------
    time : in tau, shape (n,)
    event : "start", "before" and "after" each spike, "end"
    neuron : which one fires, None at start and end
    latents : y, shape (n, K)
    """

    time: np.ndarray
    event: list[str]
    neuron: list[int | None]
    latents: np.ndarray


def path(network: BoundaryNetwork, start: np.ndarray, spikes: Spikes, until: float) -> Path:
    """The latents from `start`, shape (K,), to the time `until`, exactly (Eqs. 16 and 17)."""
    corners = [(0.0, "start", None, start)]
    y, now = start, 0.0
    for neuron, time in zip(spikes.neuron, spikes.time, strict=True):
        if time > until:
            break
        before = y * np.exp(now - time)
        y, now = before + network.decoder[:, neuron], time
        corners += [(time, "before", int(neuron), before), (time, "after", int(neuron), y)]
    corners.append((until, "end", None, y * np.exp(now - until)))
    time, event, neuron, latents = zip(*corners, strict=True)
    return Path(np.array(time), list(event), list(neuron), np.array(latents))


def mean_rates(network: BoundaryNetwork, spikes: Spikes, begin: float, end: float) -> np.ndarray:
    """Filtered spikes r averaged from `begin` to `end`, shape (N,); the latents' average is D r.

    It is exact: the integral of r is the number of spikes less the change of r (Eq. 13).
    """
    inside = (spikes.time > begin) & (spikes.time <= end)
    counts = np.bincount(spikes.neuron[inside], minlength=len(network.bias))
    change = _filtered(network, spikes, end) - _filtered(network, spikes, begin)
    return (counts - change) / (end - begin)


def _filtered(network: BoundaryNetwork, spikes: Spikes, time: float) -> np.ndarray:
    past = spikes.time <= time
    decayed = np.exp(spikes.time[past] - time)
    return np.bincount(spikes.neuron[past], decayed, minlength=len(network.bias))
