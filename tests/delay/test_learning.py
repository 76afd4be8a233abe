from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.delay.learning import LEARNERS, fit
from brianmem.delay.learning.normalised import normalised
from brianmem.delay.learning.threshold import clamped_potentials, place_threshold
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.reference import recall
from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster

SEEDS = st.integers(0, 10**6)


def small(seed, **options):
    options = {"n_neurons": 6, "n_delays": 4, "n_steps": 25, "n_patterns": 3} | options
    params = DelayParameters(**({"firing_prob": 0.1} | options))
    patterns = draw_rasters(
        params.n_patterns,
        params.n_neurons,
        params.n_steps,
        params.firing_prob,
        np.random.default_rng(seed),
    )
    return params, patterns


def potentials(weights, patterns, params):
    parts = clamped_potentials(weights, patterns, params)
    return map(np.concatenate, zip(*parts, strict=True))


def by_the_formula(patterns, params, teaching):
    """W[j, i, d] = gain / (N D p_A) sum of I_j(t) s_i(t - d), term by term."""
    s = patterns.to_dense()
    w = np.zeros((params.n_neurons, params.n_neurons, params.n_delays))
    for m in range(params.n_patterns):
        for t in range(params.n_delays, params.n_steps):
            target = s[m, :, t] - teaching * s[m, :, t - 1]
            for d in range(1, params.n_delays + 1):
                w[:, :, d - 1] += np.outer(target, s[m, :, t - d])
    return w * params.gain / (params.n_neurons * params.n_delays * params.firing_prob)


@given(SEEDS, st.floats(0.1, 0.9), st.floats(0.5, 3))
def test_rules_equal_the_formula(seed, beta, gain):
    for learner, teaching in (("hebbian", 0), ("deconvolved", beta)):
        params, patterns = small(seed, learner=learner, beta=beta, gain=gain)
        weights, _ = LEARNERS[learner](patterns, params, np.random.default_rng(0))
        expected = by_the_formula(patterns, params, teaching)
        # Sums of at most a few hundred terms of size gain: rounding stays far below 1e-12.
        np.testing.assert_allclose(weights.to_dense(), expected, atol=1e-12)


@given(SEEDS)
def test_permuting_neurons_permutes_the_weights(seed):
    params, patterns = small(seed)
    order = np.random.default_rng(seed).permutation(params.n_neurons)
    dense = patterns.to_dense()[:, order]
    weights, _ = fit(patterns, params)
    permuted, _ = fit(type(patterns).from_dense(dense), params)
    np.testing.assert_allclose(
        permuted.to_dense(), weights.to_dense()[np.ix_(order, order)], atol=1e-12
    )


@given(SEEDS)
def test_clamped_potentials_equal_the_recursion(seed):
    params, patterns = small(seed)
    weights, _ = fit(patterns, params)
    targets, others = potentials(weights, patterns, params)
    expected_targets, expected_others = [], []
    inputs, s = weights.to_dense(), patterns.to_dense()
    for m in range(params.n_patterns):
        u = np.zeros(params.n_neurons)
        for t in range(params.n_steps):
            u = params.beta * u * ~s[m, :, t - 1] if t > 0 else u
            for d in range(1, min(params.n_delays, t) + 1):
                u = u + inputs[:, :, d - 1] @ s[m, :, t - d]
            if t >= params.n_delays:
                expected_targets += list(u[s[m, :, t]])
                expected_others += list(u[~s[m, :, t]])
    np.testing.assert_allclose(np.sort(targets), np.sort(expected_targets), atol=1e-12)
    expected_others = np.sort(expected_others)
    # Sites whose inputs cancel have u = 0 up to rounding.
    np.testing.assert_allclose(
        np.sort(others[others > 1e-12]), expected_others[expected_others > 1e-12], atol=1e-12
    )


POTENTIALS = st.lists(st.integers(-4, 12).map(lambda n: n / 4), max_size=12).map(np.array)


def by_trying_all(targets, others):
    """Of all intervals between neighbouring sites, the widest of those with the fewest errors."""
    sites = np.concatenate([targets, others])
    edges = np.unique([0.0, 2 * sites.max(initial=0.5), *sites[sites > 0]])
    found = [
        (np.sum(targets <= low) + np.sum(others >= high), low - high, low, high)
        for low, high in pairwise(edges)
    ]
    return min(found)[2:]


@given(POTENTIALS, POTENTIALS)
def test_the_threshold_is_that_of_trying_all(targets, others):
    targets, others = targets.astype(float), others.astype(float)
    assert place_threshold(targets, others) == by_trying_all(targets, others)


@given(POTENTIALS, POTENTIALS)
def test_no_threshold_makes_fewer_errors(targets, others):
    targets, others = targets.astype(float), others[others > 0].astype(float)
    low, high = place_threshold(targets, others)
    assert 0 <= low < high

    def errors(threshold):
        return np.sum(targets < threshold) + np.sum(others >= threshold)

    fewest = min(errors(threshold) for threshold in np.arange(0.125, 8, 0.25))
    assert errors((low + high) / 2) == fewest
    assert errors(low + 1e-9) == errors(high - 1e-9) == fewest


def test_the_threshold_is_the_middle_of_the_gap():
    assert place_threshold(np.array([1.0, 1.5]), np.array([0.2, 0.4])) == (0.4, 1.0)
    # One target lies among the others: missing it costs one error, letting them in two.
    assert place_threshold(np.array([0.1, 1.0, 1.5]), np.array([0.2, 0.4])) == (0.4, 1.0)


def test_info_says_what_was_learned():
    params, patterns = small(0, gain=2.0)
    weights, info = fit(patterns, params)
    assert info["n_synapses"] == len(weights)
    assert info["gain"] == 2.0
    assert info["threshold"] == (info["gap_low"] + info["gap_high"]) / 2
    targets, others = potentials(weights, patterns, params)
    assert info["missed"] == (targets < info["threshold"]).sum()
    assert info["extra"] == (others >= info["threshold"]).sum()
    given_threshold = small(0, threshold=0.3)[0]
    assert fit(patterns, given_threshold)[1]["threshold"] == 0.3


def test_the_gain_scales_weights_and_threshold_alike():
    (one, patterns), (two, _) = small(1), small(1, gain=2.0)
    (w1, i1), (w2, i2) = fit(patterns, one), fit(patterns, two)
    np.testing.assert_allclose(w2.table.data, 2 * w1.table.data)
    assert i2["threshold"] == pytest.approx(2 * i1["threshold"])


def test_a_light_load_is_recalled_without_error():
    params, patterns = small(0, n_neurons=200, n_delays=20, n_steps=120, firing_prob=0.005)
    for learner in LEARNERS:
        weights, info = fit(patterns, DelayParameters(**vars(params) | {"learner": learner}))
        assert info["missed"] == info["extra"] == 0
        for m in range(3):
            target = patterns.select(m).to_dense()[0]
            found = recall(weights.to_dense(), target[:, :20], 120, params.beta, info["threshold"])
            np.testing.assert_array_equal(found, target)


def test_patterns_without_spikes_leave_a_silent_network():
    params, patterns = small(0, firing_prob=1e-9)
    assert len(patterns) == 0
    weights, info = fit(patterns, params)
    assert len(weights) == 0
    assert info["threshold"] > 0


def test_bad_calls_are_refused():
    params, patterns = small(0)
    with pytest.raises(InputError, match="unknown learner 'stdp': choose from hebbian"):
        fit(patterns, DelayParameters(**vars(params) | {"learner": "stdp"}))
    with pytest.raises(InputError, match="n_steps = 25, but the parameters say 26"):
        fit(patterns, DelayParameters(**vars(params) | {"n_steps": 26}))
    with pytest.raises(InputError, match="delay_steps"):
        DelayWeights.from_synapses([0], [0], [5], [1.0], 6, 4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_neurons": 0},
        {"n_steps": 41},
        {"firing_prob": 0.0},
        {"beta": 1.0},
        {"beta": float("nan")},
        {"threshold": 0.0},
        {"gain": float("inf")},
    ],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        DelayParameters(**wrong)


def test_the_published_normalisation_counts_contexts():
    params, patterns = small(3, n_neurons=20, n_delays=6, n_steps=40, n_patterns=4)
    weights, report = normalised(patterns, params, np.random.default_rng(0))
    s = patterns.to_dense()
    contexts = [
        s[m, :, t - 6 : t] for m in range(params.n_patterns) for t in range(6, params.n_steps)
    ]
    count = np.mean(np.sum(contexts, axis=0))
    assert count == pytest.approx(4 * 34 * 0.1, rel=0.3)  # M (T - D) p_A, of few spikes
    expected = by_the_formula(patterns, params, params.beta) * 20 * 6 * 0.1 / count
    np.testing.assert_allclose(weights.to_dense(), expected, atol=1e-12)
    assert report["drive"] == pytest.approx(20 * 6 * 0.1 / count)


def test_without_spikes_there_is_nothing_to_normalise_by():
    params, _ = small(0)
    silent = Raster([], [], [], params.n_patterns, params.n_neurons, params.n_steps)
    with pytest.raises(InputError, match="no spike before a step"):
        normalised(silent, params, np.random.default_rng(0))
