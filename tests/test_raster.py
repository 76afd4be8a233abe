import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from brianmem.errors import InputError
from brianmem.raster import Raster

DENSE = arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=6))


@given(DENSE)
def test_dense_to_events_and_back(dense):
    raster = Raster.from_dense(dense)
    assert len(raster) == dense.sum()
    np.testing.assert_array_equal(raster.to_dense(), dense)
    keys = list(zip(raster.pattern, raster.step, raster.neuron, strict=True))
    assert keys == sorted(keys)


@given(DENSE, st.data())
def test_select_and_crop_equal_slices(dense, data):
    raster = Raster.from_dense(dense)
    pattern = data.draw(st.integers(0, dense.shape[0] - 1))
    n_steps = data.draw(st.integers(0, dense.shape[2]))
    np.testing.assert_array_equal(raster.select(pattern).to_dense(), dense[[pattern]])
    np.testing.assert_array_equal(raster.crop(n_steps).to_dense(), dense[:, :, :n_steps])
    first = data.draw(st.integers(0, n_steps))
    middle = raster.crop(n_steps, first)
    np.testing.assert_array_equal(middle.to_dense(), dense[:, :, first:n_steps])
    chosen = data.draw(st.lists(st.integers(0, dense.shape[0] - 1), max_size=4))
    np.testing.assert_array_equal(raster.take(chosen).to_dense(), dense[chosen])


@given(DENSE, st.randoms())
def test_events_come_in_any_order(dense, random):
    order = list(range(dense.sum()))
    random.shuffle(order)
    events = np.argwhere(dense)[order]
    raster = Raster(*events.T, *dense.shape)
    np.testing.assert_array_equal(raster.to_dense(), dense)
    keys = list(zip(raster.pattern, raster.step, raster.neuron, strict=True))
    assert keys == sorted(keys)
    if len(events):
        with pytest.raises(InputError, match="at most one spike"):
            Raster(*np.concatenate([events, events[:1]]).T, *dense.shape)


@given(DENSE, st.data())
def test_joined_parts_are_the_whole(dense, data):
    n = len(dense)
    end = data.draw(st.integers(0, n))
    parts = [Raster.from_dense(dense).part(*pair) for pair in ((0, end), (end, n + 2))]
    np.testing.assert_array_equal(parts[0].to_dense(), dense[:end])
    expected = np.concatenate([dense, np.zeros((2, *dense.shape[1:]), bool)])
    np.testing.assert_array_equal(Raster.joined(parts).to_dense(), expected)
    for others in ([], [*parts, parts[0].crop(0)]):
        with pytest.raises(InputError, match="of one size"):
            Raster.joined(others)


def test_rasters_of_more_sites_than_an_integer_counts():
    raster = Raster([10**5, 0], [10**6, 1], [10**12, 2], 10**6, 10**7, 10**13)
    assert raster.step.tolist() == [2, 10**12]


def test_bad_rasters_are_refused():
    with pytest.raises(InputError, match="pattern, neuron, step"):
        Raster.from_dense(np.zeros((2, 3)))
    with pytest.raises(InputError, match="0 and 1"):
        Raster.from_dense(np.full((1, 2, 3), 2))
    with pytest.raises(InputError, match="one step per event"):
        Raster([0, 0], [1, 2], [0], n_patterns=1, n_neurons=5, n_steps=2)
    with pytest.raises(InputError, match="outside"):
        Raster([0], [5], [0], n_patterns=1, n_neurons=5, n_steps=2)
    with pytest.raises(InputError, match="at most one spike"):
        Raster([0, 0], [1, 1], [2, 2], n_patterns=1, n_neurons=5, n_steps=3)
