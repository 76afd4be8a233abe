"""Boundary networks: geometry against other ways to it, and exact runs against both."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from brianmem.engine.reference import LeakyNeurons
from brianmem.engine.reference import simulate as reference
from brianmem.errors import InputError
from brianmem.lowrank import geometry
from brianmem.lowrank.boundary import BoundaryNetwork, fixed_points, lifted, mean_rates, path
from brianmem.lowrank.boundary_examples import (
    ALPHA,
    EXAMPLES,
    XI,
    memory_with,
    polygon,
    starts,
    stored,
)
from brianmem.lowrank.boundary_network import simulate
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import RULES

ENCODER = geometry.encoder(2)
MEMORIES = [name for name in EXAMPLES if EXAMPLES[name].at_vertex]


def built(name, kappa=5.0, seed=0):
    """A network, and latents to start from."""
    example = EXAMPLES[name]
    network = example.build(kappa)
    return network, starts(example, network, kappa, np.random.default_rng(seed))[1]


def by_hand(network, start, duration):
    ones = np.ones(len(network.bias))
    neurons = LeakyNeurons(ones, ones + network.bias, ones)
    return reference(neurons, network.weights, network.excess(start) + 1, duration)


# The networks -----------------------------------------------------------------------------------


def test_a_lifted_network_has_the_weights_of_a_memory():
    for rule in ("hebbian", "optimised"):
        memory = store(XI[:, None], LowRankParameters(rule, 4, 1))
        network = lifted(ENCODER, memory.decoder, memory.alpha, memory.bias, memory.gamma)
        np.testing.assert_allclose(network.weights, memory.weights, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        lifted(ENCODER, memory.decoder, ALPHA, 1.0).weights,
        ENCODER @ memory.decoder - ALPHA,
        rtol=0,
        atol=1e-12,
    )


def test_own_shares_of_known_rules():
    half, none, all_ = (memory_with((g, g), 5.0).decoder[1:] for g in (0.5, 0.0, 1.0))
    np.testing.assert_array_equal(half, RULES["hebbian"](XI[:, None]))
    np.testing.assert_array_equal(none, 2 * geometry.without_own_elements(half))
    optimised = RULES["optimised"](XI[:, None])
    active = geometry.neural_patterns(XI[:, None])[:, 0] > 0
    np.testing.assert_allclose(none[:, active], optimised[:, active], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(all_, ENCODER.T)


@given(st.tuples(*[st.floats(-0.9, 1.9)] * 2))
def test_memories_meet_their_constraint_and_the_degenerate_one_meets_all(own_shares):
    eta = geometry.neural_patterns(XI[:, None])[:, 0]
    decoder = memory_with(own_shares, 5.0).decoder[1:]
    np.testing.assert_allclose(decoder @ eta, XI, rtol=0, atol=1e-12)
    for vertex in np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]):
        eta = geometry.neural_patterns(vertex[:, None])[:, 0]
        np.testing.assert_array_equal(memory_with((1, 1), 5.0).decoder[1:] @ eta, vertex)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decoder": np.eye(3)}, r"shapes \(N, K\), \(K, N\) and \(N,\), not"),
        ({"bias": np.ones(3)}, "shapes"),
        ({"bias": np.array([1.0, 0.0])}, "the smallest bias is 0 and must be positive"),
        ({"bias": np.array([1.0, np.nan])}, "must be finite"),
        ({"decoder": -np.eye(2)}, "weights must not be positive"),
        ({"decoder": np.array([[1.0, 0], [0, 0]])}, "self-connections negative"),
        ({"self_connection": 0.5}, "weights must not be positive"),
    ],
)
def test_networks_that_cannot_be(changes, message):
    good = {"encoder": -np.eye(2), "decoder": np.eye(2), "bias": np.ones(2)}
    BoundaryNetwork(**good)
    with pytest.raises(InputError, match=message):
        BoundaryNetwork(**good | changes)


@pytest.mark.parametrize("name", EXAMPLES)
def test_starts_lie_on_or_behind_the_boundary(name):
    network, latents = built(name, kappa=7.0, seed=3)
    highest = network.excess(latents).max(axis=1)
    if network.encoder.shape[1] == 3:
        np.testing.assert_allclose(highest, 0, atol=1e-12)
    else:
        assert (highest < -0.5).all()
    if EXAMPLES[name].at_vertex:
        np.testing.assert_allclose(latents[0, 1:], 7.0 * XI)
    assert not np.array_equal(latents[-1], built(name, kappa=7.0, seed=4)[1][-1])


# Fixed points -----------------------------------------------------------------------------------


def closest_to_origin(encoder, bias):
    """The smallest y with E y <= -b, by Lawson & Hanson's least distance programming."""
    a = np.vstack([-encoder.T, bias])
    target = np.append(np.zeros(encoder.shape[1]), 1.0)
    solution, _ = nnls(a, target)
    residual = a @ solution - target
    return -residual[:-1] / residual[-1]


@given(st.integers(0, 10**6), st.integers(1, 8))
def test_orthogonal_decoders_lead_to_the_point_closest_to_the_origin(seed, n_neurons):
    normals = np.random.default_rng(seed).uniform(2, 88, n_neurons)
    network = polygon(normals, normals, 3.0)
    points = fixed_points(network)
    stable = [point for point in points if point.stable]
    assert len(stable) == len(points) == 1
    expected = closest_to_origin(network.encoder, network.bias)
    # Nearly parallel faces meet at a point that is known to fewer digits.
    np.testing.assert_allclose(stable[0].latents, expected, rtol=0, atol=1e-6)


@given(st.integers(0, 10**6), st.integers(1, 7))
def test_fixed_points_balance_leak_and_spikes(seed, n_neurons):
    rng = np.random.default_rng(seed)
    # Decoders within a right angle of all normals: inhibition only.
    network = polygon(rng.uniform(10, 80, n_neurons), rng.uniform(-5, 95, n_neurons), 3.0)
    points = fixed_points(network)
    assert any(point.stable for point in points)
    for point in points:
        assert (point.rates >= 0).all()
        np.testing.assert_allclose(network.decoder @ point.rates, point.latents, atol=1e-9)
        above = network.excess(point.latents)
        assert above.max() < 1e-6
        np.testing.assert_allclose(above[point.rates > 0], 0, atol=1e-6)
    # Along the boundary stable and unstable ones take turns.
    along = sorted(points, key=lambda p: np.arctan2(*p.latents))
    assert [p.stable for p in along] == [k % 2 == 0 for k in range(len(points))]


@given(st.tuples(*[st.floats(-0.5, 1.5)] * 2))
def test_a_vertex_is_stable_while_its_neurons_meet_less_than_half_themselves(own_shares):
    if abs(sum(own_shares) - 1) < 1e-3:
        return  # the border, where rates are not determined
    points = fixed_points(memory_with(own_shares, 5.0))
    at_vertex = [p for p in points if np.allclose(p.latents[1:], 5.0 * XI)]
    [vertex] = at_vertex
    np.testing.assert_allclose(vertex.rates, [5, 0, 0, 5], atol=1e-6)
    assert vertex.stable == (sum(own_shares) < 1)


def test_each_neuron_of_the_degenerate_memory_has_a_fixed_point_of_its_own():
    points = [p for p in fixed_points(memory_with((1, 1), 5.0)) if p.stable]
    assert len(points) == 4
    for neuron, point in enumerate(points):
        # r = b / (alpha - 1) with b = kappa (2 alpha - 1); it rests in the middle of its face.
        np.testing.assert_allclose(point.rates, 15.0 * np.eye(4)[neuron], atol=1e-9)
        np.testing.assert_allclose(point.latents[1:], 15.0 * ENCODER[neuron], atol=1e-9)


# Runs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["several", "degenerate", "stored"])
def test_exact_spikes_of_polygons_and_memories(name, runtime_backend):
    network, latents = built(name)
    runs = simulate(network, latents, 3.0, runtime_backend)
    for start, spikes in zip(latents, runs, strict=True):
        expected = by_hand(network, start, 3.0)
        assert len(expected) > 10
        np.testing.assert_array_equal(spikes.neuron, expected.neuron)
        np.testing.assert_allclose(spikes.time, expected.time, rtol=0, atol=1e-9)


def test_exact_spikes_on_every_backend(backend):
    network, latents = built("asymmetric")
    for start, spikes in zip(latents, simulate(network, latents, 2.0, backend), strict=True):
        expected = by_hand(network, start, 2.0)
        np.testing.assert_array_equal(spikes.neuron, expected.neuron)
        np.testing.assert_allclose(spikes.time, expected.time, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["several", "no_self"])
def test_a_path_leaks_to_the_origin_and_jumps_where_a_neuron_reaches_its_face(name):
    network, latents = built(name)
    [spikes] = simulate(network, latents[-1:], 4.0)
    found = path(network, latents[-1], spikes, 3.0)
    assert (found.event[0], found.event[-1]) == ("start", "end")
    assert (found.time[0], found.time[-1]) == (0.0, 3.0)
    before, after = found.latents[1:-1:2], found.latents[2:-1:2]
    fired = np.array(found.neuron[1:-1:2])
    n = np.sum(spikes.time <= 3.0)
    np.testing.assert_array_equal(fired, spikes.neuron[:n])
    np.testing.assert_allclose(after - before, network.decoder[:, fired].T, atol=1e-12)
    above = network.excess(before)
    np.testing.assert_allclose(above[np.arange(n), fired], 0, atol=1e-9)
    assert above.max() < 1e-9
    leaks = found.latents[::2][:, None] * np.exp(found.time[::2] - found.time[1::2])[:, None, None]
    np.testing.assert_allclose(leaks[:, 0], found.latents[1::2], atol=1e-12)


def test_rates_are_averages_of_filtered_spikes():
    network, latents = built("asymmetric")
    [spikes] = simulate(network, latents[1:2], 4.0)
    times = np.linspace(2.0, 4.0, 20001)
    filtered = np.zeros((4, len(times)))
    for neuron, time in zip(spikes.neuron, spikes.time, strict=True):
        filtered[neuron] += np.where(times >= time, np.exp(time - times), 0)
    found = mean_rates(network, spikes, 2.0, 4.0)
    # 20 spikes whose jumps fall between points of the grid, of 10^-4 each.
    np.testing.assert_allclose(found, filtered[:, :-1].mean(axis=1), rtol=0, atol=2e-3)


@pytest.mark.parametrize("name", EXAMPLES)
def test_runs_rest_within_a_spike_of_a_stable_fixed_point(name):
    network, latents = built(name, kappa=8.0)
    points = [p.latents for p in fixed_points(network) if p.stable]
    spike = np.linalg.norm(network.decoder, axis=0).max()
    for spikes in simulate(network, latents, 12.0):
        mean = network.decoder @ mean_rates(network, spikes, 9.0, 12.0)
        assert np.linalg.norm(points - mean, axis=1).min() < spike


def test_groups_of_decoders_lead_to_the_fixed_point_of_their_part_of_the_boundary():
    network, latents = built("several", kappa=40.0)
    points = fixed_points(network)
    angle = {s: [degrees(p.latents) for p in points if p.stable == s] for s in (True, False)}
    borders = sorted(angle[False])
    assert len(borders) == 2 and len(angle[True]) == 3
    ends = set()
    for start, spikes in zip(latents, simulate(network, latents, 12.0), strict=True):
        end = degrees(network.decoder @ mean_rates(network, spikes, 9.0, 12.0))
        assert np.searchsorted(borders, end) == np.searchsorted(borders, degrees(start))
        nearest = min(angle[True], key=lambda a: abs(a - end))
        assert abs(nearest - end) < 1
        ends.add(nearest)
    assert len(ends) == 3


def degrees(latents):
    return np.degrees(np.arctan2(latents[1], latents[0]))


def test_what_becomes_of_the_vertex():
    """The symmetric rule leaves open who fires, the degenerate one loses the vertex at once."""
    rates = {}
    for name in ("symmetric", "asymmetric", "degenerate", "no_self", "stored"):
        network, latents = built(name, kappa=20.0)
        [spikes] = simulate(network, latents[:1], 12.0)
        rates[name] = mean_rates(network, spikes, 9.0, 12.0) / 20.0
    np.testing.assert_allclose(rates["symmetric"], [2, 0, 0, 0], atol=0.03)
    np.testing.assert_allclose(rates["degenerate"], [3, 0, 0, 0], atol=0.03)
    for name in ("asymmetric", "no_self", "stored"):
        np.testing.assert_allclose(rates[name], [1, 0, 0, 1], atol=0.03)


def test_the_stored_memory_has_its_faces_where_its_neurons_have_moved_them():
    """In the fluid limit c = kappa (1 - gamma) is negative; own spikes move the face to kappa."""
    network = stored(5.0)
    [point] = [p for p in fixed_points(network) if p.stable]
    np.testing.assert_allclose(point.latents[1:], 5.0 * XI)
    half_side = -point.latents[0] - network.bias[0]
    assert half_side == pytest.approx(5.0 * (1 - 1.5))
