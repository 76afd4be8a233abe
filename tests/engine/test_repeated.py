from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from brianmem.engine import Repeated
from brianmem.errors import InputError, RunawayError
from brianmem.lowrank import network
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.patterns import draw_binary
from tests.runs import assert_equal_runs

XI = draw_binary(20, 4, np.random.default_rng(1))
MEMORY = store(XI, LowRankParameters("optimised", 40, 4, duration=3.0))
STARTS = [*XI.T, *draw_binary(20, 6, np.random.default_rng(2)).T]
# Variables that a run leaves behind: they must not be there in the next one.
ADAPTIVE = replace(LIF, model=LIF.model + "\nda/dt = -a/tau : 1", reset="a += 1")


@pytest.mark.parametrize("model", [LIF, ADAPTIVE])
def test_runs_again_are_runs_alone(model, backend):
    with network.repeated(MEMORY, 3, model, backend) as run:
        runs = [run(STARTS[first : first + 3]) for first in range(0, len(STARTS), 3)]
    assert [len(found) for found in runs] == [3, 3, 3, 1]
    alone = network.simulate(MEMORY, STARTS, model, backend)
    assert_equal_runs([spikes for found in runs for spikes in found], alone, at_least=50)


def test_after_a_runaway_the_next_run_is_as_good(runtime_backend):
    weak = replace(MEMORY, bias=1e4 * MEMORY.bias)
    with network.repeated(weak, 1, backend=runtime_backend) as run, pytest.raises(RunawayError):
        run(STARTS[:1])
    with network.repeated(MEMORY, 1, backend=runtime_backend) as run:
        first, again = run(STARTS[:1]), run(STARTS[:1])
    assert_equal_runs(first, again, at_least=50)


def test_a_run_lasts_one_step(monkeypatch):
    run = Repeated.run
    monkeypatch.setattr(Repeated, "run", lambda self, _, *rest, **values: run(self, 7 * ms))
    with pytest.raises(InputError, match=r"a run lasts one step, 30\. ms, not 7\. ms"):
        network.simulate(MEMORY, STARTS[:1])
