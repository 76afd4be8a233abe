"""One table, whoever computes its tasks."""

import shutil

import pytest

from brianmem import schemas, tables

FEW = ["--set", "number=" + ",".join(map(str, range(40)))]


@pytest.mark.parametrize("jobs", [0, 1, 4])
def test_the_table_does_not_depend_on_the_number_of_workers(jobs, toy, undisturbed):
    status, output, errors = toy.run_apart("--jobs", jobs, "--set", "seconds=0.001")
    assert (status, toy.table()) == (0, undisturbed)
    assert "toy.csv: 600 rows" in output
    assert "toy: 200/200 tasks" in errors


def test_a_dask_cluster_of_two_processes_gives_the_same_table(toy, undisturbed):
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        status, _, errors = toy.run_apart(
            "--set", "seconds=0", "--scheduler", cluster.scheduler_address
        )
        assert status == 0, errors
        assert toy.table() == undisturbed
        # A task that fails, and one whose process dies.
        failing = ["--set", "fails=3", "--set", "dies=5", "--scheduler", cluster.scheduler_address]
        status, _, errors = toy.run_apart("--set", "seconds=0", *FEW, *failing, out="failing")
        assert status == 1
        assert "2 of 40 tasks failed" in errors
    table = tables.read(schemas.ERRORS, toy.folder / "failing")
    assert list(table["error"]) == ["InputError", "WorkerDied"]


def test_no_scheduler_is_one_sentence(toy):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
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
    assert toy.run("--set", "number=2,50,3")[0] == 0
    assert toy.ran() == [*range(40), 50]
    # The order is that of the grid.
    numbers = toy.table().decode().splitlines()[1::3]
    assert [int(line.split(",")[0]) for line in numbers] == [2, 50, 3]


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
