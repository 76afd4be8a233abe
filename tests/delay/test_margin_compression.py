"""Pruning and levels of the margin rule: the plain functions behind them, and the compiled one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from brianmem.delay.learning.compression import level_spacing, nearest_levels, strongest
from brianmem.delay.learning.margin_kernels import quantise

SEEDS, LEVELS = st.integers(0, 10**6), st.integers(2, 33)


@given(SEEDS, LEVELS)
def test_the_compiled_levels_are_the_nearest(seed, n_levels):
    rng = np.random.default_rng(seed)
    w, spacing = rng.standard_normal(200).astype(np.float32), np.float32(rng.uniform(0.05, 1))
    seen, hidden = np.empty_like(w), w.copy()
    quantise(hidden, spacing, n_levels, seen)
    levels = float(spacing) * (np.arange(n_levels) - (n_levels - 1) / 2)
    # A weight halfway between two levels may go to either: both are as near, in single precision.
    nearest = np.abs(w[:, None] - levels).min(axis=1)
    np.testing.assert_allclose(np.abs(w - seen), nearest, atol=1e-5)
    np.testing.assert_allclose(np.abs(w - nearest_levels(w, spacing, n_levels)), nearest, atol=1e-5)
    np.testing.assert_allclose(hidden, np.clip(w, levels[0], levels[-1]), atol=1e-6)
    assert np.isclose(seen[:, None], levels, atol=1e-5).any(axis=1).all()


@given(SEEDS, LEVELS, st.floats(1e-3, 1e3))
def test_the_spacing_is_in_proportion_to_the_weights_and_no_worse_than_the_widest(
    seed, n_levels, factor
):
    w = np.random.default_rng(seed).standard_t(3, 100)
    spacing = level_spacing(w, n_levels)
    widest = 2 * np.abs(w).max() / (n_levels - 1)
    assert spacing <= widest

    def error(chosen):
        return np.sum((w - nearest_levels(w, chosen, n_levels)) ** 2)

    assert error(spacing) <= error(widest) * (1 + 1e-12)
    np.testing.assert_allclose(level_spacing(factor * w, n_levels), factor * spacing, rtol=1e-9)


def test_two_levels_of_a_normal_distribution_are_at_its_mean_absolute_value():
    w = np.random.default_rng(0).standard_normal(20000)
    # +-E|w| has the least squared error; spacings are tried in steps of 7 %.
    np.testing.assert_allclose(level_spacing(w, 2) / 2, np.sqrt(2 / np.pi), rtol=0.04)


def test_weights_that_are_all_zero_have_a_spacing():
    assert level_spacing(np.zeros(5), 3) == 1


@given(SEEDS, st.integers(0, 40))
def test_the_strongest_weights_are_kept_in_order(seed, n_kept):
    w = np.random.default_rng(seed).integers(-5, 6, 30).astype(np.float32)
    kept = strongest(w, n_kept)
    assert len(kept) == min(n_kept, 30)
    assert (np.diff(kept) > 0).all()
    rest = np.delete(w, kept)
    assert np.abs(w[kept]).min(initial=9) >= np.abs(rest).max(initial=0)
