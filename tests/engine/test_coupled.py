"""Models of coupled linear equations against matrix exponentials and a fine search."""

from functools import cache

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, ms
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import brentq

from brianmem.brian import brian_backend
from brianmem.engine import EventDriven, Exactness
from brianmem.engine.numpy_loop import FirstCrossings
from brianmem.spikes import Spikes

TAU = 10 * ms

# Equations; the variable that a pulse acts on; dx/dt = A x + b for (v, u), in units of TAU.
MODELS = {
    "exponential synapse": (
        "dv/dt = (u + drive - v)/tau : 1\ndu/dt = -u/(0.4*tau) : 1",
        "u",
        [[-1, 1], [0, -2.5]],
        lambda drive: [drive, 0],
    ),
    "synapse as slow as the membrane": (
        "dv/dt = (u + drive - v)/tau : 1\ndu/dt = -u/tau : 1",
        "u",
        [[-1, 1], [0, -1]],
        lambda drive: [drive, 0],
    ),
    "adaptation": (
        "dv/dt = (drive - v - u)/tau : 1\ndu/dt = (0.3*v - u)/(3*tau) : 1",
        "v",
        [[-1, -1], [0.1, -1 / 3]],
        lambda drive: [drive, 0],
    ),
    "resonance": (
        "dv/dt = (8*drive - v - u)/tau : 1\ndu/dt = (9*v - u)/tau : 1",
        "v",
        [[-1, -1], [9, -1]],
        lambda drive: [8 * drive, 0],
    ),
    "synapse without leak": (
        "dv/dt = (drive + u)/tau : 1\ndu/dt = -u/(0.4*tau) : 1",
        "u",
        [[0, 1], [0, -2.5]],
        lambda drive: [drive, 0],
    ),
}


def reference(model, weights, v0, drive, duration, reset, grid=2e-3):
    """Spikes by stepping through a fine grid, with the first crossing of a step by brentq."""
    _, target, matrix, inflow = MODELS[model]
    column = 0 if target == "v" else 1
    system = np.zeros((3, 3))
    system[:2, :2], system[:2, 2] = matrix, inflow(drive)
    step = expm(system * grid)
    state = np.column_stack([v0, np.zeros_like(v0), np.ones_like(v0)])
    now, spikes = 0.0, []

    def crossing(x):
        return brentq(lambda d: (expm(system * d) @ x)[0] - 1, 0, grid, xtol=1e-15)

    while True:
        ahead = state @ step.T
        above = np.flatnonzero(ahead[:, 0] >= 1)
        if len(above) == 0:
            now, state = now + grid, ahead
            if now > duration:
                return Spikes(np.array([j for j, _ in spikes]), np.array([t for _, t in spikes]))
            continue
        waits = {i: 0.0 if state[i, 0] >= 1 else crossing(state[i]) for i in above}
        j = min(waits, key=lambda i: (waits[i], i))
        if now + waits[j] > duration:
            return Spikes(np.array([j for j, _ in spikes]), np.array([t for _, t in spikes]))
        state = state @ expm(system * waits[j]).T
        now += waits[j]
        state[j, 0] = reset
        state[:, column] += weights[:, j]
        spikes.append((j, now))


@cache
def by_the_fine_search(model, seed):
    """The spikes of a drawn network: the same for every backend."""
    return reference(model, *network(seed), drive=1.4, duration=6.0, reset=0.0)


def network(seed, n=6):
    rng = np.random.default_rng(seed)
    weights = -rng.random((n, n)) * 0.3
    weights[rng.random((n, n)) < 0.3] *= -0.5  # some excitation
    return weights, rng.random(n) * 0.9


def run(model, weights, v0, drive, duration, reset, backend, step=0.25):
    equations, target, _, _ = MODELS[model]
    with brian_backend(backend):
        group = NeuronGroup(
            len(v0),
            equations,
            threshold="v > 1",
            reset=f"v = {reset!r}",
            clock=Clock(step * TAU, name="coupled_clock"),
            namespace={"tau": TAU, "drive": float(drive)},
            name="coupled",
        )
        group.v = v0
        engine = EventDriven(group, weights, f"{target}_post += w", monitored=False)
        assert engine.exactness is Exactness.BRACKETED
        Network(group, engine).run(duration * TAU)
        return engine.spikes(0, TAU)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", [1, *(pytest.param(k, marks=pytest.mark.slow) for k in (2, 3))])
def test_same_spikes_as_the_fine_search(model, seed, backend):
    weights, v0 = network(seed)
    expected = by_the_fine_search(model, seed)
    spikes = run(model, weights, v0, 1.4, 6.0, 0.0, backend)
    assert len(expected) > 10
    assert list(spikes.neuron) == list(expected.neuron)
    np.testing.assert_allclose(spikes.time, expected.time, rtol=0, atol=1e-9)


def test_clock_step_does_not_matter():
    weights, v0 = network(4)
    runs = [
        run("adaptation", weights, v0, 1.4, 6.0, 0.0, "numpy", step) for step in (0.05, 0.5, 6.0)
    ]
    for spikes in runs[1:]:
        assert list(spikes.neuron) == list(runs[0].neuron)
        np.testing.assert_allclose(spikes.time, runs[0].time, rtol=0, atol=1e-11)


sums = st.tuples(
    st.floats(-2, 2), st.floats(-2, 2), st.floats(-3, 0.5), st.floats(-3, 0.5), st.floats(0.01, 2)
)


@given(st.lists(sums, min_size=1, max_size=8), st.floats(0.1, 20))
@settings(max_examples=200)
def test_first_crossing_of_two_exponentials(drawn, horizon):
    """f = a (e^(pt) - 1) + b (e^(qt) - 1) - gap: nothing before what is found reaches zero."""
    a, b, p, q, gap = np.array(drawn).T

    def excess(t):
        return a * np.expm1(p * t) + b * np.expm1(q * t) - gap

    def climb(t):
        return a * p * np.exp(p * t) + b * q * np.exp(q * t)

    stride = 1 / (1e-300 + 2 * (np.abs(p + q) + np.sqrt(np.abs(p * q))))
    search = FirstCrossings(excess(0.0), climb(0.0), stride, horizon)
    while search.more():
        search.tell(excess(search.at), climb(search.at))
    times = np.linspace(0, horizon, 20001)[:, None]
    with np.errstate(over="ignore"):
        above = excess(times) >= 0
    for k in range(len(drawn)):
        if np.isfinite(search.found[k]):
            t = search.found[k]
            assert 0 < t <= horizon
            before = times[times[:, 0] < t * (1 - 1e-9), 0]
            values = a[k] * np.expm1(p[k] * before) + b[k] * np.expm1(q[k] * before) - gap[k]
            assert (values < 1e-12).all()
            # At the crossing the excess changes its sign, to within rounding.
            assert abs(a[k] * np.expm1(p[k] * t) + b[k] * np.expm1(q[k] * t) - gap[k]) < 1e-9
        else:
            assert not above[:, k].any()
