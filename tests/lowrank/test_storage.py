import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.errors import CapacityWarning, InputError
from brianmem.lowrank.geometry import neural_patterns, own_elements
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import RULES, fit
from brianmem.lowrank.storage.optimised import optimised
from brianmem.patterns import draw_binary

SEEDS = st.integers(0, 10**6)


def eq_12(xi):
    """Eq. 12 as the paper writes it, with own-axis elements omitted (App. B.1)."""
    k = len(xi)
    decoder = cp.Variable((k, 2 * k))
    constraints = [decoder @ neural_patterns(xi) == xi]
    constraints += [decoder[row, column] == 0 for row, column in zip(*own_elements(k), strict=True)]
    problem = cp.Problem(cp.Minimize(cp.sum_squares(decoder)), constraints)
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == "optimal"
    return decoder.value


@pytest.mark.parametrize(("k", "p", "seed"), [(6, 1, 0), (10, 3, 2), (10, 4, 1), (16, 9, 0)])
def test_optimised_equals_a_convex_solver(k, p, seed):
    xi = draw_binary(k, p, np.random.default_rng(seed)).astype(float)
    # Clarabel stops at a relative gap of 1e-8, about the square of the error of its solution.
    np.testing.assert_allclose(optimised(xi), eq_12(xi), atol=1e-5)


def row_by_row(xi):
    """Least squares of smallest norm for each row on its own, feasible or not."""
    k = len(xi)
    eta = neural_patterns(xi)
    decoder = np.zeros((k, 2 * k))
    for row in range(k):
        free = np.delete(np.arange(2 * k), [row, row + k])
        decoder[row, free] = np.linalg.lstsq(eta[free].T, xi[row], rcond=None)[0]
    return decoder


@given(SEEDS, st.integers(3, 12), st.data())
def test_optimised_equals_row_wise_least_squares(seed, k, data):
    """Also where it is infeasible: beyond p = K, and for repeated or opposite patterns."""
    p = data.draw(st.integers(1, 2 * k))
    xi = draw_binary(k, p, np.random.default_rng(seed)).astype(float)
    expected = row_by_row(xi)
    # Both lose digits as p approaches K, where the solution itself grows.
    tolerance = 1e-9 * max(1, np.abs(expected).max()) ** 2
    np.testing.assert_allclose(optimised(xi), expected, atol=tolerance)


@given(SEEDS)
def test_rules_meet_the_constraint_where_they_should(seed):
    xi = draw_binary(30, 5, np.random.default_rng(seed)).astype(float)
    if np.linalg.matrix_rank(xi) < 5:
        return
    for rule in ("pseudo_inverse", "optimised"):
        np.testing.assert_allclose(RULES[rule](xi) @ neural_patterns(xi), xi, atol=1e-9)


@pytest.mark.parametrize("rule", ["hebbian", "pseudo_inverse", "optimised"])
def test_a_single_pattern_is_stored_exactly(rule):
    xi = draw_binary(10, 1, np.random.default_rng(0)).astype(float)
    np.testing.assert_allclose(RULES[rule](xi) @ neural_patterns(xi), xi, atol=1e-12)


def test_hebbian_elements():
    xi = np.array([[1.0, 1], [1, -1], [1, 1]])
    correlation = np.array([[2, 0, 2], [0, 2, 0], [2, 0, 2]]) / 3
    np.testing.assert_allclose(RULES["hebbian"](xi), np.hstack([correlation, -correlation]))


def test_own_axis_elements():
    xi = draw_binary(10, 3, np.random.default_rng(0)).astype(float)
    own = own_elements(10)
    assert (RULES["optimised"](xi)[own] == 0).all()
    assert (RULES["pseudo_inverse_zeroed"](xi)[own] == 0).all()
    assert (RULES["pseudo_inverse"](xi)[own] != 0).all()


@given(SEEDS, st.sampled_from(["hebbian", "pseudo_inverse", "pseudo_inverse_zeroed", "optimised"]))
def test_permuting_latents_permutes_the_decoder(seed, rule):
    rng = np.random.default_rng(seed)
    xi = draw_binary(9, 3, rng).astype(float)
    order = rng.permutation(9)
    both = np.concatenate([order, order + 9])
    np.testing.assert_allclose(RULES[rule](xi[order]), RULES[rule](xi)[order][:, both], atol=1e-8)


@pytest.mark.filterwarnings("error::brianmem.errors.CapacityWarning")
def test_beyond_capacity_is_a_warning_with_residual_and_rank():
    rng = np.random.default_rng(0)
    for rule, p in (("optimised", 14), ("pseudo_inverse", 10), ("pseudo_inverse_zeroed", 12)):
        xi = draw_binary(10, p, rng)
        with pytest.raises(CapacityWarning, match=r"load .*residual .*rank 1"):
            fit(xi, LowRankParameters(rule, 20, p))
    fit(draw_binary(10, 14, rng), LowRankParameters("hebbian", 20, 14))
    fit(draw_binary(50, 10, rng), LowRankParameters("optimised", 100, 10))


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
def test_pseudo_inverse_at_p_equal_k_is_a_trivial_memory():
    xi = draw_binary(20, 40, np.random.default_rng(0))
    decoder, _ = fit(xi, LowRankParameters("pseudo_inverse", 40, 40))
    other = draw_binary(20, 1, np.random.default_rng(1))
    np.testing.assert_allclose(decoder @ neural_patterns(other), other, atol=1e-9)


def test_bad_calls_are_refused():
    xi = draw_binary(10, 4, np.random.default_rng(0))
    with pytest.raises(InputError, match=r"unknown rule 'hopfield': choose from hebbian"):
        fit(xi, LowRankParameters("hopfield", 20, 4))
    with pytest.raises(InputError, match=r"shape \(10, 4\).*\(10, 3\)"):
        fit(xi, LowRankParameters("hebbian", 20, 3))
    with pytest.raises(InputError, match="-1 and"):
        fit(xi * 2, LowRankParameters("hebbian", 20, 4))
