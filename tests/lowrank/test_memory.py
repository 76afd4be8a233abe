"""A memory with its patterns stored once, and other self-connections."""

from dataclasses import astuple, fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.errors import InputError
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import RULES
from brianmem.patterns import draw_binary


def assert_equal(found, expected):
    """Every number to its last bit."""
    for field in fields(LowRankMemory):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        np.testing.assert_equal(one, other, err_msg=field.name)
    assert astuple(found.params) == astuple(expected.params)


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
@given(
    st.integers(0, 10**6),
    st.sampled_from(list(RULES)),
    st.integers(1, 6),
    st.none() | st.floats(0.5, 3),
    st.none() | st.floats(0.5, 3),
)
def test_another_gamma_gives_what_storing_with_it_gives(seed, rule, n_patterns, before, gamma):
    xi = draw_binary(10, n_patterns, np.random.default_rng(seed))
    params = LowRankParameters(rule, 20, n_patterns, before)
    memory = store(xi, params)
    weights = memory.weights.copy()
    found = memory.with_gamma(gamma)
    assert_equal(found, store(xi, replace(params, gamma=gamma)))
    assert found.gamma == (memory.info["self_connection"] if gamma is None else gamma)
    # The first memory is as it was, and comes back.
    np.testing.assert_array_equal(memory.weights, weights)
    assert_equal(found.with_gamma(before), memory)


def test_only_self_connections_and_bias_depend_on_gamma():
    memory = store(
        draw_binary(10, 3, np.random.default_rng(0)), LowRankParameters("optimised", 20, 3)
    )
    found = memory.with_gamma(memory.gamma + 0.25)
    difference = memory.weights - found.weights
    np.testing.assert_allclose(difference, 0.25 * np.eye(20), atol=1e-15)
    assert found.alpha == memory.alpha
    assert found.bias - memory.bias == pytest.approx(memory.params.kappa * 0.25)


def test_a_bias_that_is_not_positive_is_refused():
    memory = store(
        draw_binary(10, 3, np.random.default_rng(0)), LowRankParameters("optimised", 20, 3)
    )
    with pytest.raises(InputError, match="the bias is"):
        memory.with_gamma(-50.0)
