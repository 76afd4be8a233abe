"""What the protocols' trials share."""

import numpy as np
import pytest

from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import expected_spikes
from brianmem.patterns import draw_binary
from protocols.lowrank import trials
from protocols.lowrank.trials import EXACT, simulate, simulate_each

XI = draw_binary(20, 7, np.random.default_rng(0))
MEMORY = store(XI, LowRankParameters("optimised", 40, 7, duration=2.0))


@pytest.mark.parametrize(("in_batch", "batches"), [(0.01, 7), (1, 7), (2.5, 4), (3, 3), (100, 1)])
def test_batches_give_what_one_call_gives(in_batch, batches, monkeypatch, runtime_backend):
    expected = simulate(MEMORY, list(XI.T), EXACT, None, runtime_backend)
    sizes = []

    def counted(memory, starts, *arguments):
        sizes.append(len(starts))
        return simulate(memory, starts, *arguments)

    monkeypatch.setattr(trials, "BATCH_SPIKES", in_batch * expected_spikes(MEMORY.params))
    monkeypatch.setattr(trials, "simulate", counted)
    found = list(simulate_each(MEMORY, list(XI.T), None, runtime_backend))
    assert len(found) == len(expected) == sum(sizes) == 7
    assert len(sizes) == batches
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.neuron, other.neuron)
        np.testing.assert_array_equal(one.time, other.time)


def test_a_batch_is_not_run_before_it_is_asked_for(monkeypatch):
    ran = []
    monkeypatch.setattr(trials, "BATCH_SPIKES", 2 * expected_spikes(MEMORY.params))
    monkeypatch.setattr(trials, "simulate", lambda memory, starts, *_: ran.append(1) or starts)
    runs = simulate_each(MEMORY, [0, 1, 2, 3, 4], None, "numpy")
    assert not ran
    assert [next(runs), next(runs)] == [0, 1] and len(ran) == 1
    assert list(runs) == [2, 3, 4] and len(ran) == 3


def test_no_starts_are_no_runs():
    assert list(simulate_each(MEMORY, [], None, "numpy")) == []
