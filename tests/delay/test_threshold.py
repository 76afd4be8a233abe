"""The threshold with the best recall, beside the network's own recalls at all candidates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem.delay import network, reference
from brianmem.delay.drive import cued
from brianmem.delay.learning import fit
from brianmem.delay.learning.free_recall import FreeRecall
from brianmem.delay.learning.threshold import NEIGHBOURS, best_recall
from brianmem.delay.parameters import RUNAWAY, DelayParameters
from brianmem.delay.scores import counts_by_pattern
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster

SEEDS = st.integers(0, 10**6)
FACTORS = st.sampled_from((1.0, *NEIGHBOURS))


def learned(seed, **options):
    sizes = {"n_neurons": 12, "n_delays": 5, "n_steps": 40, "n_patterns": 3, "firing_prob": 0.08}
    params = DelayParameters(**(sizes | options))
    patterns = draw_rasters(
        *(getattr(params, name) for name in ("n_patterns", "n_neurons", "n_steps", "firing_prob")),
        np.random.default_rng(seed),
    )
    return params, patterns, *fit(patterns, params)


def f1(found, patterns, params):
    right, extra, missed = counts_by_pattern(found, patterns, params.n_delays).sum(axis=1)
    total = 2 * right + extra + missed
    return 2 * right / total if total else 1.0


def f1_of_network(weights, patterns, params, threshold):
    """As protocols measure it."""
    drive = cued(patterns.crop(params.n_delays), params.n_steps)
    most = RUNAWAY * len(patterns) // patterns.n_patterns + params.n_neurons
    run = network.run(weights, drive, params, threshold, most_spikes=most)
    return f1(run.raster, patterns, params)


@pytest.mark.filterwarnings("ignore::brianmem.errors.UnlearnableWarning")
@given(SEEDS, st.sampled_from(("hebbian", "deconvolved", "pseudo_inverse")), FACTORS)
def test_free_recall_is_that_of_the_reference(seed, learner, factor):
    """Silent ends, where a recall runs away, are the network's; see the test below."""
    params, patterns, weights, info = learned(seed, learner=learner)
    recalls, threshold = FreeRecall(weights, patterns, params), factor * info["threshold"]
    recalls.most_spikes = np.inf
    found = Raster.from_dense(
        [
            reference.recall(
                weights.to_dense(), pattern[:, : params.n_delays], 40, params.beta, threshold
            )
            for pattern in patterns.to_dense()
        ]
    )
    assert recalls.f1(threshold) == f1(found, patterns, params)


@pytest.mark.filterwarnings("ignore::brianmem.errors.UnlearnableWarning")
@pytest.mark.parametrize("learner", ["hebbian", "deconvolved", "pseudo_inverse"])
@pytest.mark.parametrize("at_once", [2, 64])
def test_free_recall_is_that_of_the_network_also_where_it_runs_away(learner, at_once, monkeypatch):
    monkeypatch.setattr("brianmem.delay.learning.free_recall.AT_ONCE", at_once)
    params, patterns, weights, info = learned(1000, learner=learner, n_neurons=30, firing_prob=0.03)
    recalls = FreeRecall(weights, patterns, params)
    for factor in (0.3, 1.0, 1.2):
        threshold = factor * info["threshold"]
        expected = f1_of_network(weights, patterns, params, threshold)
        assert recalls.f1(threshold) == expected
        # What cannot be better than asked for is not better.
        assert recalls.f1(threshold, least=expected) <= expected
        assert recalls.f1(threshold, least=expected - 1e-9) == expected


@pytest.mark.filterwarnings("ignore::brianmem.errors.UnlearnableWarning")
@given(SEEDS, st.sampled_from(("hebbian", "deconvolved")))
@settings(max_examples=25)
def test_no_candidate_recalls_better_than_the_threshold(seed, learner):
    """Neither does the middle of the interval with the fewest clamped errors."""
    params, patterns, weights, info = learned(seed, learner=learner)
    recalls = FreeRecall(weights, patterns, params)
    clamped = (info["gap_low"] + info["gap_high"]) / 2
    tried = {factor * clamped: recalls.f1(factor * clamped) for factor in (1.0, *NEIGHBOURS)}
    assert tried[info["threshold"]] == max(tried.values())
    if tried[clamped] == max(tried.values()):
        assert info["threshold"] == clamped


def test_of_equal_thresholds_the_nearest_is_taken():
    class Recalls:
        """F1 of 0.5, but where a threshold lies in a range."""

        def f1(self, threshold, least=-1.0):
            return 0.9 if 1.7 < threshold < 1.9 or threshold > 2.3 else 0.5

    assert best_recall(2.0, Recalls()) == pytest.approx(0.92 * 2)
    assert [round(f, 2) for f in NEIGHBOURS[:4]] == [0.96, 1.04, 0.92, 1.08]


def test_a_gap_needs_no_recall(monkeypatch):
    """Where no clamped site is wrong, the threshold stays in the middle of the gap."""
    monkeypatch.setattr(FreeRecall, "f1", lambda *_: pytest.fail("a recall was run"))
    *_, info = learned(
        0, learner="hebbian", n_neurons=200, n_delays=20, n_steps=120, firing_prob=0.005
    )
    assert info["missed"] == info["extra"] == 0
    assert info["threshold"] == (info["gap_low"] + info["gap_high"]) / 2


def test_the_benchmarks_hebbian_rule_gains_what_clamped_errors_do_not_see():
    """N = 256, T = 1000, 8 patterns; a seed that no grid has."""
    params, patterns, weights, info = learned(
        1000, learner="hebbian", n_neurons=256, n_delays=41, n_steps=1000, n_patterns=8,
        firing_prob=1e-3,
    )  # fmt: skip
    clamped = (info["gap_low"] + info["gap_high"]) / 2
    recalls = FreeRecall(weights, patterns, params)
    assert info["threshold"] == pytest.approx(0.88 * clamped)
    assert recalls.f1(clamped) == pytest.approx(0.418, abs=1e-3)
    assert recalls.f1(info["threshold"]) == pytest.approx(0.593, abs=1e-3)
