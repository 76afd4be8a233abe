"""The rules with larger basins: regularised, extended, and extended with noise-trained weights."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_ndtr

from brianmem.lowrank import geometry, network, readout
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import RULES, SELF_CONNECTIONS, extended, fit, regularised
from brianmem.lowrank.storage.extended import ANTAGONIST
from brianmem.lowrank.storage.extended_noise import flip_prob, train
from brianmem.lowrank.storage.regression import contrast, penalty, ridge, unit_gain
from brianmem.patterns import draw_binary, draw_correlated, draw_flips, flip

NEW = ["regularised", "extended", "extended_noise"]
SEEDS = st.integers(0, 10**6)


def draw(k, p, seed):
    return draw_binary(k, p, np.random.default_rng(seed)).astype(float)


def by_rows(xi, solve):
    """G from one general problem per row, with the row's own element left out."""
    k = len(xi)
    g = np.zeros((k, k))
    for row in range(k):
        others = np.delete(np.arange(k), row)
        g[row, others] = solve(xi[row], xi[others])
    return g


def ridge_row(target, others, penalty):
    row = cp.Variable(len(others))
    error = cp.sum_squares(row @ others - target)
    problem = cp.Problem(cp.Minimize(error + penalty * cp.sum_squares(row)))
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == "optimal"
    return row.value


def noise_row(target, others, sigma):
    """The largest sum of log Phi over rows of length 1 at most."""
    signed = target * others / sigma

    def loss(row):
        z = row @ signed
        ratio = np.exp(-(z**2) / 2 - log_ndtr(z)) / np.sqrt(2 * np.pi)
        return -log_ndtr(z).sum(), -signed @ ratio

    ball = {"type": "ineq", "fun": lambda row: 1 - row @ row, "jac": lambda row: -2 * row}
    start = np.zeros(len(others))
    options = {"ftol": 1e-14, "maxiter": 1000}
    found = minimize(loss, start, jac=True, constraints=[ball], method="SLSQP", options=options)
    assert found.success, found.message
    return found.x


@pytest.mark.parametrize(("k", "p"), [(6, 1), (10, 4), (10, 10), (8, 14)])
@pytest.mark.parametrize("rule", [regularised, extended])
def test_ridge_rules_equal_a_convex_solver(rule, k, p):
    xi = draw(k, p, seed=1)
    size = penalty(xi, rule.penalty_per_latent(p / (2 * k)))
    g = unit_gain(by_rows(xi, lambda target, others: ridge_row(target, others, size)), xi)
    name, a = ("regularised", 0.0) if rule is regularised else ("extended", ANTAGONIST)
    expected = (g + a * np.eye(k)) @ geometry.encoder(k).T / (1 + a)
    # Clarabel stops at a relative gap of 1e-8, about the square of the error of its solution.
    np.testing.assert_allclose(RULES[name](xi), expected, atol=1e-4 * np.abs(g).max())


@pytest.mark.parametrize(("k", "p"), [(6, 1), (12, 6), (12, 14), (6, 20)])
def test_noise_training_equals_a_general_solver(k, p):
    """Also with so many patterns that the best rows are shorter than 1."""
    xi, f = draw(k, p, seed=2), 0.05
    mean = 1 - 2 * f
    sigma = np.sqrt(1 - mean**2) / mean
    expected = by_rows(xi, lambda target, others: noise_row(target, others, sigma))
    # SLSQP stops when the sum changes by 1e-14 of itself, about the square of its row's error.
    np.testing.assert_allclose(train(xi, f, tolerance=1e-9), expected, atol=1e-5)


def test_noise_training_ends_close_to_its_best():
    xi = draw(50, 40, seed=0)
    best = train(xi, flip_prob(0.4), tolerance=1e-10)
    # The bound that TOLERANCE promises.
    error = np.abs(train(xi, flip_prob(0.4)) - best).max()
    assert error < 0.01 * np.abs(best).max()


@given(SEEDS, st.integers(3, 12), st.data())
def test_ridge_meets_its_normal_equations(seed, k, data):
    p = data.draw(st.integers(1, 3 * k))
    xi, penalty = draw(k, p, seed), data.draw(st.floats(0.01, 10))
    g = ridge(xi, penalty)
    gradient = (g @ xi - xi) @ xi.T + penalty * g
    np.fill_diagonal(gradient, 0.0)
    assert (np.diag(g) == 0).all()
    # Sums of p products of order one, and an inverse whose condition is below 1e5.
    np.testing.assert_allclose(gradient, 0, atol=1e-8)


@pytest.mark.slow
@given(SEEDS, st.sampled_from(NEW), st.data())
def test_permuting_and_negating_latents_does_the_same_to_the_decoder(seed, rule, data):
    rng = np.random.default_rng(seed)
    k, p = data.draw(st.integers(3, 10)), data.draw(st.integers(1, 14))
    xi, order, signs = draw(k, p, seed), rng.permutation(k), rng.choice([-1, 1], size=(k, 1))
    decoder = RULES[rule](xi)
    both = np.concatenate([order, order + k])
    # Noise training may stop a step earlier or later when sums are rounded otherwise.
    tolerance = 1e-4 if rule == "extended_noise" else 1e-9
    np.testing.assert_allclose(RULES[rule](xi[order]), decoder[order][:, both], atol=tolerance)
    # A negated latent exchanges the two neurons of its axis.
    left, right = np.split(decoder, 2, axis=1)
    swapped = np.where(np.tile(signs.T, 2) > 0, decoder, np.hstack([right, left]))
    np.testing.assert_allclose(RULES[rule](signs * xi), signs * swapped, atol=tolerance)


@given(SEEDS, st.sampled_from(NEW), st.integers(1, 14))
def test_the_order_of_patterns_does_not_matter(seed, rule, p):
    xi = draw(8, p, seed)
    order = np.random.default_rng(seed).permutation(p)
    tolerance = 1e-4 if rule == "extended_noise" else 1e-9
    np.testing.assert_allclose(RULES[rule](xi[:, order]), RULES[rule](xi), atol=tolerance)


@given(SEEDS, st.sampled_from(NEW), st.integers(1, 25))
def test_every_axis_is_driven_with_gain_one_or_not_at_all(seed, rule, p):
    """Patterns at right angles leave a latent that no other predicts; so may few random ones."""
    xi = draw(10, p, seed)
    decoder = RULES[rule](xi)
    a = 0.0 if rule == "regularised" else ANTAGONIST
    drive = np.mean(xi * (decoder @ geometry.neural_patterns(xi)), axis=1) * (1 + a) - a
    driven = np.abs(geometry.without_own_elements(decoder)).max(axis=1) > 1e-9
    np.testing.assert_allclose(drive, driven, atol=1e-9)


@pytest.mark.parametrize("rule", NEW)
def test_a_single_pattern_is_stored_exactly(rule):
    xi = draw(10, 1, seed=0)
    decoder = RULES[rule](xi)
    np.testing.assert_allclose(decoder @ geometry.neural_patterns(xi), xi, atol=1e-12)
    others = 1 if rule == "regularised" else 1 / (1 + ANTAGONIST)
    expected = others * (xi @ xi.T - np.eye(10)) / 9 @ geometry.encoder(10).T
    np.testing.assert_allclose(geometry.without_own_elements(decoder), expected, atol=1e-12)


def test_patterns_that_repeat_weigh_more_and_are_otherwise_the_same():
    xi = draw(10, 4, seed=0)
    twice = np.hstack([xi, xi])
    np.testing.assert_allclose(ridge(twice, 0.6), ridge(xi, 0.3), atol=1e-12)
    np.testing.assert_allclose(train(twice, 0.05, 1e-10), train(xi, 0.05, 1e-10), atol=1e-8)


def test_without_penalty_the_ridge_is_the_optimised_rule_with_h_zero():
    xi = draw(20, 6, seed=0)
    # The residual falls with the penalty, over a smallest eigenvalue of about one.
    np.testing.assert_allclose(ridge(xi, 1e-9) @ xi, xi, atol=1e-7)


@pytest.mark.parametrize("rule", NEW)
@pytest.mark.parametrize("p", [1, 9, 10, 11, 30])
def test_any_number_of_patterns_gives_a_network(rule, p):
    """At p = K, where the optimised rule explodes, and beyond."""
    memory = store(draw(10, p, seed=0), LowRankParameters(rule, 20, p))
    assert np.isfinite(memory.weights).all()
    assert memory.weights.max() == 0
    assert memory.bias > 0
    assert memory.gamma == SELF_CONNECTIONS[rule](p / 20)


def test_latents_that_no_other_predicts_are_stored_as_nothing():
    xi = np.array([[1.0, 1], [1, -1]])
    decoder, info = fit(xi, LowRankParameters("regularised", 4, 2))
    assert info["gain"] == 0
    np.testing.assert_allclose(decoder, 0, atol=1e-12)


def test_a_given_self_connection_is_kept():
    memory = store(draw(10, 2, seed=0), LowRankParameters("extended", 20, 2, gamma=0.9))
    assert memory.gamma == 0.9
    assert memory.info["self_connection"] == (ANTAGONIST + 1.2) / (1 + ANTAGONIST)


def test_antagonists_inhibit_each_other_outside_the_lift():
    """The network is that of G E^T with W_(k,k+K) = -a and gamma = a + delta, divided by 1 + a."""
    k, a, delta, kappa, xi = 20, ANTAGONIST, 0.8, 3.0, draw(20, 6, seed=0)
    g = unit_gain(ridge(xi, 1.0), xi)
    weights = geometry.recurrent_weights(g @ geometry.encoder(k).T, a + delta)
    alpha = geometry.lift(weights)
    bias = geometry.bias(kappa, alpha, 1.0, a + delta, k)
    neurons = np.arange(2 * k)
    weights[neurons, (neurons + k) % (2 * k)] = -a

    decoder, gamma = extended.with_antagonists(g), extended.scaled_self_connection(delta)
    scaled = geometry.recurrent_weights(decoder, gamma)
    q, scaled_alpha = geometry.gain(decoder, xi), geometry.lift(scaled)
    np.testing.assert_allclose((1 + a) * scaled, weights, atol=1e-12)
    assert (1 + a) * q == pytest.approx(1)
    assert (1 + a) * scaled_alpha == pytest.approx(alpha)
    assert (1 + a) * geometry.bias(kappa, scaled_alpha, q, gamma, k) == pytest.approx(bias)


def completed(rule, load, flip_fraction):
    """Part of 10 damaged patterns of which every sign comes back, N = 200, seeds of their own."""
    rng = np.random.default_rng(20_000)
    xi = draw_binary(100, round(200 * load), rng)
    memory = store(xi, LowRankParameters(rule, 200, xi.shape[1], kappa=3.0))
    starts = [flip(xi[:, mu], draw_flips(100, flip_fraction, rng)) for mu in range(10)]
    runs = network.simulate(memory, starts, backend="cython")
    means = [readout.mean_and_final_latents(memory, spikes)[0] for spikes in runs]
    return np.mean([(np.sign(y) == xi[:, mu]).all() for mu, y in enumerate(means)])


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "load"), [("regularised", 0.4), ("extended", 0.4)])
def test_basins_are_larger_than_those_of_the_optimised_rule(rule, load):
    assert completed(rule, load, 0.07) >= completed("optimised", load, 0.07) + 0.4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
def test_noise_trained_weights_mend_patterns_beyond_the_capacity_of_the_optimised_rule():
    assert completed("extended_noise", 0.55, 0.01) >= 0.7
    assert completed("optimised", 0.55, 0.01) == 0


def test_the_penalty_follows_the_contrast():
    for correlation in (0.0, 0.4, 0.8):
        xi = draw_correlated(400, 60, correlation, np.random.default_rng(1)).astype(float)
        # Of 400 latents: a standard error of the mean below .01.
        assert contrast(xi) == pytest.approx(1 - correlation, abs=0.02)
        assert penalty(xi, 0.1) == pytest.approx(40 * (1 - correlation) ** 1.5, rel=0.1)
    same = np.ones((10, 3))
    assert contrast(same) == 0 and penalty(same, 0.1) > 0
    assert np.isfinite(RULES["extended"](same)).all()
    assert contrast(np.ones((10, 1))) == 1
