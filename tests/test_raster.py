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


@pytest.mark.parametrize(
    ("pattern", "neuron", "step", "message"),
    [
        ([0, 0], [0.9, 1.0], [3.7, -0.4], r"neuron holds 0\.9, which is no whole number"),
        ([0, 0], [0, 1], [3.7, 4], r"step holds 3\.7, .*np\.floor\(times / step\) gives steps"),
        ([0], [0], [np.nan], "step holds nan"),
        ([0], [0], [np.inf], "step holds inf"),
        ([0], [True], [1], "neuron holds True"),
        ([0], ["1"], [1], "neuron holds 1, which is no whole number"),
        ([0], [0], [1 + 0j], "step holds"),
        ([0], [0], [2.0**60], "step holds"),
        ([0], np.array([2**63], dtype=np.uint64), [1], "neuron holds 9223372036854775808"),
        ([0], [0], [np.timedelta64(3, "ms")], "step holds 3 milliseconds"),
    ],
)
def test_what_is_no_whole_number_is_refused(pattern, neuron, step, message):
    with pytest.raises(InputError, match=message):
        Raster(pattern, neuron, step, 1, 2, 20)


@pytest.mark.parametrize("dtype", [np.int8, np.uint64, ">i4", float, np.float32])
def test_whole_numbers_of_any_type_are_taken(dtype):
    raster = Raster([0, 0], np.array([1, 0], dtype), np.array([3, 2], dtype), 1, 2, 20)
    assert raster.step.dtype == raster.neuron.dtype == np.int64
    assert (raster.step.tolist(), raster.neuron.tolist()) == ([2, 3], [0, 1])


@pytest.mark.parametrize("size", [-1, 2.0, True, None, "3"])
def test_sizes_are_whole_numbers(size):
    with pytest.raises(InputError, match="of a raster is a whole number"):
        Raster([], [], [], 1, size, 20)
