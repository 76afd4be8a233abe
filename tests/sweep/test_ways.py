"""One table, whoever computes its tasks."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest

from brianmem import schemas, tables
from brianmem.backends import check_backend
from brianmem.errors import InputError
from protocols import cli
from protocols.lowrank.capacity import PROTOCOL as CAPACITY
from protocols.sweep import workers
from tests.sweep.conftest import SLOW

FEW = ["--set", "number=" + ",".join(map(str, range(40)))]


@pytest.mark.parametrize("jobs", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 4))])
def test_the_table_does_not_depend_on_the_number_of_workers(jobs, toy, undisturbed):
    status, output, errors = toy.run_apart("--jobs", jobs, "--set", "seconds=0.001")
    assert (status, toy.table()) == (0, undisturbed)
    assert "toy.csv: 600 rows" in output
    assert "toy: 200/200 tasks" in errors


@contextmanager
def start_cluster():
    """A Dask cluster of two worker processes on the loopback."""
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    from dask import config

    # Fifteen seconds after a death, Dask gives a worker up that has died again and is starting.
    patient = config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})
    with (
        patient,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="module")
def scheduler():
    with start_cluster() as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_dask_cluster_of_two_processes_gives_the_same_table(scheduler, toy, undisturbed):
    status, output, errors = toy.run("--scheduler", scheduler)
    assert status == 0, errors
    assert toy.table() == undisturbed
    assert "toy.csv: 600 rows" in output


@pytest.mark.slow
def test_a_dask_cluster_survives_tasks_that_fail_and_that_kill(scheduler, toy):
    failing = ["--set", "fails=3", "--set", "dies=5", "--scheduler", scheduler]
    status, _, errors = toy.run(*FEW, *failing)
    assert status == 1
    assert "2 of 40 tasks failed" in errors
    table = tables.read(schemas.ERRORS, toy.folder / "out")
    assert list(table["task"]) == [3, 5]
    assert list(table["error"]) == ["InputError", "WorkerDied"]


@pytest.mark.parametrize("name", ["CancelledError", "CommClosedError"])
def test_a_scheduler_that_goes_while_a_result_is_fetched(name, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    from dask import distributed as imported_as

    gone = getattr(distributed, name, None) or getattr(distributed.comm, name)

    def exception():
        raise gone

    future = SimpleNamespace(key="one", exception=exception)
    cancelled = []
    client = SimpleNamespace(map=lambda *_, **__: [future], loop=None, cancel=cancelled.append)
    monkeypatch.setattr(imported_as, "as_completed", lambda futures, loop: futures)
    with pytest.raises(InputError, match="the Dask scheduler is gone"):
        list(workers._computed(client, ["a work"]))
    assert cancelled == [[future]]


@pytest.mark.slow
def test_a_cluster_that_goes_away_is_one_sentence(toy, undisturbed):
    with start_cluster() as cluster:
        process = toy.start("--scheduler", cluster.scheduler_address)
        while len(toy.parts()) < 5:
            time.sleep(0.01)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.splitlines()[-1] == (
        "protocols.toy: error: the Dask scheduler is gone: start another one, and the same command "
        "goes on"
    )
    kept = len(toy.parts())
    toy.forget()
    assert toy.run(*SLOW)[0] == 0
    assert toy.table() == undisturbed
    assert len(toy.ran()) == 200 - kept < 196


@pytest.mark.slow
def test_a_cluster_without_workers_is_said(toy):
    with start_cluster() as cluster:
        process = toy.start("--scheduler", cluster.scheduler_address)
        while len(toy.parts()) < 5:
            time.sleep(0.01)
        cluster.scale(0)
        line = ""
        while "has no workers: waiting" not in line:
            line = process.stderr.readline()
            assert line, "the sweep ended"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.slow
def test_workers_end_with_the_process_that_started_them(toy):
    process = toy.start("--jobs", 2, "--set", "seconds=0.2")
    while len(toy.parts()) < 3:
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    process.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


@pytest.mark.slow
def test_networks_run_on_a_dask_cluster(scheduler, tmp_path):
    small = [
        *("--set", "network_seed=0,1", "--set", "n_neurons=20", "--set", "load=0.2"),
        *("--set", "duration=2", "--backend", "numpy"),
    ]
    for folder, where in (("here", ["--jobs", "0"]), ("there", ["--scheduler", scheduler])):
        assert cli.main(CAPACITY, [*small, *where, "--out", str(tmp_path / folder)]) == 0
    here, there = (tmp_path / name / "lowrank_capacity.csv" for name in ("here", "there"))
    assert here.read_bytes() == there.read_bytes()


@pytest.mark.slow
def test_eight_workers_on_a_cold_cache(tmp_path):
    """Nothing is compiled yet, and all workers need the same modules and programs at once."""
    small = [
        *("--set", "network_seed=0,1,2,3,4,5,6,7", "--set", "rule=optimised"),
        *("--set", "duration=1", "--set", "dt=0,0.02"),
    ]
    command = [sys.executable, "-m", "protocols.lowrank.recall", *small]
    homes = {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "CYTHON_CACHE_DIR": str(tmp_path / "cython"),
    }
    tables_by_backend = {}
    for backend in ("numpy", "cython", "cpp_standalone"):
        if backend != "numpy" and not can_compile():
            pytest.skip("there is no compiler")
        out = tmp_path / backend
        subprocess.run(
            [*command, "--jobs", "8", "--backend", backend, "--out", out],
            env=os.environ | homes,
            check=True,
            timeout=580,
        )
        table = tables.read(schemas.LOWRANK_RECALL, out)
        tables_by_backend[backend] = table.drop(columns="backend")
    for table in tables_by_backend.values():
        pd.testing.assert_frame_equal(table, tables_by_backend["numpy"], check_exact=True)


def can_compile() -> bool:
    """Whether the backends that compile run here."""
    try:
        check_backend("cython")
        check_backend("cpp_standalone")
    except InputError:
        return False
    return True


def test_no_scheduler_is_one_sentence(toy, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    from dask import distributed as imported_as

    def impatient(address, timeout, **options):
        return distributed.Client(address, timeout=1, **options)

    monkeypatch.setattr(imported_as, "Client", impatient)
    status, _, errors = toy.run(*FEW, "--scheduler", "tcp://127.0.0.1:1")
    assert status == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:1" in errors.splitlines()[-1]


@pytest.mark.parametrize("together", [True, False])
def test_three_shards_are_merged(together, toy, undisturbed):
    folders = ["out"] * 3 if together else ["one", "two", "three"]
    for number, folder in enumerate(folders, 1):
        status, _, _ = toy.run("--shard", f"{number}/3", out=folder)
        assert status == 0
    assert sorted(toy.ran()) == list(range(200))
    assert not (toy.folder / folders[-1] / "toy.csv").exists()
    others = [] if together else [toy.folder / name for name in ("two", "three")]
    status, _, _ = toy.run("--merge", *others, out=folders[0])
    assert (status, toy.table(folders[0])) == (0, undisturbed)
    assert len(toy.ran()) == 200


def test_merging_what_is_not_complete_names_what_is_missing(toy):
    assert toy.run(*FEW, "--shard", "2/4")[0] == 0
    status, _, errors = toy.run(*FEW, "--merge")
    assert status == 2
    assert '30 of 40 tasks have not been run yet, the first is {"number": 0' in errors
    assert not (toy.folder / "out" / "toy.csv").exists()
    status, _, errors = toy.run(*FEW, "--merge", toy.folder / "nowhere")
    assert status == 2 and "nowhere has no parts of toy" in errors


def test_what_is_finished_is_not_computed_again(toy):
    assert toy.run(*FEW)[0] == 0
    assert toy.run_apart(*FEW, "--set", "seconds=0", "--jobs", 2)[0] == 0
    # Nor in a larger grid.
    larger = [50, *reversed(range(40))]
    assert toy.run("--set", f"number={','.join(map(str, larger))}")[0] == 0
    assert toy.ran() == [*range(40), 50]
    # The order is that of the grid.
    numbers = toy.table().decode().splitlines()[1::3]
    assert [int(line.split(",")[0]) for line in numbers] == larger
    # A smaller one would lose rows.
    status, _, errors = toy.run(*FEW)
    assert status == 2 and "is the table of another run, with settings" in errors
    assert toy.run(*FEW, out="fewer")[0] == 0


@pytest.mark.slow
def test_two_sweeps_at_once_in_one_folder(toy, undisturbed):
    both = [toy.start("--jobs", 2), toy.start("--jobs", 1)]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert toy.table() == undisturbed
    assert len(tables.read(schemas.TIMINGS, toy.folder / "out")) == 200
    assert not list((toy.folder / "out").rglob(".*"))


def test_parts_can_be_moved(toy):
    assert toy.run(*FEW)[0] == 0
    whole = toy.table()
    shutil.copytree(toy.folder / "out" / "parts", toy.folder / "copy" / "parts")
    assert toy.run(*FEW, out="copy")[0] == 0
    assert toy.table("copy") == whole
    assert len(toy.ran()) == 40
