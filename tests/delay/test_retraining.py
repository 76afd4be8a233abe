"""Teaching through simulation: against the formulas that it replaces, and where there are none."""

from dataclasses import replace

import numpy as np
import pytest

from brianmem.delay import network
from brianmem.delay.conversion import matched
from brianmem.delay.distance import clamped_distances, impulse_response
from brianmem.delay.drive import cued
from brianmem.delay.equations import LIF
from brianmem.delay.learning import fit
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.retraining import RetrainingSettings, contexts, lacking, retrain
from brianmem.delay.scores import counts_by_pattern
from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError
from brianmem.patterns import draw_rasters

N, D, T, M, P = 60, 20, 150, 3, 0.012
SLOW = replace(
    LIF,
    model="dv/dt = (g*(4 - v) - v)/tau : 1\ndg/dt = -g/(2*ms) : 1",
    pulse="g_post += w",
)
ADAPTING = replace(
    LIF, model="dv/dt = -v/tau : 1\nda/dt = -a/(30*ms) : 1", threshold="v >= theta + a",
    reset="v = 0\na += 1",
)  # fmt: skip


@pytest.fixture(scope="module")
def learned():
    params = DelayParameters(
        learner="margin", n_neurons=N, n_delays=D, n_steps=T, n_patterns=M, firing_prob=P
    )
    patterns = draw_rasters(M, N, T, P, np.random.default_rng(0))
    weights, info = fit(patterns, params)
    return params, patterns, weights, info["threshold"]


def f1(weights, patterns, params, threshold, model):
    run = network.run(
        weights, cued(patterns.crop(D), T), params, threshold, model, most_spikes=6 * N
    )
    right, extra, missed = counts_by_pattern(run.raster, patterns, D).sum(axis=1)
    return 2 * right / (2 * right + extra + missed)


def test_the_response_of_a_leaky_integrator(learned):
    params, _, _, threshold = learned
    response = impulse_response(params, threshold, LIF)
    np.testing.assert_allclose(response, 0.7 ** np.arange(len(response)), atol=1e-6)
    assert 0.02 < response[-1] < 0.02 / 0.7


def test_distances_are_those_of_the_recursion(learned):
    params, patterns, weights, _ = learned
    dense, s = weights.to_dense(), patterns.to_dense()
    found = clamped_distances(weights, patterns, params, 1.0, LIF)
    for m in range(M):
        u = np.zeros(N)
        for t in range(T):
            u = params.beta * u
            for d in range(1, min(D, t) + 1):
                u += dense[:, :, d - 1] @ s[m, :, t - d]
            np.testing.assert_allclose(found[m, :, t], u - 1, atol=1e-6)
            u[s[m, :, t]] = 0


def test_contexts_are_the_effects_of_unit_weights(learned):
    _, patterns, _, _ = learned
    response = np.array([0.5, 1.0, 0.3])
    x = contexts(patterns.select(1), D, response).toarray().reshape(T - D, N, D)
    s = patterns.to_dense()[1]
    expected = np.zeros_like(x)
    for t in range(D, T):
        for d in range(1, D + 1):
            for k, effect in enumerate(response):
                if t - d - k >= 0:
                    expected[t - D, :, d - 1] += effect * s[:, t - d - k]
    np.testing.assert_allclose(x, expected, atol=1e-12)


def test_what_is_lacking_is_the_way_to_the_margin():
    wanted = np.array([True, True, False, False])
    found = lacking(np.array([0.7, -0.1, -0.5, 0.2]), wanted, RetrainingSettings(0.5, 0.4))
    np.testing.assert_allclose(found, [0, 0.6, 0, -0.6])


def test_matched_weights_leave_the_same_potential(learned):
    params, _, weights, threshold = learned
    response = impulse_response(params, threshold, SLOW)
    assert response[0] == pytest.approx(0) and response[1] > 1
    converted = matched(weights, response, params.beta).to_dense()
    original = weights.to_dense()
    decay = params.beta ** np.arange(len(response))
    wanted, found = (
        np.apply_along_axis(np.convolve, 2, dense, kernel)[:, :, 1 : D + 1]
        for dense, kernel in ((original, decay), (converted, response))
    )
    # The first step cannot be reached by a pulse that acts a step later.
    error = np.abs(found - wanted)[:, :, :-1] / np.abs(wanted).max()
    assert np.median(error) < 1e-3 and error.mean() < 0.02


def test_leaky_integrators_keep_their_synapses(learned):
    params, _, weights, threshold = learned
    response = impulse_response(params, threshold, LIF)
    assert matched(weights, response, params.beta) is weights


def test_slow_conductances_recall_what_pulses_did(learned):
    params, patterns, weights, threshold = learned
    assert f1(weights, patterns, params, threshold, LIF) == 1
    assert f1(weights, patterns, params, threshold, SLOW) < 0.3
    changed, info = retrain(weights, patterns, params, threshold, SLOW)
    assert info["errors"][-1] == 0
    assert f1(changed, patterns, params, threshold, SLOW) == 1


def test_adapting_neurons_are_taught_to_fire_again(learned):
    params, patterns, weights, threshold = learned
    before = f1(weights, patterns, params, threshold, ADAPTING)
    done = []
    changed, info = retrain(
        weights, patterns, params, threshold, ADAPTING, progress=lambda *n: done.append(n)
    )
    assert info["errors"][0] > info["errors"].min() == 0
    assert f1(changed, patterns, params, threshold, ADAPTING) > before
    # On the synapses that were there.
    np.testing.assert_array_equal(changed.table.indices, weights.table.sorted_indices().indices)
    assert done[-1] == (len(info["errors"]), 40)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": "v >= theta and v < 5"}, "is not a comparison of two sides"),
        ({"pulse": "v_post += 2*w"}, "retraining needs a pulse that adds w to a variable"),
        (
            {"model": "dv/dt = -v/tau : 1\ng : 1", "pulse": "g_post += w"},
            "does not bring a neuron nearer",
        ),
    ],
)
def test_models_that_cannot_be_taught_are_named(change, message, learned):
    params, patterns, weights, threshold = learned
    with pytest.raises(InputError, match=message):
        retrain(weights, patterns, params, threshold, replace(LIF, **change))


def test_settings_out_of_range_are_refused():
    with pytest.raises(InputError, match="rate must be positive, not 0"):
        RetrainingSettings(rate=0)


def test_weights_of_all_synapses_are_taught_alike(learned):
    """A table of all synapses and a sparse one that lists them all."""
    params, patterns, weights, threshold = learned
    table = weights.table.toarray() + 1e-6
    dense = table.reshape(N, D, N)
    settings = RetrainingSettings(n_sweeps=3)
    found = [
        retrain(start, patterns, params, threshold, ADAPTING, settings=settings)[0].to_dense()
        for start in (DelayWeights(table), DelayWeights.from_dense(dense.transpose(2, 0, 1)))
    ]
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    assert np.abs(found[0] - dense.transpose(2, 0, 1)).max() > 0.01
