"""Networks without spikes beside their definition, and what every run of them keeps to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem.errors import InputError
from brianmem.lowrank import hopfield, hopfield_reference
from brianmem.lowrank.hopfield import (
    AT_REST,
    fields,
    largest_first,
    random_order,
    relax,
    response,
)
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.prediction import predict
from brianmem.patterns import draw_binary, draw_flips, flip

SYMMETRIC = ("pseudo_inverse_zeroed", "optimised", "regularised")
AGREE = np.array([[0, 1, 0, -1], [1, 0, -1, 0]])


def stored(rule, n_neurons=40, n_patterns=6, seed=0):
    xi = draw_binary(n_neurons // 2, n_patterns, np.random.default_rng(seed))
    return store(xi, LowRankParameters(rule, n_neurons=n_neurons, n_patterns=n_patterns))


def damaged(memory, part, seed=0):
    pattern = memory.patterns[:, 0]
    return flip(pattern, draw_flips(len(pattern), part, np.random.default_rng(seed)))


def coupling(decoder):
    """G and h with which the field of a state s of +-1 is G s + h."""
    left, right = np.split(decoder, 2, axis=1)
    return (left - right) / 2, (left + right).sum(axis=1) / 2


@st.composite
def decoders(draw):
    """[H + G, H - G] with G symmetric up to a positive factor of each row, zero on its diagonal."""
    n_latents = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    g = rng.integers(-3, 4, (n_latents, n_latents)).astype(float)
    g = (np.triu(g, 1) + np.triu(g, 1).T) * rng.uniform(0.5, 2, (n_latents, 1))
    h = rng.normal(0, draw(st.sampled_from([0.0, 0.3])), (n_latents, n_latents))
    start = rng.choice([-1, 1], n_latents)
    return np.hstack([h + g, h - g]), start, rng


@pytest.mark.parametrize("rule", ["hebbian", "pseudo_inverse", *SYMMETRIC, "extended"])
@pytest.mark.parametrize("part", [0.0, 0.15, 0.5])
def test_fields_that_are_kept_up_to_date_are_those_of_the_definition(rule, part):
    memory = stored(rule)
    start = damaged(memory, part)
    run = random_order(memory.decoder, start, np.random.default_rng(1))
    state, changes = hopfield_reference.random_order(
        memory.decoder, start, np.random.default_rng(1)
    )
    assert run.settled and run.changes.tolist() == changes
    np.testing.assert_array_equal(run.state, state)
    run = largest_first(memory.decoder, start)
    state, changes = hopfield_reference.largest_first(memory.decoder, start)
    assert run.settled and run.changes.tolist() == changes and run.n_sweeps == len(changes)
    np.testing.assert_array_equal(run.state, state)


@given(decoders())
@settings(deadline=None)
def test_both_orders_follow_the_definition(drawn):
    decoder, start, rng = drawn
    seed = rng.integers(2**32)
    run = random_order(decoder, start, np.random.default_rng(seed))
    _, changes = hopfield_reference.random_order(decoder, start, np.random.default_rng(seed))
    assert run.changes.tolist() == changes
    state, changes = hopfield_reference.largest_first(decoder, start)
    run = largest_first(decoder, start)
    np.testing.assert_array_equal(run.state, state)


@given(decoders(), st.booleans())
@settings(deadline=None)
def test_energy_falls_with_every_change_until_nothing_would_change(drawn, in_order):
    decoder, start, rng = drawn
    run = random_order(decoder, start, rng) if in_order else largest_first(decoder, start)
    g, h = coupling(decoder)
    factors = np.where(g == 0, 1, g.T / np.where(g == 0, 1, g))  # b_k / b_j of G_jk b_j = G_kj b_k
    scale = row_factors(g, factors)
    state, energies = start.astype(float), []
    for axis in [None, *run.changes]:
        if axis is not None:
            state[axis] *= -1
        energies.append(-state @ (scale[:, None] * g) @ state / 2 - scale @ (h * state))
    np.testing.assert_array_equal(state, run.state)
    assert (np.diff(energies) < 0).all()
    assert run.settled and (run.state * fields(decoder, run.state) > -1e-9).all()
    again = random_order(decoder, run.state, rng)
    assert len(again.changes) == again.n_sweeps == 0
    np.testing.assert_array_equal(again.state, run.state)


def row_factors(g, ratios):
    """b with b_k G_kj = b_j G_jk, from axis to axis along couplings that are not zero."""
    scale = np.zeros(len(g))
    for root in range(len(g)):
        reached = [] if scale[root] else [root]
        scale[root] = scale[root] or 1.0
        while reached:
            axis = reached.pop()
            for other in np.flatnonzero((g[axis] != 0) & (scale == 0)):
                scale[other] = scale[axis] / ratios[axis, other]
                reached.append(other)
    return scale


@pytest.mark.parametrize("rule", SYMMETRIC)
def test_rules_that_have_an_energy(rule):
    g, _ = coupling(stored(rule, 60, 12).decoder)
    scale = g[0] / np.where(np.arange(len(g)) == 0, 1, g[:, 0])
    scale[0] = 1
    assert (scale > 0).all() and (np.diag(g) == 0).all()
    np.testing.assert_allclose(scale[:, None] * g, (scale[:, None] * g).T, atol=1e-9)


def test_without_one_the_sweeps_are_limited():
    """An axis that wants to agree with one that wants to differ."""
    disagree = np.array([[0, 1, 0, -1], [-1, 0, 1, 0]])
    run = random_order(disagree, [1, 1], np.random.default_rng(0), most_sweeps=7)
    assert not run.settled and run.n_sweeps == 7 and 7 <= len(run.changes) <= 14
    run = largest_first(disagree, [1, 1], most_changes=5)
    assert not run.settled and run.changes.tolist() == [1, 0, 1, 0, 1]


@pytest.mark.parametrize("state", [[1, 1], [1, -1]])
def test_an_axis_without_a_field_stays(state):
    run = random_order(np.zeros((2, 4)), state, np.random.default_rng(0))
    assert run.settled and run.state.tolist() == state and not len(run.changes)
    # 0.1 + 0.2 - 0.3 is not zero in floats, but for rounding.
    nearly = np.zeros((4, 8))
    nearly[0, 1:4] = 0.1, 0.2, -0.3
    for sign in (1, -1):
        assert not len(largest_first(sign * nearly, [1, 1, 1, 1]).changes)


@pytest.mark.parametrize("rule", SYMMETRIC)
def test_stored_patterns_stay_and_few_flips_are_mended(rule):
    memory = stored(rule, 80, 6)
    for pattern in memory.patterns.T:
        assert not len(largest_first(memory.decoder, pattern).changes)
        start = pattern.copy()
        start[:3] *= -1
        for run in (
            random_order(memory.decoder, start, np.random.default_rng(0)),
            largest_first(memory.decoder, start),
        ):
            np.testing.assert_array_equal(run.state, pattern)
        assert run.changed_at[:3].min() == 1 and sorted(run.changes) == [0, 1, 2]
        assert np.isinf(run.changed_at[3:]).all()


def test_an_axis_that_changes_twice_counts_when_it_did_first():
    run = hopfield.BinaryRun(np.ones(4), np.array([2, 0, 2]), 3, True)
    assert run.changed_at.tolist() == [2, np.inf, 1, np.inf]


@pytest.mark.parametrize("bound", [1.0, 20.0])
def test_graded_states_beside_a_plain_loop(bound):
    memory = stored("optimised", 40, 4)
    starts = np.column_stack([damaged(memory, part) for part in (0.0, 0.1, 0.3)])
    run = relax(memory.decoder, starts, 1.5, 1.0, bound, most_time=3)
    for start, state, changed_at in zip(starts.T, run.state.T, run.changed_at.T, strict=True):
        x, at = start.astype(float), np.full(len(start), np.inf)
        for number in range(1, 31):
            field = memory.decoder @ np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)])
            # Of a neuron and its antagonist, with gamma = 1.5 and q = 1.
            rates = [max(0.0, h + 0.5) / 1.5 for h in (*field, *-field)]
            difference = np.subtract(*np.split(np.array(rates), 2))
            x = x + 0.1 * (np.maximum(-bound, np.minimum(bound, difference)) - x)
            at = np.where(np.isinf(at) & (x * start < 0), 0.1 * number, at)
        # Products with one state and with several are rounded differently.
        np.testing.assert_allclose(state, x, atol=1e-9)
        np.testing.assert_allclose(changed_at, at)
    assert np.isinf(run.changed_at[:, 0]).all() and np.isfinite(run.changed_at[:, 1]).any()


@pytest.mark.parametrize(
    ("gamma", "gain", "expected"),
    [
        # Both neurons fire up to a field of 0.5, one from there on; a field of 1 keeps 1.
        (1.5, 1.0, [-1, -2 / 3, -0.4, 0, 0.4, 2 / 3, 1, 5 / 3]),
        # Below the stable window neither fires in small fields.
        (0.5, 0.75, [-1.5, -0.5, -0.1, 0, 0.1, 0.5, 1.5, 3.5]),
    ],
)
def test_the_response_of_a_pair_of_neurons(gamma, gain, expected):
    field = np.array([-1, -0.5, -0.3, 0, 0.3, 0.5, 1, 2])
    np.testing.assert_allclose(response(field, gamma, gain), expected)
    bounded = response(field, gamma, gain, bound=1.0)
    np.testing.assert_allclose(bounded, np.clip(expected, -1, 1))


@pytest.mark.parametrize("rule", SYMMETRIC)
def test_a_vertex_is_the_spiking_networks_fixed_point_without_spikes(rule):
    """A few flips away from it, too; rates are those of lowrank.prediction, over kappa."""
    memory = stored(rule, 200, 20)
    start = damaged(memory, 0.1)
    run = relax(memory.decoder, start[:, None], memory.gamma, memory.info["gain"])
    state = run.state[:, 0]
    np.testing.assert_array_equal(np.sign(state), memory.patterns[:, 0])
    rates = predict(memory, memory.patterns[:, 0]).rates / memory.params.kappa
    # The drive is constant here; there it balances the sum of rates.
    np.testing.assert_allclose(state, np.subtract(*np.split(rates, 2)), atol=0.05)
    wanted = response(fields(memory.decoder, state), memory.gamma, memory.info["gain"])
    np.testing.assert_allclose(state, wanted, atol=2 * AT_REST)


def test_a_network_without_a_fixed_point_is_cut_off():
    run = relax(10 * AGREE, [[1], [1]], gamma=1.0)
    np.testing.assert_allclose(run.state, hopfield.MOST_RATE, rtol=1e-3)


def test_large_weights_take_small_steps():
    """With a step of 0.1 these states would swing ever further, and be cut off at 1."""
    opposed = 30 * np.array([[0, -1, 0, 1], [-1, 0, 1, 0]])
    run = relax(opposed, [[1], [1]], gamma=2.0, bound=1.0)
    np.testing.assert_allclose(run.state, 0, atol=1e-3)


def test_runs_of_a_batch_do_not_depend_on_each_other():
    memory = stored("regularised", 60, 10)
    starts = np.column_stack([damaged(memory, part) for part in (0.0, 0.2, 0.4)])
    together = relax(memory.decoder, starts, 1.7)
    alone = [relax(memory.decoder, start[:, None], 1.7) for start in starts.T]
    found = np.column_stack([run.state[:, 0] for run in alone])
    np.testing.assert_allclose(together.state, found, atol=1e-9)


@pytest.mark.parametrize(
    ("decoder", "start", "message"),
    [
        (AGREE, [1, 1, 1], r"3 latents needs a decoder of shape \(3, 6\), not \(2, 4\)"),
        (AGREE[:, :2], [1, 1], r"of shape \(2, 4\), not \(2, 2\)"),
        (AGREE, [1, 0.5], "binary patterns hold either -1 and"),
        (AGREE, [], "binary patterns are a"),
    ],
)
def test_bad_input(decoder, start, message):
    for run in (
        lambda: random_order(decoder, start, np.random.default_rng(0)),
        lambda: largest_first(decoder, start),
        lambda: relax(decoder, np.reshape(start, (-1, 1)), 1.3),
    ):
        with pytest.raises(InputError, match=message):
            run()


@pytest.mark.parametrize("gamma", [0.0, -1.0, np.nan])
def test_graded_states_need_self_inhibition(gamma):
    with pytest.raises(InputError, match="gamma must be positive for graded states, not"):
        relax(AGREE, [[1], [1]], gamma)
