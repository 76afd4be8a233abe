"""What the last D steps do not tell, against a search through all pairs of windows."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from brianmem.delay.learning import fit
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.windows import untold
from brianmem.errors import UnlearnableWarning
from brianmem.raster import Raster


@given(arrays(bool, (2, 2, 9), elements=st.booleans() | st.just(False)), st.integers(1, 4))
def test_empty_and_alike_windows_are_found(dense, n_delays):
    found = untold(Raster.from_dense(dense), n_delays)
    empty, alike, seen = [], [], {}
    for pattern in range(2):
        for step in range(n_delays, 9):
            window = dense[pattern, :, step - n_delays : step]
            now = dense[pattern, :, step].tobytes()
            if not window.any():
                empty += dense[pattern, :, step].sum() * [(pattern, step)]
                continue
            (before, place) = seen.setdefault(window.tobytes(), (now, (pattern, step)))
            if before != now:
                alike.append([list(place), [pattern, step]])
    assert list(zip(found.empty_pattern, found.empty_step, strict=True)) == empty
    assert found.alike.tolist() == alike
    assert bool(str(found)) == bool(empty or alike)


def test_a_pause_longer_than_all_delays_is_said():
    rng = np.random.default_rng(5)
    dense = rng.random((1, 30, 60)) < 0.05
    dense[:, :, 30:41] = False
    dense[0, 7, 41] = True
    params = DelayParameters("margin_robust", 30, 10, 60, 1, 0.05)
    with pytest.warns(UnlearnableWarning, match=r"the first in pattern 0, step 41"):
        _, info = fit(Raster.from_dense(dense), params)
    assert info["missed"] == len(info["untold"].empty_step) == dense[0, :, 41].sum()


def test_alike_windows_are_said():
    dense = np.zeros((2, 20, 12), dtype=bool)
    dense[:, np.arange(12), np.arange(12)] = True
    dense[1, 15, 9] = True
    params = DelayParameters("hebbian", 20, 3, 12, 2, 0.05)
    with pytest.warns(UnlearnableWarning, match=r"pattern 1, step 9, and pattern 0, step 9"):
        fit(Raster.from_dense(dense), params)


def test_what_can_be_told_is_not_complained_of():
    dense = np.zeros((1, 12, 12), dtype=bool)
    dense[0, np.arange(12), np.arange(12)] = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(Raster.from_dense(dense), DelayParameters("hebbian", 12, 3, 12, 1, 0.05))
