"""The engine against its reference, and the reference against fifty digits."""

from dataclasses import replace
from functools import cache

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem.backends import default_backend
from brianmem.compiled import extension
from brianmem.engine.reference import LeakyNeurons, simulate
from tests.engine.networks import draw, run

# Rounding of some thousand additions near 1; asked for is 1e-9.
CLOSE = 1e-11


def assert_same(spikes, expected, at_least=30):
    assert len(expected) >= at_least
    assert list(spikes.neuron) == list(expected.neuron)
    np.testing.assert_allclose(spikes.time, expected.time, rtol=0, atol=CLOSE)


DURATION = {20: 4.0, 100: 1.5, 400: 1.0, 1600: 0.5}  # in tau, for the number of neurons
KINDS = {
    "plain": {},
    "reset": {"reset": 0.1},
    "subtraction": {"subtract": 0.6},
    "refractory": {"reset": 0.1, "refractory": 0.15},
    "frozen": {"reset": 0.1, "refractory": 0.15, "frozen": True},
}


def fifty_digits(drawn):
    """The reference in 50 digits, from the same float64 numbers."""

    def digits(values):
        return [mpmath.mpf(x) for x in values]

    n = drawn.neurons
    with mpmath.workdps(50):
        neurons = LeakyNeurons(
            digits(n.tau),
            digits(n.drive),
            digits(n.threshold),
            None if n.reset is None else mpmath.mpf(n.reset),
            mpmath.mpf(n.subtract),
            mpmath.mpf(n.refractory),
            n.frozen,
        )
        weights = [digits(row) for row in drawn.weights]
        return simulate(
            neurons, weights, digits(drawn.start), drawn.duration, log=mpmath.log, exp=mpmath.exp
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_reference_against_fifty_digits(kind, seed):
    drawn = draw(8, seed, per_neuron=True, duration=8.0, **KINDS[kind])
    assert_same(drawn.reference(), fifty_digits(drawn))


@cache
def of_size(n, kind="plain", per_neuron=False):
    """A network and the spikes of its reference, which takes longest: once for all backends."""
    drawn = draw(n, n, per_neuron=per_neuron, duration=DURATION[n], **KINDS[kind])
    return drawn, drawn.reference()


@pytest.mark.parametrize("n", [20, 100, 400])
@pytest.mark.parametrize("kind", KINDS)
def test_per_neuron_parameters(kind, n, backend):
    drawn, expected = of_size(n, kind, per_neuron=True)
    assert_same(run([drawn], backend)[0], expected)


@pytest.mark.parametrize("n", [20, 100, 400, 1600])
@pytest.mark.parametrize("form", ["growing", "general"])
def test_shared_parameters(n, form, backend):
    drawn, expected = of_size(n)
    assert_same(run([drawn], backend, shared=True, form=form)[0], expected)


@pytest.mark.parametrize("kind", [pytest.param("reset", marks=pytest.mark.slow), "frozen"])
def test_per_neuron_parameters_in_a_large_network(kind, backend):
    drawn, expected = of_size(1600, kind, per_neuron=True)
    assert_same(run([drawn], backend)[0], expected)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["growing", "general"])
@given(
    st.integers(0, 10**6),
    st.integers(2, 12),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.01, 0.5, 2.0]),
)
@settings(max_examples=15)
def test_drawn_networks(form, seed, n, excitatory, tied, step):
    """Excitatory and tied networks, and clock steps much shorter and longer than usual."""
    drawn = draw(n, seed, excitatory=excitatory, tied=tied, duration=2.0)
    expected = drawn.reference()
    for backend in ("numpy", "cython"):
        spikes = run([drawn], backend, shared=True, form=form, step=step, monitored=False)[0]
        assert_same(spikes, expected, at_least=0)


@pytest.mark.slow
@given(st.integers(0, 10**6), st.integers(2, 12), st.sampled_from(sorted(KINDS)), st.booleans())
@settings(max_examples=15)
def test_drawn_networks_with_their_own_parameters(seed, n, kind, excitatory):
    drawn = draw(n, seed, per_neuron=True, excitatory=excitatory, **KINDS[kind])
    expected = drawn.reference()
    for backend in ("numpy", "cython"):
        spikes = run([drawn], backend, monitored=False)[0]
        assert_same(spikes, expected, at_least=0)


@pytest.mark.parametrize("form", ["growing", "general"])
def test_blocks_give_what_each_network_gives_alone(form, backend):
    networks = [draw(30, seed, tied=seed == 2) for seed in range(5)]
    together = run(networks, backend, shared=True, form=form)
    for drawn, spikes in zip(networks, together, strict=True):
        alone = run([drawn], "numpy", shared=True, form=form)[0]
        assert list(spikes.neuron) == list(alone.neuron)
        # The same sums in the same order on every backend; a GPU has a logarithm of its own.
        if form == "growing" and backend != "cuda_standalone":
            assert list(spikes.time) == list(alone.time)
        np.testing.assert_allclose(spikes.time, alone.time, rtol=0, atol=CLOSE)


@pytest.mark.parametrize("form", ["growing", "general"])
def test_copies_of_several_networks(form, backend):
    """Copies of one network have its weights, and their own starts."""
    rng = np.random.default_rng(3)
    blocks = [
        replace(drawn, start=rng.random(30))
        for drawn in (draw(30, 1), draw(30, 2))
        for _ in range(3)
    ]
    together = run(blocks, backend, shared=True, form=form, n_copies=3)
    for drawn, spikes in zip(blocks, together, strict=True):
        assert_same(spikes, drawn.reference(), at_least=20)


@pytest.mark.parametrize("form", ["growing", "general"])
def test_sizes_and_weights_share_their_compiled_code(form):
    if default_backend() != "cython":
        pytest.skip("nothing is compiled without a compiler")
    run([draw(10, 1)], "cython", shared=True, form=form)
    compiled = len(extension._loaded)
    run([draw(25, 2)], "cython", shared=True, form=form)
    run([draw(25, seed) for seed in (3, 4)], "cython", shared=True, form=form)
    assert len(extension._loaded) == compiled
