"""Rules that take time say how far they are, and a bar shows it."""

import io
from contextlib import redirect_stderr

import numpy as np
import pytest

from brianmem import progress
from brianmem.delay.learning import LEARNERS, REPORTING, fit
from brianmem.delay.learning.surrogate_settings import SurrogateSettings
from brianmem.delay.parameters import DelayParameters
from brianmem.patterns import draw_rasters
from brianmem.progress import bar, heard_by, report
from protocols.delay.networks import RETRAINED, DelayTask, learn

SIZES = {"n_neurons": 12, "n_delays": 5, "n_steps": 40, "n_patterns": 3, "firing_prob": 0.1}


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_rule_may_be_watched(learner):
    """And learns the same."""
    params = DelayParameters(learner, **SIZES)
    sizes = (params.n_patterns, params.n_neurons, params.n_steps, params.firing_prob)
    patterns = draw_rasters(*sizes, np.random.default_rng(0))
    # Too few steps to learn all, which would end the descent early.
    options = {"settings": SurrogateSettings(n_epochs=4)} if learner == "surrogate" else {}
    told = []
    weights, _ = fit(patterns, params, progress=lambda *pair: told.append(pair), **options)
    total = 4 if learner == "surrogate" else params.n_neurons
    expected = [(done, total) for done in range(1, total + 1)]
    assert told == (expected if learner in REPORTING else [])
    alone, _ = fit(patterns, params, **options)
    np.testing.assert_array_equal(weights.to_dense(), alone.to_dense())


@pytest.mark.parametrize(
    "learner", ["hebbian", "pseudo_inverse", pytest.param(RETRAINED, marks=pytest.mark.slow)]
)
def test_protocols_report_to_whoever_listens(learner):
    task = DelayTask(
        learner, **SIZES, beta=0.7, threshold=None, gain=1.0, seed=0, backend="numpy", model=None
    )
    told = []
    with heard_by(lambda *pair: told.append(pair)):
        learn(task)
    assert learner == "hebbian" or told[:12] == [(done, 12) for done in range(1, 13)]
    # Then sweeps of retraining, of which the last ones may be spared.
    sweeps = [done for done, _ in told[12:]]
    assert sweeps == list(range(1, len(sweeps) + 1))
    assert bool(sweeps) == (learner == RETRAINED)


def test_nobody_needs_to_listen():
    report(1, 2)
    outer, inner = [], []
    with heard_by(lambda *pair: outer.append(pair)):
        with heard_by(lambda *pair: inner.append(pair)):
            report(1, 2)
        report(2, 2)
    report(3, 3)
    assert (outer, inner) == ([(2, 2)], [(1, 2)])


def shown(stream, times):
    """What a bar of five shows whose steps are done at these times, in seconds from its start."""
    now = [0.0]
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(stream):
        patch.setattr(progress.time, "monotonic", lambda: now[0])
        show = bar("margin")
        if stream.isatty():
            show.bar._time = lambda: show.bar.start_t + now[0]
        for done, now[0] in enumerate(times, 1):
            show(done, 5)
    return stream.getvalue()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_what_ends_at_once_is_not_shown(stream):
    assert shown(stream(), [0.2, 0.4, 0.6, 0.8, 1.9]) == ""


def test_lines_where_there_is_no_terminal():
    lines = shown(io.StringIO(), [1.0, 2.5, 7.0, 7.6, 8.0]).splitlines()
    assert lines == ["margin: 2/5", "margin: 4/5", "margin: 5/5"]
    assert shown(io.StringIO(), [0.5, 0.6, 0.7, 0.8, 3.0]) == "margin: 5/5\n"


def test_a_bar_on_a_terminal():
    drawn = shown(Terminal(), [1.0, 2.5, 7.0, 7.6, 8.0]).split("\r")
    assert "margin: " in drawn[1] and "2/5" in drawn[1]
    assert "5/5" in drawn[-1] and drawn[-1].endswith("\n")
