"""The pseudo-inverse rule against NumPy's own pseudo-inverse."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem.delay import reference
from brianmem.delay.learning import fit
from brianmem.delay.learning.pseudo_inverse_kernels import Windows
from brianmem.delay.learning.pseudo_inverse_reference import contexts
from brianmem.delay.parameters import DelayParameters
from brianmem.patterns import draw_rasters


def small(seed, n_neurons=6, n_delays=4, n_steps=25, n_patterns=2, firing_prob=0.1, **options):
    params = DelayParameters(
        "pseudo_inverse", n_neurons, n_delays, n_steps, n_patterns, firing_prob, **options
    )
    rng = np.random.default_rng(seed)
    return draw_rasters(n_patterns, n_neurons, n_steps, firing_prob, rng), params


def windows(dense, n_delays):
    """Row (m, t): s_i(t - d) for all i and d = 1 to D, one window after another."""
    return np.array(
        [
            [dense[m, i, t - d] for i in range(dense.shape[1]) for d in range(1, n_delays + 1)]
            for m in range(dense.shape[0])
            for t in range(n_delays, dense.shape[2])
        ],
        dtype=float,
    )


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 24))
def test_loops_over_windows_give_the_bits_of_a_sparse_array(seed, n_delays):
    """Where a neuron fires in steps that follow each other, the order of a sum shows, too."""
    patterns, _ = small(seed, n_delays=n_delays, firing_prob=0.3)
    a, rng = contexts(patterns, n_delays), np.random.default_rng(seed)
    loops, x, y = Windows(patterns, n_delays), rng.random(a.shape[1]), rng.random(a.shape[0])
    np.testing.assert_array_equal(loops.matvec(x), a @ x)
    np.testing.assert_array_equal(loops.rmatvec(y), a.T @ y)


def test_the_same_weights_without_a_compiler(monkeypatch):
    patterns, params = small(0, n_neurons=12)
    weights, _ = fit(patterns, params)
    monkeypatch.setenv("CXX", "/nope")
    others, _ = fit(patterns, params)
    assert weights.to_dense().tobytes() == others.to_dense().tobytes()


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 1.0, 3.0]))
def test_equals_the_pseudo_inverse_of_the_windows(seed, gain):
    patterns, params = small(seed, gain=gain)
    dense = patterns.to_dense()
    a = windows(dense, params.n_delays)
    np.testing.assert_array_equal(contexts(patterns, params.n_delays).toarray(), a)
    wanted = dense[:, :, params.n_delays :].transpose(0, 2, 1).reshape(len(a), -1)
    expected = gain * (np.linalg.pinv(a) @ wanted)
    weights, _ = fit(patterns, params)
    found = weights.to_dense().reshape(params.n_neurons, -1).T
    # Least squares to 1e-7, of problems whose condition is a few tens.
    np.testing.assert_allclose(found, expected, atol=2e-5 * gain)


def test_inputs_are_one_at_targets_and_zero_elsewhere():
    options = {"n_neurons": 150, "n_delays": 20, "n_steps": 120, "firing_prob": 0.01}
    patterns, params = small(0, **options, gain=2.0)
    weights, info = fit(patterns, params)
    late = patterns.to_dense()[:, :, 20:]
    a = contexts(patterns, 20)
    inputs = (a @ weights.to_dense().reshape(150, -1).T).reshape(2, 100, 150).transpose(0, 2, 1)
    # What is left is at most 1e-7 of the norm of some targets, and rounding to single precision.
    np.testing.assert_allclose(inputs, 2.0 * late, atol=1e-5)
    assert 0.5 < info["threshold"] < 1.5
    assert info["missed"] == info["extra"] == 0
    for target in patterns.to_dense():
        found = reference.recall(weights.to_dense(), target[:, :20], 120, 0.7, info["threshold"])
        np.testing.assert_array_equal(found, target)
