"""Many networks at once are what each is alone."""

from dataclasses import replace

import numpy as np
import pytest

from brianmem.engine import gpu_memory
from brianmem.errors import InputError
from brianmem.lowrank import many, network
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.many import Part, fitting_part
from brianmem.lowrank.memory import store
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import expected_spikes
from brianmem.patterns import draw_binary
from tests.runs import assert_equal_runs

PARAMS = LowRankParameters("optimised", 40, 7, duration=2.0)
MEMORIES = [
    store(draw_binary(20, 7, np.random.default_rng(seed)), PARAMS).with_gamma(gamma)
    for seed, gamma in ((0, None), (1, 1.2), (2, 1.5))
]
# As many starts as there may be, fewer, and none.
STARTS = [list(MEMORIES[0].patterns.T), list(MEMORIES[1].patterns.T[:4]), []]
RESET = replace(LIF, reset="v -= 0.1*drive")  # in the general form


@pytest.mark.parametrize("model", [LIF, RESET])
def test_networks_together_are_networks_alone(model, backend):
    expected = [
        spikes
        for memory, starts in zip(MEMORIES, STARTS, strict=True)
        if starts
        for spikes in network.simulate(memory, starts, model, "numpy")
    ]
    found = list(many.simulate(MEMORIES, STARTS, model, backend))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.neuron, other.neuron)
        # Rounding of some hundred additions near 1, and of the backend's own logarithm.
        np.testing.assert_allclose(one.time, other.time, rtol=0, atol=1e-11)


@pytest.mark.parametrize("of_spikes", [0.01, 2.5, 8, 100])
@pytest.mark.parametrize("of_weights", [0, 2])
def test_parts_give_what_one_part_gives(of_spikes, of_weights, monkeypatch, runtime_backend):
    expected = list(many.simulate(MEMORIES, STARTS, backend=runtime_backend))
    monkeypatch.setattr(many, "SPIKES", of_spikes * expected_spikes(PARAMS))
    monkeypatch.setattr(many, "WEIGHT_BYTES", of_weights * 8 * 40**2)
    found = list(many.simulate(MEMORIES, STARTS, backend=runtime_backend))
    assert_equal_runs(found, expected, at_least=20)


def test_a_part_is_not_run_before_it_is_asked_for(monkeypatch):
    ran = []

    class Counted(network.Repeated):
        def run(self, *arguments, **values):
            ran.append(1)
            return super().run(*arguments, **values)

    monkeypatch.setattr(network, "Repeated", Counted)
    monkeypatch.setattr(many, "SPIKES", 2 * expected_spikes(PARAMS))
    runs = many.simulate(MEMORIES[:1], STARTS[:1])
    assert not ran
    assert [next(runs), next(runs)] and len(ran) == 1
    assert len(list(runs)) == 5 and len(ran) == 4


def test_no_starts_are_no_runs():
    assert list(many.simulate(MEMORIES, [[], [], []])) == []
    assert list(many.simulate([], [])) == []


@pytest.mark.parametrize("weight_bytes", [0, many.WEIGHT_BYTES])
def test_memories_that_differ_in_more_than_weights(weight_bytes, monkeypatch):
    """Whether they would run in one part or in two; and nothing is run before."""
    monkeypatch.setattr(many, "WEIGHT_BYTES", weight_bytes)
    faster = store(MEMORIES[0].patterns, replace(PARAMS, kappa=2 * PARAMS.kappa))
    with pytest.raises(InputError, match="run together have one kappa"):
        next(many.simulate([MEMORIES[0], faster], STARTS[:2]))


@pytest.mark.parametrize("named", ["cython", "cpp_standalone", "cuda_standalone"])
@pytest.mark.parametrize(("n_networks", "n_starts"), [(1, 1), (1, 300), (3, 5), (4000, 7)])
def test_sizes_of_parts(named, n_networks, n_starts, monkeypatch):
    """Compiled programs are for few sizes, and for no more than is asked for, rounded up."""
    monkeypatch.setattr(gpu_memory.gpu, "free_memory", lambda: None)
    part = fitting_part(PARAMS, n_networks, n_starts, named)
    spikes = many.GPU_SPIKES if named == "cuda_standalone" else many.SPIKES
    weights = many.GPU_WEIGHT_BYTES if named == "cuda_standalone" else many.WEIGHT_BYTES
    assert part.n_networks * part.n_copies * expected_spikes(PARAMS) <= spikes
    assert part.n_networks * 8 * PARAMS.n_neurons**2 <= weights
    if named == "cython":
        assert part.n_copies <= n_starts and part.n_networks <= n_networks
    else:
        assert part.n_copies < 2 * n_starts and part.n_networks < 2 * n_networks
        assert all(size.bit_count() == 1 for size in (part.n_copies, part.n_networks))


def test_parts_fit_into_the_memory_of_a_gpu(monkeypatch):
    free = 64e6
    monkeypatch.setattr(gpu_memory.gpu, "free_memory", lambda: free)
    part = fitting_part(PARAMS, 4096, 64, "cuda_standalone")
    blocks = part.n_networks * part.n_copies
    needed = blocks * (12 * network.spike_room(PARAMS, 1) + 64 * 40)
    needed += part.n_networks * 8 * 40**2
    assert needed <= free
    assert part == Part(1, 64) or blocks > 1
    monkeypatch.setattr(gpu_memory.gpu, "free_memory", lambda: 1.0)
    assert fitting_part(PARAMS, 4096, 64, "cuda_standalone") == Part(1, 1)  # the engine refuses it
