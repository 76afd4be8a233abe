from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem import schemas, tables
from brianmem.errors import InputError
from brianmem.lowrank import readout, reference
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.prediction import (
    ELSEWHERE,
    NO_FIXED_POINT,
    REASONS,
    REPELLING,
    SPREAD_OF_RATES,
    STABLE,
    THIN_MARGIN,
    predict,
)
from brianmem.patterns import draw_binary
from protocols.lowrank.prediction import PROTOCOL
from protocols.protocol import make_tasks

RULES = ("hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised")


def memory_of(seed=0, rule="optimised", n_neurons=40, n_patterns=4, **options):
    xi = draw_binary(n_neurons // 2, n_patterns, np.random.default_rng(seed))
    return store(xi, LowRankParameters(rule, n_neurons, n_patterns, **options))


def fluid(memory, pattern, duration=400.0):
    """Rates that grow with what is above threshold, dr/dt = b + M r, and never fall below zero.

    They start near the vertex, and not in it, where even a fixed point that repels holds them.
    """
    step = 0.5 / np.abs(memory.weights).sum(axis=1).max()
    active = np.concatenate([pattern, -pattern]) > 0
    rates = memory.params.kappa * active * np.random.default_rng(0).uniform(0.95, 1, len(active))
    for _ in range(round(duration / step)):
        rates = np.maximum(0, rates + step * (memory.bias + memory.weights @ rates))
    return rates


@pytest.mark.parametrize("rule", ["pseudo_inverse", "pseudo_inverse_zeroed", "optimised"])
@pytest.mark.parametrize("seed", range(3))
def test_rates_are_where_the_fluid_settles(rule, seed):
    memory = memory_of(seed, rule)
    pattern = memory.patterns[:, 0]
    found = predict(memory, pattern)
    assert found.reason in (STABLE, SPREAD_OF_RATES, THIN_MARGIN)
    # Distances shrink as exp(-eigenvalue t); after 400 tau less than 1e-10 of them is left.
    assert found.eigenvalue > 0.06
    np.testing.assert_allclose(found.rates, fluid(memory, pattern), atol=1e-6)


def test_the_fluid_leaves_a_vertex_that_repels():
    memory = memory_of(gamma=0.8)
    pattern = memory.patterns[:, 0]
    assert predict(memory, pattern).reason == REPELLING
    assert readout.overlap(memory.decoder @ fluid(memory, pattern), pattern) < 0.9


@pytest.mark.parametrize("rule", ["pseudo_inverse", "optimised"])
def test_rates_and_overlap_are_those_of_a_long_run(rule):
    memory = memory_of(1, rule, kappa=20.0, duration=40.0)
    pattern = memory.patterns[:, 0]
    found = predict(memory, pattern)
    spikes = reference.simulate(memory, pattern)
    rates = np.bincount(spikes.neuron[spikes.time > 20], minlength=40) / 20
    # Active potentials lie half a self-connection below threshold on average.
    expected = found.rates * (1 + memory.gamma / 2 / memory.bias)
    # Potentials that differ by a few tenths from neuron to neuron move rates by as much.
    np.testing.assert_allclose(rates, expected, atol=1.0)
    mean, _ = readout.mean_and_final_latents(memory, spikes)
    assert readout.overlap(mean, pattern) == pytest.approx(found.overlap, abs=2e-3)


@given(st.integers(2, 12), st.floats(0.1, 3.0), st.floats(0.5, 20.0), st.integers(0, 10**6))
def test_one_pattern(n_latents, gamma, kappa, seed):
    """Active neurons do not reach each other, silent ones get 2/K from each active one."""
    k = n_latents
    memory = memory_of(seed, "hebbian", 2 * k, 1, gamma=gamma, kappa=kappa)
    found = predict(memory, memory.patterns[:, 0])
    bias = kappa * (gamma + 1 / k)
    assert memory.bias == pytest.approx(bias)
    if gamma < 2 - 1 / k - 1e-6:
        active = memory.patterns[:, 0] > 0
        np.testing.assert_array_equal(found.active, np.concatenate([active, ~active]))
        np.testing.assert_allclose(found.rates[found.active], kappa)
        assert not found.rates[~found.active].any()
        np.testing.assert_allclose(found.latents, kappa * memory.patterns[:, 0])
        assert found.overlap == pytest.approx(1)
        assert found.eigenvalue == pytest.approx(gamma + 1 / k)
        assert found.spread == pytest.approx(gamma / np.sqrt(12) / bias)
        distance = (bias + gamma / 2) * 2 / (gamma + 1 / k) - bias - 1 / (2 * k)
        assert found.margin == pytest.approx(distance * k * np.sqrt(12 / (k - 1)))
    elif gamma > 2 - 1 / k + 1e-6:
        assert not found.stable


def edge(stable, unstable, **options):
    """The gamma between two at which the prediction for a stored pattern turns."""
    for _ in range(25):
        middle = (stable + unstable) / 2
        memory = memory_of(3, n_neurons=200, n_patterns=10, gamma=middle, **options)
        if predict(memory, memory.patterns[:, 0]).stable:
            stable = middle
        else:
            unstable = middle
    return stable


def test_the_window_of_gamma_at_low_load():
    assert edge(1.5, 2.5) == pytest.approx(2, abs=1e-6)
    # Exactly 1 for infinite rates: the spread of finite ones ends the window a little earlier.
    assert edge(1.5, 0.5) == pytest.approx(1, abs=0.05)
    assert 1 < edge(1.5, 0.5, kappa=50.0) < edge(1.5, 0.5) < edge(1.5, 0.5, kappa=1.0)


def test_spikes_end_what_the_fluid_keeps():
    """At a high load the fixed point is there at all rates, and holds if they are high enough."""
    for gamma, low in ((1.2, SPREAD_OF_RATES), (1.8, THIN_MARGIN)):
        for kappa, reason in ((0.5, low), (50.0, STABLE)):
            memory = memory_of(2, n_neurons=100, n_patterns=40, gamma=gamma, kappa=kappa)
            found = predict(memory, memory.patterns[:, 0])
            assert found.reason == reason
            assert found.overlap == pytest.approx(1)


def relabelled(memory, order, signs):
    """The memory of the same patterns with latents in another order and with other signs."""
    return store(memory.patterns[order] * signs[:, None], memory.params)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(RULES[1:]), st.floats(0.6, 2.2), st.booleans())
def test_names_and_signs_of_latents_do_not_matter(seed, rule, gamma, random_vertex):
    memory = memory_of(seed, rule, 40, 6, gamma=gamma)
    rng = np.random.default_rng(seed)
    order, signs = rng.permutation(20), rng.choice([-1, 1], 20)
    pattern = draw_binary(20, 1, rng)[:, 0] if random_vertex else memory.patterns[:, 0]
    found = predict(memory, pattern)
    other = predict(relabelled(memory, order, signs), pattern[order] * signs)
    assert other.reason == found.reason
    if found.reason in (NO_FIXED_POINT, ELSEWHERE):
        return
    # The inverse of an almost singular matrix loses digits.
    tolerance = {"rtol": 1e-6 / min(1, abs(found.eigenvalue)), "atol": 1e-8}
    np.testing.assert_allclose(other.latents, found.latents[order] * signs, **tolerance)
    for name in ("overlap", "eigenvalue", "spread", "margin"):
        np.testing.assert_allclose(getattr(other, name), getattr(found, name), **tolerance)


def test_a_fixed_point_meets_its_conditions_and_adds_neurons_where_it_must():
    """Above the window of the pseudo-inverse without own axes some silent neurons join."""
    memory = memory_of(0, "pseudo_inverse_zeroed", 100, 20, gamma=1.05)
    joined = 0
    for pattern in memory.patterns.T:
        found = predict(memory, pattern)
        if found.reason == NO_FIXED_POINT:
            continue
        above = memory.bias + memory.weights @ found.rates
        np.testing.assert_allclose(above[found.active], 0, atol=1e-9 * memory.bias)
        assert (above[~found.active] <= 1e-9 * memory.bias).all()
        assert (found.rates >= -1e-9).all()
        joined += (found.active != (np.concatenate([pattern, -pattern]) > 0)).any()
    assert joined > 0


def test_random_vertices_and_networks_without_inhibition_have_no_fixed_point():
    memory = memory_of(0, n_neurons=100, n_patterns=20)
    vertex = draw_binary(50, 1, np.random.default_rng(1))[:, 0]
    found = predict(memory, vertex)
    assert not found.stable and found.reason in (NO_FIXED_POINT, ELSEWHERE)
    nothing = replace(memory, weights=np.zeros_like(memory.weights))
    found = predict(nothing, memory.patterns[:, 0])
    assert found.reason == NO_FIXED_POINT
    assert np.isnan([found.overlap, found.spread, found.margin, *found.rates, *found.latents]).all()


def test_wrong_vertices_are_refused():
    memory = memory_of()
    with pytest.raises(InputError, match="shape"):
        predict(memory, memory.patterns[:5, 0])
    with pytest.raises(InputError, match="-1 and"):
        predict(memory, memory.patterns[:, 0] * 0.5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
def test_prediction_agrees_with_exact_runs():
    """Small networks inside and outside the window, up to and beyond capacity."""
    agree, stable = [], []
    rng = np.random.default_rng(20)
    for seed in range(80):
        n_neurons = (40, 80)[seed % 2]
        n_patterns = max(1, round(rng.choice([0.05, 0.2, 0.3, 0.4, 0.45]) * n_neurons))
        gamma, kappa = rng.choice([None, 0.8, 1.2, 1.6, 2.1]), rng.choice([1.0, 2.0, 5.0])
        memory = memory_of(
            seed + 500, RULES[seed % 4], n_neurons, n_patterns, gamma=gamma, kappa=kappa
        )
        for pattern in (memory.patterns[:, 0], draw_binary(n_neurons // 2, 1, rng)[:, 0]):
            mean, _ = readout.mean_and_final_latents(memory, reference.simulate(memory, pattern))
            found = predict(memory, pattern)
            agree.append(found.stable == (readout.overlap(mean, pattern) > 0.95))
            stable.append(found.stable)
    assert 20 < sum(stable) < 80
    # Of thousands of such starts 0.97 agree; of 160, 0.92 lies four standard deviations below.
    assert np.mean(agree) > 0.92


def test_the_table_names_every_reason():
    [column] = [c for c in schemas.LOWRANK_PREDICTION.columns if c.name == "prediction"]
    assert column.one_of == REASONS


def test_rows_of_the_protocol():
    grid = PROTOCOL.grids["smoke"] | {"rule": ("optimised",), "n_neurons": (40,), "load": (0.1,)}
    grid |= {"gamma": (None, 0.8), "kappa": (5.0,)}
    tasks = make_tasks(PROTOCOL, [grid], backend="numpy", model=None)
    rows = [row for task in tasks for row in PROTOCOL.run_task(task)["lowrank_prediction"]]
    table = tables.from_rows(schemas.LOWRANK_PREDICTION, rows)
    inside = table[table["gamma_chosen"] & (table["start"] == "stored")]
    assert (inside["prediction"] == STABLE).all() and (inside["overlap"] > 0.95).all()
    others = table.drop(inside.index)
    assert len(others) == 12 and not others["predicted_stable"].any()
    assert (others["overlap"] < 0.95).all()


def test_rows_of_each_gamma_are_those_of_a_task_of_its_own():
    grid = PROTOCOL.grids["smoke"] | {"rule": ("optimised",), "n_neurons": (40,), "load": (0.1,)}
    grid |= {"gamma": (None, 0.8, 1.6), "kappa": (5.0,)}
    [task] = make_tasks(PROTOCOL, [grid], backend="numpy", model=None)
    tasks = [task, *(replace(task, gamma=(gamma,)) for gamma in task.gamma)]
    together, *alone = (PROTOCOL.run_task(task)["lowrank_prediction"] for task in tasks)
    assert together == [row for rows in alone for row in rows]
    assert len(together) == 3 * 8
