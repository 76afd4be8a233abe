import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem.errors import InputError
from brianmem.lowrank.perturbation import Strengths, draw_defects, draw_kicks

SEEDS = st.integers(0, 10**6)


def drawn(seed=0, n=20, **strengths):
    return draw_defects(Strengths(**strengths), n, np.random.default_rng(seed))


@given(SEEDS, st.floats(0, 1), st.floats(0, 1))
def test_stronger_defects_contain_weaker_ones(seed, one, other):
    weak, strong = sorted((one, other))
    for name in ("lost_synapses", "dead_neurons"):
        less, more = drawn(seed, **{name: weak}), drawn(seed, **{name: strong})
        assert not (more.alive & ~less.alive).any()
        assert not ((more.weights > 0) & (less.weights == 0)).any()
    less, more = drawn(seed, threshold_spread=weak), drawn(seed, threshold_spread=strong)
    np.testing.assert_allclose(less.threshold * strong, more.threshold * weak, atol=1e-15)


@given(SEEDS, st.floats(0, 3), st.floats(0, 1))
def test_signs_and_sizes(seed, spread, fraction):
    found = drawn(
        seed, 12, tau_spread=spread, weight_spread=spread, lost_synapses=fraction, dead_neurons=0.5
    )
    assert (found.tau > 0).all() and (found.weights >= 0).all()
    assert (~found.alive).sum() == 6
    lost = drawn(seed, 12, lost_synapses=fraction).weights == 0
    assert lost.sum() == round(fraction * 12 * 11) and not np.diag(lost).any()


def test_without_defects_a_network_is_as_designed():
    found = drawn()
    for name in ("tau", "weights"):
        np.testing.assert_array_equal(getattr(found, name), 1)
    np.testing.assert_array_equal(found.threshold, 0)
    assert found.alive.all()


@pytest.mark.parametrize("spread", [0.05, 0.5])
def test_spreads_are_standard_deviations(spread):
    strengths = {"tau_spread": spread, "threshold_spread": spread, "weight_spread": spread / 5}
    found = drawn(1, 2000, **strengths)
    # 2000 samples: the error of a mean is spread / 45, that of a deviation about 2 % to 5 %.
    assert found.tau.mean() == pytest.approx(1, abs=spread / 15)
    assert found.tau.std() == pytest.approx(spread, rel=0.15)
    assert found.threshold.mean() == pytest.approx(0, abs=spread / 15)
    assert found.threshold.std() == pytest.approx(spread, rel=0.1)
    assert found.weights.std() == pytest.approx(spread / 5, rel=0.01)
    assert np.diag(found.weights).std() == pytest.approx(spread / 5, rel=0.1)


def test_weights_that_would_change_their_sign_are_zero():
    # Of Gaussian numbers 15.9 % are more than a standard deviation below their mean.
    assert np.mean(drawn(n=200, weight_spread=1.0).weights == 0) == pytest.approx(0.159, abs=0.01)


@pytest.mark.parametrize("step", [0.5, 0.1])
def test_the_noise_is_an_ornstein_uhlenbeck_process(step):
    """Its deviation is the noise at all times, and it forgets with the time constant."""
    tau = np.repeat([0.5, 2.0], 20000)
    kicks = draw_kicks(Strengths(noise=0.3), tau, 2.0, np.random.default_rng(1), step)
    assert kicks.shape == (round(2 / step), 40000)
    noise = [kicks[0]]
    for kick in kicks[1:]:
        noise.append(noise[-1] * np.exp(-step / tau) + kick)
    for of_tau, decay in ((slice(0, 20000), 0.5), (slice(20000, None), 2.0)):
        first, *_, last = (x[of_tau] for x in noise)
        # 20000 samples: errors of 0.5 % in a deviation, 0.007 in a correlation.
        assert first.std() == pytest.approx(0.3, rel=0.03)
        assert last.std() == pytest.approx(0.3, rel=0.03)
        expected = np.exp(-(2.0 - step) / decay)
        assert np.corrcoef(first, last)[0, 1] == pytest.approx(expected, abs=0.03)


def test_steps_of_the_noise_fill_the_run():
    kicks = draw_kicks(Strengths(noise=1.0), np.ones(3), 0.95, np.random.default_rng(1), 0.1)
    assert kicks.shape == (10, 3)
    # Ten steps of 0.095.
    same = draw_kicks(Strengths(noise=2.0), np.ones(3), 0.95, np.random.default_rng(1), 0.095)
    np.testing.assert_allclose(2 * kicks, same)


@pytest.mark.parametrize(
    ("strengths", "message"),
    [
        ({"noise": -0.1}, "noise must be at least 0 and finite, not -0.1"),
        ({"tau_spread": np.inf}, "tau_spread must be at least 0 and finite, not inf"),
        ({"weight_spread": np.nan}, "weight_spread must be at least 0"),
        ({"lost_synapses": 1.5}, r"lost_synapses must lie in \[0, 1\], not 1.5"),
        ({"dead_neurons": -1}, r"dead_neurons must lie in \[0, 1\], not -1"),
    ],
)
def test_bad_strengths(strengths, message):
    with pytest.raises(InputError, match=message):
        Strengths(**strengths)
