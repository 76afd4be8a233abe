"""Lines of theory, and the rules that they are drawn for."""

import numpy as np
import pytest
from scipy.stats import norm

from analysis import theory
from analysis.theory import gamma_window
from brianmem.lowrank import geometry
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import RULES, SELF_CONNECTIONS, fit
from brianmem.patterns import draw_binary

KNOWN = [rule for rule in RULES if gamma_window(rule, 0.1)]


def test_bounds_are_loads():
    """Patterns per neuron; the sources count them per latent, K = N/2."""
    n_neurons, n_latents = 400, 200
    assert round(theory.HOPFIELD * n_neurons) == round(0.138 * n_latents)
    assert theory.GARDNER * n_neurons == 2 * n_latents
    assert theory.RANK_BOUND * n_neurons == n_latents
    assert theory.COUNTING_BOUND * n_neurons == n_neurons


def test_from_the_bound_by_rank_on_equations_cannot_all_be_met():
    """Without own-axis elements: the neural patterns that are left have rank K."""
    k, rng = 12, np.random.default_rng(0)
    residuals = {}
    for p in (k - 1, k, k + 1, k + 4):
        xi = draw_binary(k, p, rng).astype(float)
        eta = geometry.neural_patterns(xi)
        left = np.delete(eta, [0, k], axis=0)
        assert np.linalg.matrix_rank(left) == min(p, k)
        solution = np.linalg.lstsq(left.T, xi[0], rcond=None)[0]
        residuals[p / (2 * k)] = np.abs(solution @ left - xi[0]).max()
    for load, residual in residuals.items():
        assert (residual < 1e-9) == (load <= theory.RANK_BOUND)


def test_rules_with_a_window():
    assert set(KNOWN) == {
        *("pseudo_inverse", "pseudo_inverse_neural", "pseudo_inverse_zeroed"),
        *("pseudo_inverse_rescaled", "optimised"),
    }
    assert gamma_window("extended", 0.1) is None and gamma_window("hebbian", 0.1) is None


@pytest.mark.parametrize("rule", KNOWN)
@pytest.mark.parametrize("load", [0.05, 0.2, 0.35])
def test_windows_begin_at_the_gain_and_rules_choose_their_middle(rule, load):
    """q is measured in a network; of 1 - p/K it deviates by what is left of 1/K."""
    k, p = 200, round(400 * load)
    xi = draw_binary(k, p, np.random.default_rng(1))
    _, info = fit(xi, LowRankParameters(rule, 2 * k, p))
    low, high = gamma_window(rule, load)
    assert info["gain"] == pytest.approx(low, abs=0.01 if rule == "pseudo_inverse_neural" else 1e-6)
    assert rule not in SELF_CONNECTIONS
    assert info["self_connection"] == pytest.approx((low + high) / 2, abs=0.02)


def test_capacity_of_perceptrons_with_rare_outputs():
    assert theory.perceptron_capacity(0.5) == pytest.approx(2)
    found = [theory.perceptron_capacity(f) for f in (1e-3, 4e-3)]
    np.testing.assert_allclose(found, [118.85, 38.887], rtol=1e-4)
    assert theory.perceptron_capacity(0.1) == pytest.approx(theory.perceptron_capacity(0.9))
    # 512 neurons, 41 delays, patterns of 1000 steps.
    assert theory.delay_capacity(512, 41, 1000, 1e-3) == pytest.approx(2601.5, abs=0.1)


def test_the_conditions_of_the_perceptron_capacity_by_sampling():
    z = np.random.default_rng(0).standard_normal(2_000_000)
    f, x = 0.02, 1.5
    ends = (f * np.mean(np.maximum(z + x, 0)), (1 - f) * np.mean(np.maximum(z - x, 0)))
    formula = [f * (norm.pdf(x) + x * norm.cdf(x)), (1 - f) * (norm.pdf(x) - x * norm.cdf(-x))]
    np.testing.assert_allclose(ends, formula, rtol=0.01)
