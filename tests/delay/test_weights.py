import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError


def random_dense(seed, n_neurons=5, n_delays=4, density=0.4):
    rng = np.random.default_rng(seed)
    shape = n_neurons, n_neurons, n_delays
    return rng.standard_normal(shape) * (rng.random(shape) < density)


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5), st.floats(0, 1))
def test_dense_to_sparse_and_back(seed, n_neurons, n_delays, density):
    dense = random_dense(seed, n_neurons, n_delays, density)
    weights = DelayWeights.from_dense(dense)
    assert len(weights) == np.count_nonzero(dense)
    np.testing.assert_array_equal(weights.to_dense(), dense)
    post, pre, delay_steps, value = weights.synapses()
    keys = list(zip(pre, delay_steps, post, strict=True))
    assert keys == sorted(keys)
    np.testing.assert_array_equal(value, dense[post, pre, delay_steps - 1])
    table = dense.transpose(1, 2, 0).reshape(-1, n_neurons)
    whole = DelayWeights(table)
    assert (whole.n_neurons, whole.n_delays) == (n_neurons, n_delays)
    for one, other in zip(weights.synapses(), whole.synapses(), strict=True):
        np.testing.assert_array_equal(one, other)
    again = DelayWeights.from_synapses(post, pre, delay_steps, value, n_neurons, n_delays)
    np.testing.assert_array_equal(again.to_dense(), dense)


def test_a_row_holds_what_one_spike_adds():
    dense = random_dense(0)
    rows = DelayWeights.from_dense(dense).by_presynaptic().toarray().reshape(5, 4, 5)
    for pre in range(5):
        for delay in range(4):
            np.testing.assert_array_equal(rows[pre, delay], dense[:, pre, delay])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delay_steps": [0]}, "delay_steps of a synapse must lie between 1 and 4"),
        ({"delay_steps": [5]}, "delay_steps of a synapse must lie between 1 and 4"),
        ({"post": [5]}, "post"),
        ({"pre": [-1]}, "pre"),
        ({"delay_steps": [1.5]}, "delay_steps of a synapse must be an integer"),
        ({"value": [np.nan]}, "NaN"),
        ({"value": [np.inf]}, "infinite"),
        ({"value": [1.0, 2.0]}, "per synapse"),
    ],
)
def test_bad_synapses_are_refused(change, message):
    synapse = {"post": [0], "pre": [1], "delay_steps": [2], "value": [1.0]} | change
    with pytest.raises(InputError, match=message):
        DelayWeights.from_synapses(**synapse, n_neurons=5, n_delays=4)


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="post, pre, delay"):
        DelayWeights.from_dense(np.zeros((3, 4, 2)))
    for table in (np.zeros((3, 4)), np.zeros((0, 3)), np.zeros(4), csr_array((7, 2))):
        with pytest.raises(InputError, match="not of shape"):
            DelayWeights(table)
    for shape in ((3, 2, 3), (3, 3, 3)):
        with pytest.raises(InputError, match="several orders: take DelayWeights"):
            DelayWeights(np.zeros(shape))
    for kind in (int, complex, np.float16, object):
        with pytest.raises(InputError, match="float64 or float32, not "):
            DelayWeights(np.zeros((6, 3), dtype=kind))


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">f4"])
def test_every_format_of_a_table_is_the_same_table(dtype):
    table = random_dense(3).transpose(1, 2, 0).reshape(-1, 5).astype(dtype)
    sparse = csr_array(table.astype(table.dtype.newbyteorder("=")))
    expected = DelayWeights(sparse)
    for other in (
        table,
        np.asfortranarray(table),
        *(sparse.asformat(name) for name in ("csr", "csc", "coo", "lil", "dok", "bsr")),
    ):
        weights = DelayWeights(other)
        assert weights.table.dtype == expected.table.dtype
        np.testing.assert_array_equal(weights.to_dense(), expected.to_dense())
