import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.errors import CapacityWarning, InputError
from brianmem.lowrank.geometry import encoder, neural_patterns, own_elements
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import RULES, fit
from brianmem.lowrank.storage.optimised import optimised
from brianmem.lowrank.storage.pseudo_inverse import projector
from brianmem.lowrank.storage.regression import ridge
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


def least_norm(xi):
    """The smallest D with D eta = xi, own-axis elements included: Eq. 12 as printed."""
    decoder = cp.Variable((len(xi), 2 * len(xi)))
    problem = cp.Problem(
        cp.Minimize(cp.sum_squares(decoder)), [decoder @ neural_patterns(xi) == xi]
    )
    problem.solve(solver=cp.CLARABEL)
    assert problem.status == "optimal"
    return decoder.value


@pytest.mark.parametrize(("k", "p", "seed"), [(6, 1, 0), (10, 4, 1), (8, 7, 2)])
def test_the_neural_pseudo_inverse_equals_a_convex_solver(k, p, seed):
    xi = draw_binary(k, p, np.random.default_rng(seed)).astype(float)
    np.testing.assert_allclose(RULES["pseudo_inverse_neural"](xi), least_norm(xi), atol=1e-5)


@given(SEEDS, st.integers(3, 12), st.data())
def test_the_neural_pseudo_inverse_equals_least_squares(seed, k, data):
    """Row by row, of least norm, also for dependent patterns and beyond p = K + 1."""
    p = data.draw(st.integers(1, 2 * k))
    xi = draw_binary(k, p, np.random.default_rng(seed)).astype(float)
    expected = np.linalg.lstsq(neural_patterns(xi).T, xi.T, rcond=None)[0].T
    np.testing.assert_allclose(RULES["pseudo_inverse_neural"](xi), expected, atol=1e-8)


@given(SEEDS, st.integers(4, 12), st.data())
def test_the_rescaled_pseudo_inverse_meets_the_constraint_without_own_axes(seed, k, data):
    p = data.draw(st.integers(1, k - 1))
    xi = draw_binary(k, p, np.random.default_rng(seed)).astype(float)
    decoder = RULES["pseudo_inverse_rescaled"](xi)
    assert (decoder[own_elements(k)] == 0).all()
    # A latent that is independent of the others can only do without them: it gets nothing.
    free = 1 - np.diag(projector(xi))
    met = free > 1e-6
    np.testing.assert_allclose((decoder @ neural_patterns(xi))[met], xi[met], atol=1e-8)
    np.testing.assert_allclose(decoder[free < 1e-12], 0, atol=1e-7)
    # It is the ridge regression of each latent on the others as its penalty vanishes; what is
    # left of the penalty is divided by the smallest eigenvalue and by what is free.
    penalty, smallest = 1e-6, np.linalg.svd(xi, compute_uv=False)
    smallest = smallest[smallest > 1e-6].min()
    expected = ridge(xi, penalty) @ encoder(k).T
    tolerance = 20 * penalty / smallest**2 / free[met, None] ** 2 + 1e-7
    assert (np.abs(decoder - expected)[met] < tolerance).all()


@given(SEEDS)
def test_rules_meet_the_constraint_where_they_should(seed):
    xi = draw_binary(30, 5, np.random.default_rng(seed)).astype(float)
    if np.linalg.matrix_rank(xi) < 5:
        return
    rules = ("pseudo_inverse", "pseudo_inverse_rescaled", "pseudo_inverse_neural", "optimised")
    for rule in rules:
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
    assert (np.abs(RULES["pseudo_inverse_neural"](xi)[own]) > 0.1).any()


@given(
    SEEDS,
    st.sampled_from(
        [
            "hebbian",
            "pseudo_inverse",
            "pseudo_inverse_zeroed",
            "pseudo_inverse_rescaled",
            "pseudo_inverse_neural",
            "optimised",
        ]
    ),
)
def test_permuting_latents_permutes_the_decoder(seed, rule):
    rng = np.random.default_rng(seed)
    xi = draw_binary(9, 3, rng).astype(float)
    order = rng.permutation(9)
    both = np.concatenate([order, order + 9])
    np.testing.assert_allclose(RULES[rule](xi[order]), RULES[rule](xi)[order][:, both], atol=1e-8)


def of_full_rank(k, p, rng):
    """Random patterns of which xi and [1; xi] have the highest ranks that they can have."""
    while True:
        xi = draw_binary(k, p, rng)
        ranks = [np.linalg.matrix_rank(x) for x in (xi, np.vstack([np.ones(p), xi]))]
        if ranks == [min(k, p), min(k + 1, p)]:
            return xi


@pytest.mark.filterwarnings("error::brianmem.errors.CapacityWarning")
def test_beyond_capacity_is_a_warning_with_residual_and_rank():
    rng = np.random.default_rng(0)
    for rule, p in (
        ("optimised", 14),
        ("pseudo_inverse", 12),
        ("pseudo_inverse_zeroed", 12),
        ("pseudo_inverse_neural", 14),
    ):
        xi = of_full_rank(10, p, rng)
        with pytest.raises(CapacityWarning, match=r"load .*residual .*rank 1"):
            fit(xi, LowRankParameters(rule, 20, p))
    fit(draw_binary(10, 14, rng), LowRankParameters("hebbian", 20, 14))
    # With a dependent pattern p = K is not yet too much for the printed rule.
    dependent = np.repeat(of_full_rank(10, 9, rng), [1] * 8 + [2], axis=1)
    fit(dependent, LowRankParameters("pseudo_inverse", 20, 10))
    fit(draw_binary(50, 10, rng), LowRankParameters("optimised", 100, 10))


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
@given(SEEDS, st.integers(8, 12), st.integers(-6, 6), st.sampled_from(list(RULES)))
def test_memories_that_keep_every_vertex(seed, k, beyond, rule):
    """As printed from p = K on, of neural patterns from p = K + 1 on, and no other."""
    p = k + beyond
    xi = of_full_rank(k, p, np.random.default_rng(seed))
    decoder, info = fit(xi, LowRankParameters(rule, 2 * k, p))
    first = {"pseudo_inverse": k, "pseudo_inverse_neural": k + 1}
    assert info["trivial"] is (rule in first and p >= first[rule])
    vertices = draw_binary(k, 50, np.random.default_rng([seed, 7]))
    kept = np.abs(decoder @ neural_patterns(vertices) - vertices).max() < 1e-6
    assert info["trivial"] == kept


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
def test_singular_values_that_are_rounding_errors_are_taken_for_zero():
    """Half of the singular values of 55 neural patterns of 50 latents are none."""
    for seed in range(30):
        xi = of_full_rank(50, 55, np.random.default_rng(seed))
        _, info = fit(xi, LowRankParameters("pseudo_inverse_neural", 100, 55))
        assert info["trivial"]


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
@pytest.mark.parametrize("rule", RULES)
def test_meeting_the_constraint_for_the_stored_patterns_is_not_trivial(rule):
    """Whatever the seed and the number of patterns."""
    for seed, p in [(0, 8), (0, 4), (1, 8), (0, 16)]:
        _, info = fit(
            draw_binary(20, p, np.random.default_rng(seed)), LowRankParameters(rule, 40, p)
        )
        assert not info["trivial"]


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
@given(SEEDS, st.integers(2, 10), st.integers(1, 14))
def test_the_rank_is_that_of_the_neural_patterns(seed, k, p):
    xi = draw_binary(k, p, np.random.default_rng(seed))
    _, info = fit(xi, LowRankParameters("hebbian", 2 * k, p))
    assert info["rank"] == np.linalg.matrix_rank(neural_patterns(xi))


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
