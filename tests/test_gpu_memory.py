"""What a process may take of a GPU's memory; the tool that tells what is free is a script here."""

import os
from dataclasses import dataclass
from unittest import mock

import numpy as np
import pytest
from brian2 import NeuronGroup

from brianmem import cuda, cuda_toolkit, gpu
from brianmem.brian import brian_backend
from brianmem.engine import EventDriven, gpu_memory
from brianmem.errors import InputError
from brianmem.tables import Column, Schema
from protocols.sweep import workers
from protocols.sweep.parts import PartStore
from protocols.sweep.work import make_work
from tests.engine import on_cpu

# Free and all MiB, and compute capability, by number or name.
GPUS = {
    "0": (60_000, 80_000, 9.0),
    "1": (10_000, 40_000, 8.0),
    "GPU-5d7a": (20_000, 40_000, 7.5),
}
MIB = 2.0**20
SCHEMA = Schema("free", (Column("free", float, "bytes", "of the GPU"),))


@pytest.fixture
def gpus(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"

    def answers(pattern, free, whole, capability):
        yield f"*memory.free{pattern}) echo '{free}, {whole}';;"
        yield f"*compute_cap{pattern}) echo {capability};;"

    lines = ["#!/bin/sh", 'case "$*" in']
    for name, numbers in GPUS.items():
        lines += answers(f"*--id={name}", *numbers)
    lines += ["*--id=*) exit 6;;", *answers("*", *GPUS["0"]), "esac", ""]
    tool.write_text("\n".join(lines))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    gpu._nvidia_smi.cache_clear()
    yield
    gpu._nvidia_smi.cache_clear()
    gpu.share(1)


@pytest.mark.parametrize(
    ("visible", "first"),
    [(None, "0"), ("0", "0"), ("1", "1"), ("1,0", "1"), ("GPU-5d7a,0", "GPU-5d7a"), ("7", None)],
)
def test_the_first_visible_gpu_is_asked(gpus, monkeypatch, visible, first):
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    free, _, capability = GPUS.get(first, (None, None, None))
    assert gpu.free_memory() == (free and free * MIB)
    assert gpu.compute_capability() == (capability and str(capability))


def test_programs_are_for_the_first_visible_gpu(gpus, monkeypatch):
    """brian2cuda would look for the best one, and fails where they have no numbers."""
    if cuda_toolkit.missing_to_generate():
        pytest.skip(f"its settings need {cuda_toolkit.missing_to_generate()}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-5d7a,0")
    settings = cuda.settings()
    assert settings[cuda.PREFERENCES + "compute_capability"] == 7.5
    assert settings[cuda.PREFERENCES + "gpu_id"] == 0
    assert settings[cuda.PREFERENCES + "detect_gpus"] is False


@pytest.mark.parametrize(("processes", "free"), [(1, 60_000), (2, 40_000), (8, 10_000)])
def test_processes_share_the_whole_of_it_and_take_no_more_than_is_free(gpus, processes, free):
    gpu.share(processes)
    assert gpu.free_memory() == free * MIB


@dataclass(frozen=True)
class Task:
    """Asked what is free, of the tool in a folder of this PATH."""

    path: str
    number: int


def ask(task: Task) -> dict[str, list[dict]]:
    with mock.patch.dict(os.environ, PATH=task.path):
        return {"free": [{"free": gpu.free_memory()}]}


def test_processes_of_a_sweep_share_it(gpus, tmp_path):
    store = PartStore(tmp_path / "parts", [SCHEMA])
    tasks = [Task(os.environ["PATH"], number) for number in range(4)]
    works = [make_work("free", ask, [SCHEMA], task, {}) for task in tasks]
    for part in workers.in_processes(works, store, 2):
        assert part.error is None
    for work in works:
        [free] = store.read(work.key).tables["free"]["free"]
        assert free == 40_000 * MIB


def test_without_the_tool_nobody_can_tell(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.free_memory() is None


def test_how_many_blocks_fit(gpus):
    free = 0.9 * GPUS["0"][0] * MIB
    assert gpu_memory.fitting(0, MIB, 1) == int(free / MIB)
    assert gpu_memory.fitting(1000 * MIB, MIB, 1) == int(free / MIB) - 1000
    assert gpu_memory.fitting(2 * int(free), MIB, 1) == 0
    # Whatever the memory, arrays are no longer than programs can count.
    assert gpu_memory.fitting(0, MIB, 2**30) == 1
    assert gpu_memory.fitting(0, MIB, 2**31) == 0


def test_arrays_that_programs_cannot_count(monkeypatch):
    if cuda_toolkit.missing_to_generate():
        pytest.skip(f"programs for GPUs need {cuda_toolkit.missing_to_generate()}")
    on_cpu.use(monkeypatch)
    monkeypatch.setattr(gpu_memory, "LARGEST", 800)

    def engine(n_networks):
        with brian_backend("cuda_standalone", build_on_run=False):
            leaky = "dv/dt = -v/(10*ms) : 1"
            group = NeuronGroup(20 * n_networks, leaky, threshold="v > 1", name="counted")
            return EventDriven(group, np.zeros((n_networks, 20, 20)), spike_room=800)

    assert engine(2).n_blocks == 2
    message = "^3 networks of 20 neurons need an array of 1200 elements, .* at most 800: "
    with pytest.raises(InputError, match=message):
        engine(3)
