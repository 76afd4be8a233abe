import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.errors import InputError
from brianmem.patterns import (
    as_binary,
    draw_binary,
    draw_correlated,
    draw_flips,
    draw_rasters,
    flip,
)

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 60), st.floats(0, 1))
def test_flipping_twice_with_one_mask_is_the_identity(seed, n_latents, fraction):
    rng = np.random.default_rng(seed)
    pattern = draw_binary(n_latents, 1, rng)[:, 0]
    mask = draw_flips(n_latents, fraction, rng)
    assert mask.sum() == round(fraction * n_latents)
    flipped = flip(pattern, mask)
    assert (flipped != pattern).sum() == mask.sum()
    np.testing.assert_array_equal(flip(flipped, mask), pattern)


@given(SEEDS)
def test_flips_of_one_seed_are_nested(seed):
    few, many = (draw_flips(40, f, np.random.default_rng(seed)) for f in (0.1, 0.3))
    assert not (few & ~many).any()


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_flip_fraction_outside_0_to_1_is_refused(fraction):
    with pytest.raises(InputError, match="flip_fraction"):
        draw_flips(10, fraction, np.random.default_rng(0))


@pytest.mark.parametrize("correlation", [0.05, 0.2, 0.6, 0.95])
def test_any_two_patterns_correlate_as_asked(correlation):
    n_latents, n_patterns = 4000, 12
    xi = draw_correlated(n_latents, n_patterns, correlation, np.random.default_rng(3))
    assert xi.shape == (n_latents, n_patterns) and xi.dtype == np.int8
    assert set(np.unique(xi)) == {-1, 1}
    # Of each latent, which are independent: the mean product of two of its elements.
    total = xi.sum(axis=1, dtype=float)
    of_latent = (total**2 - n_patterns) / (n_patterns * (n_patterns - 1))
    error = of_latent.std() / np.sqrt(n_latents)
    assert abs(of_latent.mean() - correlation) < 4 * error
    # Every pair, and no axis has a sign of its own: its products have a spread of 1 at most.
    pairs = (xi.T.astype(float) @ xi / n_latents)[np.triu_indices(n_patterns, 1)]
    assert np.abs(pairs - correlation).max() < 4.5 / np.sqrt(n_latents)
    assert abs(np.sign(total).mean()) < 4 / np.sqrt(n_latents)


@given(SEEDS, st.integers(1, 20), st.integers(1, 20))
def test_patterns_without_correlation_are_the_independent_ones(seed, n_latents, n_patterns):
    one, other = (np.random.default_rng(seed) for _ in range(2))
    found = draw_correlated(n_latents, n_patterns, 0.0, one)
    np.testing.assert_array_equal(found, draw_binary(n_latents, n_patterns, other))
    assert one.random() == other.random()  # both generators go on alike


@pytest.mark.parametrize("correlation", [-0.1, 1.0, 1.5, float("nan")])
def test_correlations_that_cannot_be_are_refused(correlation):
    with pytest.raises(InputError, match=r"correlation must lie in \[0, 1\), not at"):
        draw_correlated(10, 3, correlation, np.random.default_rng(0))


def test_zeros_and_ones_become_signs():
    np.testing.assert_array_equal(as_binary([[0, 1], [1, 0]]), [[-1, 1], [1, -1]])
    np.testing.assert_array_equal(as_binary([[1, 1]]), [[1, 1]])


@pytest.mark.parametrize("patterns", [[[0, -1]], [[2, 1]], [[np.nan, 1]], [1, -1], np.ones((0, 2))])
def test_other_values_and_shapes_are_refused(patterns):
    with pytest.raises(InputError, match="binary patterns"):
        as_binary(patterns)


def test_rasters_fire_with_the_given_probability():
    raster = draw_rasters(4, 200, 500, 0.01, np.random.default_rng(0))
    expected = 4 * 200 * 500 * 0.01
    assert abs(len(raster) - expected) < 5 * np.sqrt(expected)
    assert raster.to_dense().shape == (4, 200, 500)
    with pytest.raises(InputError, match="firing_prob"):
        draw_rasters(1, 2, 3, 1.5, np.random.default_rng(0))
