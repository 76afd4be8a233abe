"""What a process may take of a GPU's memory; the tool that tells what is free is a script here."""

import os
from dataclasses import dataclass
from unittest import mock

import pytest

from brianmem import gpu
from brianmem.tables import Column, Schema
from protocols.sweep import workers
from protocols.sweep.parts import PartStore
from protocols.sweep.work import make_work

GPUS = {"0": (60_000, 80_000), "1": (10_000, 40_000)}  # free and all MiB, by number
MIB = 2.0**20
SCHEMA = Schema("free", (Column("free", float, "bytes", "of the GPU"),))


@pytest.fixture
def gpus(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    cases = "\n".join(f"*--id={n}*) echo '{free}, {all_}';;" for n, (free, all_) in GPUS.items())
    every = "\n".join(f"echo '{free}, {all_}'" for free, all_ in GPUS.values())
    tool.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\n*--id=*) exit 6;;\n*)\n{every}\n;;\nesac\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield
    gpu.share(1)


@pytest.mark.parametrize(
    ("visible", "free"),
    [(None, 60_000), ("0", 60_000), ("1", 10_000), ("1,0", 10_000), ("7", None)],
)
def test_the_first_visible_gpu_is_asked(gpus, monkeypatch, visible, free):
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu.free_memory() == (None if free is None else free * MIB)


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
