import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.errors import InputError
from brianmem.lowrank import geometry
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.storage import RULES
from brianmem.patterns import draw_binary


def test_encoder_and_neural_patterns():
    xi = np.array([[1], [-1]])
    np.testing.assert_array_equal(geometry.encoder(2), [[1, 0], [0, 1], [-1, 0], [0, -1]])
    np.testing.assert_array_equal(geometry.neural_patterns(xi)[:, 0], [1, 0, 0, 1])
    np.testing.assert_array_equal(
        geometry.neural_patterns(xi), np.maximum(geometry.encoder(2) @ xi, 0)
    )


def test_weights_are_encoder_times_decoder_with_the_self_connection():
    decoder = np.random.default_rng(0).standard_normal((3, 6))
    weights = geometry.recurrent_weights(decoder, gamma=1.3)
    expected = geometry.encoder(3) @ decoder
    off_diagonal = ~np.eye(6, dtype=bool)
    np.testing.assert_array_equal(weights[off_diagonal], expected[off_diagonal])
    np.testing.assert_array_equal(np.diag(weights), np.full(6, -1.3))
    assert geometry.lift(weights) == expected[off_diagonal].max()


@pytest.mark.filterwarnings("ignore::brianmem.errors.CapacityWarning")
@given(st.integers(0, 10**6), st.sampled_from(list(RULES)), st.integers(1, 6), st.floats(0.5, 10))
def test_all_weights_are_inhibitory_and_self_connections_the_strongest(seed, rule, p, kappa):
    xi = draw_binary(8, p, np.random.default_rng(seed))
    memory = store(xi, LowRankParameters(rule, 16, p, kappa=kappa))
    off_diagonal = ~np.eye(16, dtype=bool)
    assert memory.weights[off_diagonal].max() == 0
    np.testing.assert_allclose(np.diag(memory.weights), -memory.gamma - memory.alpha)
    assert memory.bias > 0


def test_gain_is_one_for_optimised_and_less_by_the_own_axis_for_pseudo_inverse():
    xi = draw_binary(50, 10, np.random.default_rng(0))
    gains = {
        rule: store(xi, LowRankParameters(rule, 100, 10)).info["gain"]
        for rule in ("optimised", "pseudo_inverse", "pseudo_inverse_zeroed")
    }
    assert gains["optimised"] == pytest.approx(1, abs=1e-12)
    # The projector's trace is p, so that the mean of P_kk is p / K.
    assert gains["pseudo_inverse"] == pytest.approx(1 - 10 / 50, abs=1e-12)
    assert gains["pseudo_inverse_zeroed"] == pytest.approx(1 - 10 / 50, abs=1e-12)


def test_default_gamma_is_the_middle_of_the_window():
    xi = draw_binary(50, 10, np.random.default_rng(0))
    gammas = {rule: store(xi, LowRankParameters(rule, 100, 10)).gamma for rule in RULES}
    assert gammas["optimised"] == pytest.approx(1.5)  # (1, 2)
    assert gammas["pseudo_inverse"] == pytest.approx(1.3)  # (q, 1 + q) with q = 0.8
    assert gammas["pseudo_inverse_zeroed"] == pytest.approx(1.2)  # (q, 2 q)


def test_bias_that_is_not_positive_is_refused():
    with pytest.raises(InputError, match=r"bias is .* must be positive"):
        geometry.bias(kappa=5, alpha=0.1, q=1.0, gamma=0.0, n_latents=10)
    xi = draw_binary(10, 2, np.random.default_rng(0))
    with pytest.raises(InputError, match="raise gamma"):
        store(xi, LowRankParameters("optimised", 20, 2, gamma=-100.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_neurons": 21},
        {"n_neurons": 2},
        {"n_patterns": 0},
        {"kappa": 0.0},
        {"kappa": float("nan")},
        {"duration": -1.0},
        {"gamma": float("inf")},
    ],
)
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        LowRankParameters(**wrong)
