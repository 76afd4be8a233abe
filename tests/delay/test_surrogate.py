"""The surrogate-gradient rule: its loops against their definition, and what it teaches."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem.delay import network, reference
from brianmem.delay.learning import fit, surrogate_reference
from brianmem.delay.learning.adamw import AdamW, learning_rate
from brianmem.delay.learning.correlation import correlate
from brianmem.delay.learning.surrogate import surrogate
from brianmem.delay.learning.surrogate_kernels import chance
from brianmem.delay.learning.surrogate_loss import FreeRecall
from brianmem.delay.learning.surrogate_settings import SurrogateSettings
from brianmem.delay.learning.surrogate_synapses import starting_synapses, to_weights
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.scores import counts_by_pattern, counts_by_step
from brianmem.errors import InputError
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster


def small(seed=0, n_patterns=3, n_neurons=8, n_delays=4, n_steps=30, firing_prob=0.08, **options):
    params = DelayParameters(
        "surrogate", n_neurons, n_delays, n_steps, n_patterns, firing_prob, **options
    )
    rng = np.random.default_rng(seed)
    return draw_rasters(n_patterns, n_neurons, n_steps, firing_prob, rng), params


def larger(**options):
    return small(n_patterns=4, n_neurons=120, n_delays=41, n_steps=250, firing_prob=4e-3, **options)


def first_gradient(patterns, params, chosen, seed=0):
    """Recalls, their scores and gradient at the start, under dropout: its factors, too."""
    synapses = starting_synapses(patterns, params, chosen, np.random.default_rng(seed))
    recalls = FreeRecall(patterns, synapses, params, chosen)
    dropouts = recalls.draw_dropouts(np.random.default_rng(seed))
    with ThreadPoolExecutor(1) as threads:
        scores = recalls.scores(threads, dropouts)
        gradient = recalls.gradient(threads, scores.costs, dropouts)
    return recalls, scores, gradient, factors(dropouts, params)


def factors(dropouts, params):
    """What dropout makes of inputs and currents, shapes (M, T, N, D) and (M, T, N)."""
    n_steps, n, n_delays = params.n_steps, params.n_neurons, params.n_delays
    inputs = np.empty((params.n_patterns, n_steps, n, n_delays))
    currents = np.empty((params.n_patterns, n_steps, n))
    for m, dropout in enumerate(dropouts):
        sites = inputs[m].size + currents[m].size
        kept = [chance(dropout.key, k) >= dropout.fraction for k in range(sites)]
        scaled = np.array(kept) / (1 - dropout.fraction)
        inputs[m] = scaled[: inputs[m].size].reshape(inputs[m].shape)
        currents[m] = scaled[inputs[m].size :].reshape(currents[m].shape)
    return inputs, currents


CASES = st.fixed_dictionaries(
    {
        "support": st.sampled_from(["hebbian", "full"]),
        "start": st.sampled_from(["hebbian", "random_positive", "random"]),
        "scale": st.sampled_from([1.0, 2.2, 4.0]),
        "surrogate": st.sampled_from(["windowed", "one_sided", "full"]),
        "through_reset": st.booleans(),
        "dropout": st.sampled_from([0.0, 0.3]),
        "most_spikes": st.sampled_from([1.5, 6.0]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), CASES, st.sampled_from([0.4, 0.7, 0.9]))
def test_loss_and_gradient_equal_their_definition(seed, case, beta):
    chosen = SurrogateSettings(**case)
    patterns, params = small(seed, beta=beta)
    recalls, scores, gradient, (inputs, currents) = first_gradient(patterns, params, chosen, seed)
    loss, expected = surrogate_reference.loss_and_gradient(
        to_weights(recalls.synapses, params, chosen).to_dense(),
        patterns.to_dense(),
        beta,
        chosen.slope,
        chosen.widths,
        chosen.through_reset,
        recalls.most_spikes,
        inputs,
        currents,
    )
    assert scores.loss == pytest.approx(loss, abs=1e-12)
    found = by_synapse(recalls, gradient)
    on_support = by_synapse(recalls, np.ones_like(gradient)) != 0
    # Sums of a few hundred terms in another order.
    np.testing.assert_allclose(found, expected * on_support, atol=1e-10 * np.abs(expected).max())


def by_synapse(recalls, values):
    """Values of the synapses as an array [post, pre, delay - 1]."""
    synapses, params = recalls.synapses, recalls.params
    n, n_delays = params.n_neurons, params.n_delays
    dense = np.zeros((n * n_delays, n))
    rows = np.repeat(np.arange(n * n_delays), np.diff(synapses.first))
    dense[rows, synapses.post] = values
    return dense.reshape(n, n_delays, n).transpose(2, 0, 1)


@pytest.mark.parametrize("beta", [0.5, 0.8])
@pytest.mark.parametrize("through_reset", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("widths", [(0.405, 0.405), (np.inf, 0.405), (np.inf, np.inf)])
def test_the_definition_equals_automatic_differentiation(beta, through_reset, dropout, widths):
    torch = pytest.importorskip("torch", reason="torch is the oracle, and nothing else uses it")
    patterns, _ = small(n_neurons=6, n_steps=25, firing_prob=0.12, beta=beta)
    rng = np.random.default_rng(1)
    weights = rng.normal(0.2, 0.5, (6, 6, 4))
    shapes = (3, 25, 6, 4), (3, 25, 6)
    masks = [(rng.random(shape) >= dropout) / (1 - dropout) for shape in shapes]
    loss, gradient = surrogate_reference.loss_and_gradient(
        weights, patterns.to_dense(), beta, 15, widths, through_reset, np.inf, *masks
    )
    assert 0 < loss < 1

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return (x >= 0).to(x)

        @staticmethod
        def backward(ctx, upstream):
            x, y = ctx.saved_tensors
            near = torch.where(y > 0, x.abs() < widths[0], x.abs() < widths[1])
            return upstream * near / (1 + 15 * x.abs()) ** 2, None

    w = torch.tensor(weights, requires_grad=True)
    inputs, currents = map(torch.tensor, masks)
    wanted = torch.tensor(patterns.to_dense().transpose(0, 2, 1).astype(float))
    u, s = torch.zeros(3, 6, dtype=torch.float64), []
    for t in range(25):
        current = torch.zeros(3, 6, dtype=torch.float64)
        for d in range(1, min(4, t) + 1):
            heard = inputs[:, t - d, :, d - 1] * s[t - d]
            current = current + torch.einsum("ji,mi->mj", w[:, :, d - 1], heard)
        if t > 0:
            before = s[t - 1] if through_reset else s[t - 1].detach()
            u = beta * u * (1 - before)
        u = u + currents[:, t] * current
        s.append(wanted[:, t] if t < 4 else Step.apply(u - 1, wanted[:, t]))
    spikes, targets = torch.stack(s[4:], dim=1), wanted[:, 4:]
    expected = 1 - 2 * (spikes * targets).sum() / (spikes.sum() + targets.sum())
    expected.backward()
    assert loss == pytest.approx(expected.item(), abs=1e-12)
    assert np.abs(gradient).max() > 1e-4
    # Rounding of float64 in products of up to 25 steps.
    np.testing.assert_allclose(gradient, w.grad.numpy(), atol=1e-10 * np.abs(gradient).max())


def test_the_recall_while_learning_is_that_of_the_network():
    patterns, params = larger()
    chosen = SurrogateSettings(n_epochs=3, n_bins=11)
    weights, info = surrogate(patterns, params, np.random.default_rng(0), chosen)
    cues, dense = patterns.crop(41), weights.to_dense()
    recalled = network.recall(weights, cues, params, 1.0)
    for m, cue in enumerate(cues.to_dense()):
        expected = reference.recall(dense, cue, params.n_steps, params.beta, 1.0)
        np.testing.assert_array_equal(recalled.select(m).to_dense()[0], expected)
    best = info["best_epoch"]
    assert 0 < info["loss"][best] < 1
    by_step = counts_by_step(recalled, patterns, 41)
    right, extra, missed = by_step.sum(axis=1)
    assert info["loss"][best] == pytest.approx(1 - 2 * right / (2 * right + extra + missed))
    assert info["n_spikes"][best] == right + extra
    for k in range(11):
        right, extra, missed = by_step[:, 41 + 19 * k : 60 + 19 * k].sum(axis=1)
        expected = 2 * right / (2 * right + extra + missed)
        assert info["f1_along_time"][best, k] == pytest.approx(expected)


@pytest.mark.parametrize("derivative", ["windowed", "one_sided"])
def test_free_recall_becomes_perfect_and_spreads_forward(derivative):
    patterns, params = larger()
    weights, info = fit(patterns, params, settings=SurrogateSettings(surrogate=derivative))
    right, extra, missed = counts_by_pattern(
        network.recall(weights, patterns.crop(41), params, info["threshold"]), patterns, 41
    ).sum(axis=1)
    assert (extra, missed) == (0, 0)
    assert info["loss"][0] > 0.02
    assert info["loss"][-1] == 0
    assert info["best_epoch"] == info["n_epochs"] == len(info["loss"]) - 1
    assert info["n_spikes"][-1] == right
    assert info["f1_along_time"].shape == (info["n_epochs"] + 1, 24)
    # F1 is higher near the cue than far from it, as long as there are errors.
    wrong = info["f1_along_time"][info["loss"] > 0]
    assert wrong[:, :8].mean() > wrong[:, -8:].mean() + 0.01


def test_the_gain_scales_the_weights_and_the_threshold():
    patterns, params = larger()
    chosen = SurrogateSettings(n_epochs=2)
    plain, _ = surrogate(patterns, params, np.random.default_rng(0), chosen)
    scaled, info = surrogate(patterns, replace(params, gain=2.0), np.random.default_rng(0), chosen)
    assert info["threshold"] == 2
    np.testing.assert_array_equal(scaled.table.data, 2 * plain.table.data)


@pytest.mark.parametrize("support", ["hebbian", "full"])
def test_threads_do_not_matter_and_seeds_do(support):
    # More patterns than are kept in memory at a time.
    patterns, params = small(n_patterns=11, n_neurons=30, n_delays=10, n_steps=60, firing_prob=0.03)
    chosen = SurrogateSettings(support, surrogate="full", dropout=0.2, n_epochs=4)

    def weights(seed, n_threads):
        rng = np.random.default_rng(seed)
        return surrogate(patterns, params, rng, chosen, n_threads)[0].to_dense()

    np.testing.assert_array_equal(weights(0, 1), weights(0, 3))
    assert (weights(0, 1) != weights(1, 1)).any()


def test_the_support_is_kept():
    patterns, params = small()
    hebb = correlate(patterns, params, kernel=(1.0,)).table
    chosen = SurrogateSettings(n_epochs=2)
    weights, _ = surrogate(patterns, params, np.random.default_rng(0), chosen)
    for name in ("indices", "indptr"):
        np.testing.assert_array_equal(getattr(weights.table, name), getattr(hebb, name))
    full, _ = surrogate(patterns, params, np.random.default_rng(0), replace(chosen, support="full"))
    assert full.table.shape == (32, 8)


@pytest.mark.parametrize("start", ["hebbian", "random_positive", "random"])
def test_starts_have_the_strength_that_they_say(start):
    patterns, params = larger(gain=3.0)
    chosen = SurrogateSettings("full", start, 1.5, n_epochs=0)
    weights, info = surrogate(patterns, params, np.random.default_rng(0), chosen)
    w = weights.to_dense() / 3
    n_active = 120 * 41 * 4e-3
    if start == "hebbian":
        hebb = correlate(patterns, replace(params, gain=1.0), kernel=(1.0,)).to_dense()
        np.testing.assert_allclose(w, 1.5 * hebb)
    elif start == "random_positive":
        assert w.min() >= 0
        assert w.mean() * n_active == pytest.approx(1.5, rel=0.01)
    else:  # u = sum over k of 0.7^k I(t - k), and the variance of I is that of w times n_active
        potential = np.sqrt(w.var() * n_active / (1 - 0.7**2))
        assert potential == pytest.approx(1.5, rel=0.01)
    assert len(info["loss"]) == 1
    assert info["n_epochs"] == 0


def test_weak_starts_are_silent_and_strong_ones_are_stopped():
    patterns, params = larger()

    def start(scale):
        chosen = SurrogateSettings("full", "random_positive", scale, n_epochs=1)
        return surrogate(patterns, params, np.random.default_rng(0), chosen)[1]

    silent, stopped = start(0.05), start(1.0)
    assert silent["n_spikes"][0] == 0
    assert silent["loss"][0] == 1
    assert stopped["n_stopped"][0] == 4
    # At most six times the mean number of spikes, and those of one more step.
    assert stopped["n_spikes"][0] <= 6 * len(patterns) + 4 * 120


def test_patterns_without_spikes_leave_nothing_to_learn():
    _, params = small()
    nothing = Raster([], [], [], 3, 8, 30)
    weights, info = surrogate(nothing, params, np.random.default_rng(0))
    assert len(weights) == 0
    assert (info["loss"] == 0).all()
    assert (info["f1_along_time"] == 1).all()


def test_progress_is_told_after_each_step():
    patterns, params = small(n_patterns=8)
    told = []
    chosen = SurrogateSettings(n_epochs=3)
    surrogate(
        patterns,
        params,
        np.random.default_rng(0),
        chosen,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_adamw_and_its_schedule():
    torch = pytest.importorskip("torch", reason="torch is the oracle, and nothing else uses it")
    chosen = SurrogateSettings(weight_decay=0.1, n_epochs=12, warm_up=4, betas=(0.8, 0.95))
    rates = [learning_rate(chosen, k) / chosen.rate for k in range(12)]
    np.testing.assert_allclose(rates[:5], [0.25, 0.5, 0.75, 1, 1])
    np.testing.assert_allclose(rates[8], 0.5)
    assert rates[-1] == pytest.approx((1 + np.cos(np.pi * 7 / 8)) / 2)
    rng = np.random.default_rng(0)
    w = rng.normal(size=20)
    theirs = torch.nn.Parameter(torch.tensor(w))
    ours, adam = w.copy(), AdamW(chosen, 20)
    optimiser = torch.optim.AdamW([theirs], betas=(0.8, 0.95), eps=1e-8, weight_decay=0.1)
    for k in range(12):
        gradient = rng.normal(size=20)
        adam.step(ours, gradient)
        theirs.grad = torch.tensor(gradient)
        optimiser.param_groups[0]["lr"] = rates[k] * chosen.rate
        optimiser.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"support": "half"}, "unknown support 'half': choose from hebbian, full"),
        ({"start": "zero"}, "unknown start 'zero': choose from hebbian, random_positive, random"),
        ({"surrogate": "box"}, "unknown surrogate 'box': choose from windowed, one_sided, full"),
        ({"n_epochs": -1}, "n_epochs must be at least 0, not -1"),
        ({"n_bins": 0}, "n_bins must be at least 1"),
        ({"rate": 0.0}, "rate must be positive and finite, not 0.0"),
        ({"scale": np.inf}, "scale must be positive and finite"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\), not 1.0"),
        ({"betas": (0.9, 1.0)}, "betas must be two numbers in"),
        ({"weight_decay": -1.0}, "weight_decay must not be negative, not -1.0"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        SurrogateSettings(**change)
