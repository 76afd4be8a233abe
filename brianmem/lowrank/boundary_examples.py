"""Named boundary networks with two latents, and those of a memory with a third: what figures show.

All lengths are proportional to kappa, while a spike's decoder has a length of about one: with a
large kappa the boundary is smooth on the scale of a spike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brianmem.lowrank import geometry
from brianmem.lowrank.boundary import BoundaryNetwork, lifted
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters

XI = np.array([1, -1])  # the pattern of the memory: the vertex (c, -c)
XI_DEGREES = -45.0
# Above every weight of the examples, the self-connections included, which it makes negative.
ALPHA = 2.0
# A polygon's faces touch a circle, seen from the origin: centre and radius over kappa.
CENTRE, RADIUS = np.array([1.6, 1.6]), 1.3


@dataclass(frozen=True)
class Example:
    """A network and where it is started.

    Attributes
    ----------
    build : kappa -> the network; lifted ones have y_0 as their first latent
    kappa : the scale that suits it
    directions : first and last direction of the starts in the plane of y_1 and y_2, in degrees
    n_starts : how many
    own_share : for a memory: by how much, on average over axes, a neuron meets the constraint
        D eta = xi on its own axis by itself, instead of by others
    at_vertex : whether the first start is the vertex xi itself
    further : by which factor starts lie farther out than a polygon's boundary, or than the square
        on which a memory rests
    """

    build: Callable[[float], BoundaryNetwork]
    kappa: float
    directions: tuple[float, float]
    n_starts: int
    own_share: float | None = None
    at_vertex: bool = False
    further: float = 1.0


def polygon(normals: np.ndarray, decoders: np.ndarray, kappa: float) -> BoundaryNetwork:
    """Faces that touch the circle around CENTRE on the side of the origin.

    Parameters
    ----------
    normals, decoders : their directions in degrees, shapes (N,); all have length one
    """
    towards_area = unit(normals)
    return BoundaryNetwork(
        -towards_area, unit(decoders).T, kappa * (towards_area @ CENTRE - RADIUS)
    )


def unit(degrees) -> np.ndarray:
    """Unit vectors of these directions, shape (..., 2)."""
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def memory_with(own_shares: tuple[float, float], kappa: float) -> BoundaryNetwork:
    """A memory of xi and -xi in two latents, D = G E^T with G xi = xi, and G_kk the own shares.

    Shares of 1/2 are the Hebbian rule, shares of 0 leave own axes out, and with shares of 1 each
    neuron acts on its own axis alone, so that D eta = xi holds for every vertex.
    """
    own = np.array(own_shares)
    g = np.diag(own)
    g[0, 1], g[1, 0] = own - 1
    encoder = geometry.encoder(2)
    # What the active neurons add along an axis is one, their own part included.
    bias = geometry.bias(kappa, ALPHA, 1.0, 0.0, 2)
    return lifted(encoder, g @ encoder.T, ALPHA, bias)


def stored(kappa: float) -> BoundaryNetwork:
    """The memory that brianmem.lowrank.memory makes of xi: W_ii = -gamma before the lift."""
    memory = store(XI[:, None], LowRankParameters("optimised", 4, 1, kappa=kappa))
    encoder = geometry.encoder(2)
    return lifted(encoder, memory.decoder, memory.alpha, memory.bias, memory.gamma)


def _polygon(n_neurons: int, decoders, **settings) -> Example:
    """Normals are spread over a right angle; `decoders` makes directions of them."""
    normals = 90 * (np.arange(n_neurons) + 0.5) / n_neurons
    directions = np.broadcast_to(decoders(normals), normals.shape)
    return Example(lambda kappa: polygon(normals, directions, kappa), **settings)


def _memory(*own_shares: float, **settings) -> Example:
    return Example(
        lambda kappa: memory_with(own_shares, kappa), own_share=np.mean(own_shares), **settings
    )


def _in_thirds(normals: np.ndarray) -> np.ndarray:
    """Three directions, of which a third of the neurons each has one."""
    return np.repeat([68.0, 42.0, 20.0], len(normals) // 3)


FINE = 20.0
COARSE = {"kappa": 4.0, "n_starts": 1, "further": 1.35}
BEND = {"kappa": FINE, "directions": (12.0, 78.0), "n_starts": 6, "further": 1.35}
AROUND = {"kappa": FINE, "directions": (-180.0, 180.0), "n_starts": 8}
# A start beyond 90 degrees from xi would be closer to -xi.
VERTEX = {
    "kappa": FINE,
    "directions": (XI_DEGREES - 60, XI_DEGREES + 60),
    "n_starts": 5,
    "at_vertex": True,
}
OWN_SHARES = tuple(round(0.1 * tenth, 1) for tenth in range(11) if tenth not in (0, 5, 10))

EXAMPLES = {
    "one_neuron": Example(
        lambda kappa: polygon(np.array([60.0]), np.array([30.0]), kappa),
        **COARSE | {"directions": (70.0, 80.0)},
    ),
    "population": _polygon(6, lambda normals: normals, **COARSE | {"directions": (65.0, 75.0)}),
    "orthogonal": _polygon(8, lambda normals: normals, **BEND),
    "tilted": _polygon(8, lambda normals: 25.0, **BEND),
    "several": _polygon(9, _in_thirds, **BEND | {"n_starts": 8}),
    "pyramid": _memory(0.5, 0.5, **AROUND, further=0.4),
    "square": _memory(0.5, 0.5, **AROUND),
    "symmetric": _memory(0.5, 0.5, **VERTEX),
    "asymmetric": _memory(0.6, 0.1, **VERTEX),
    "degenerate": _memory(1.0, 1.0, **VERTEX),
    "no_self": _memory(0.0, 0.0, **VERTEX),
    "stored": Example(stored, **VERTEX),
    **{f"own_{share:g}": _memory(share, share, **VERTEX | {"n_starts": 3}) for share in OWN_SHARES},
}


def starts(
    example: Example, network: BoundaryNetwork, kappa: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Directions of the starts in degrees, shape (n,), and their latents, shape (n, K).

    One lies in the middle half of each equal part of the directions. Those of a memory lie on the
    boundary.
    """
    degrees = _directions(example, rng)
    plane = unit(degrees)
    if network.encoder.shape[1] == 2:
        distance = 1 / np.min(plane @ -network.encoder.T / network.bias, axis=1)
        return degrees, example.further * distance[:, None] * plane
    half_side = example.further * kappa
    plane *= half_side / np.abs(plane).max(axis=1, keepdims=True)
    y_0 = np.full(len(plane), -half_side - network.bias[0])
    return degrees, np.column_stack([y_0, plane])


def _directions(example: Example, rng: np.random.Generator) -> np.ndarray:
    first = [XI_DEGREES] if example.at_vertex else []
    n_drawn = example.n_starts - len(first)
    low, high = example.directions
    part = (np.arange(n_drawn) + rng.uniform(0.25, 0.75, n_drawn)) / n_drawn
    return np.concatenate([first, low + (high - low) * part])
