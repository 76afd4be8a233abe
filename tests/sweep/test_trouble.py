"""A sweep that is killed, interrupted, starved of disk or given damaged files."""

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from brianmem import schemas, tables
from protocols.sweep import workers
from protocols.sweep.parts import PartStore
from protocols.sweep.work import make_work
from tests.sweep.conftest import ROOT, kill
from tests.sweep.tasks import SCHEMA, Task, run_task

FEW = ["--set", "number=" + ",".join(map(str, range(20)))]


@pytest.mark.slow
def test_killed_at_random_moments(toy, undisturbed):
    """Kill -9 of all processes: the same table in the end, and nothing finished computed twice."""
    n_kills = 50
    rng = np.random.default_rng(n_kills)
    # So slow that few are done between the moment that is waited for and the kill: else a sweep
    # could end before its last kill.
    slow = ("--set", "seconds=0.1")
    per_life = 200 // n_kills
    for _ in range(n_kills):
        finished = len(toy.parts())
        known = {path.name for path in toy.parts()}
        process = toy.start("--jobs", 2, *slow)
        # From the first moments of a process to the middle of its work.
        end = time.monotonic() + 60
        target = finished + rng.integers(0, per_life + 1)
        while len(toy.parts()) < target and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.05))
        kill(process)
        assert known <= {path.name for path in toy.parts()}
    begun = len(toy.ran())
    n_finished = len(toy.parts())
    assert toy.run(*slow)[0] == 0
    assert toy.table() == undisturbed
    # In its last run, exactly what was not finished; before, at most two tasks lost by each kill,
    # and what a worker had done between the file's writing and the end of its process.
    assert len(toy.ran()) - begun == 200 - n_finished
    assert len(toy.ran()) <= 200 + 2 * n_kills
    assert not list((toy.folder / "out").glob(".*"))


def test_a_killed_task_is_the_only_one_that_is_lost(toy):
    process = toy.start("--jobs", 1, "--set", "seconds=0.2", "--set", "number=0,1,2,3,4,5")
    while len(toy.parts()) < 3:
        time.sleep(0.01)
    kill(process)
    finished = len(toy.parts())
    toy.forget()
    assert toy.run("--set", "seconds=0.2", "--set", "number=0,1,2,3,4,5")[0] == 0
    assert toy.ran() == list(range(finished, 6))


def ctrl_c(process):
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does


@pytest.mark.parametrize(
    ("end", "jobs"),
    [
        *(pytest.param(ctrl_c, jobs, marks=pytest.mark.slow) for jobs in (0, 1)),
        (ctrl_c, 2),
        pytest.param(subprocess.Popen.terminate, 2, marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_ends_within_two_seconds_and_says_how_to_go_on(end, jobs, toy, undisturbed):
    seconds = []
    # On a busy machine the processes alone may take as long to end: the same again then.
    while min(seconds, default=2) >= 2 and len(seconds) < 3:
        process = toy.start("--jobs", jobs)
        finished = len(toy.parts())
        while len(toy.parts()) < finished + 20:
            time.sleep(0.01)
        begin = time.monotonic()
        end(process)
        _, errors = process.communicate(timeout=60)
        seconds.append(time.monotonic() - begin)
        assert process.returncode == 130
    assert min(seconds) < 2
    last = errors.strip().splitlines()[-1]
    assert last.startswith("protocols.toy: interrupted: ")
    assert last.endswith("of 200 tasks are done and kept: the same command goes on from there")
    assert "Traceback" not in errors and "WARNING" not in errors
    assert not (toy.folder / "out" / "toy.csv").exists()
    assert toy.run("--set", "seconds=0.02")[0] == 0
    assert toy.table() == undisturbed


@pytest.mark.parametrize("jobs", [0, 2])
def test_an_interrupt_does_not_wait_for_tasks(jobs, toy):
    process = toy.start("--jobs", jobs, "--set", "seconds=600")
    while not toy.ran():
        time.sleep(0.01)
    ctrl_c(process)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not toy.parts()


def test_damaged_parts_are_computed_again(toy):
    assert toy.run(*FEW)[0] == 0
    whole = toy.table()
    cut, flipped, emptied, foreign, alien = toy.parts()[:5]
    cut.write_bytes(cut.read_bytes()[:-10])
    content = bytearray(flipped.read_bytes())
    content[200] ^= 1
    flipped.write_bytes(content)
    emptied.write_bytes(b"")
    foreign.write_bytes(toy.parts()[6].read_bytes())
    alien.write_bytes(b"\x00\xff" * 100)
    toy.forget()
    status, _, errors = toy.run(*FEW)
    assert (status, toy.table()) == (0, whole)
    assert len(toy.ran()) == 5
    assert "5 parts are damaged or of another schema and are computed again" in errors


def test_failing_tasks_do_not_stop_the_others(toy):
    failing = [*FEW, "--set", "fails=7"]
    status, _, errors = toy.run_apart(*failing, "--set", "seconds=0", "--jobs", 2)
    assert status == 1
    assert errors.strip().splitlines()[-1] == (
        "protocols.toy: 1 of 20 tasks failed, the first because: task 7 was told to fail "
        "(--retry-failed runs just these again)"
    )
    table = tables.read(schemas.ERRORS, toy.folder / "out")
    [row] = table.to_dict("records")
    assert (row["task"], row["error"]) == (7, "InputError")
    assert row["message"] == "task 7 was told to fail"
    assert '"number": 7' in row["configuration"]
    assert "in run_task" in row["traceback"]
    assert toy.table().count(b"\n") == 1 + 3 * 19
    # Started again, it remembers; told to, it tries again; mended, it is whole.
    toy.forget()
    assert toy.run(*failing)[0] == 1
    assert toy.ran() == []
    assert toy.run(*failing, "--retry-failed")[0] == 1
    toy.mended.touch()
    assert toy.run(*failing, "--retry-failed")[0] == 0
    assert toy.ran() == [7, 7]
    assert toy.table().count(b"\n") == 1 + 3 * 20
    assert len(tables.read(schemas.ERRORS, toy.folder / "out")) == 0


def test_if_all_tasks_fail_there_is_no_table(toy):
    status, _, errors = toy.run("--set", "number=7", "--set", "fails=7")
    assert status == 1 and "1 of 1 tasks failed" in errors
    assert not (toy.folder / "out" / "toy.csv").exists()
    assert len(tables.read(schemas.ERRORS, toy.folder / "out")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_that_kills_its_process_fails_alone(jobs, toy):
    status, _, errors = toy.run_apart("--set", "dies=30", "--set", "seconds=0", "--jobs", jobs)
    assert status == 1, errors
    [row] = tables.read(schemas.ERRORS, toy.folder / "out").to_dict("records")
    assert (row["task"], row["error"]) == (30, "WorkerDied")
    assert toy.table().count(b"\n") == 1 + 3 * 199
    assert toy.ran().count(30) == 2
    assert len(toy.ran()) <= 200 + jobs


def limit_file_size():
    """What a full disk is to a program: an error in the middle of a write."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))


@pytest.mark.parametrize("jobs", [0, 2])
def test_a_disk_that_is_full_is_one_sentence(jobs, toy):
    large = ["--set", "n_rows=3,500", "--set", "seconds=0"]
    status, _, errors = toy.run_apart(*FEW, *large, "--jobs", jobs, preexec_fn=limit_file_size)
    assert status == 2
    last = errors.strip().splitlines()[-1]
    assert last.startswith("protocols.toy: error: cannot write ")
    assert last.endswith("File too large")
    assert not (toy.folder / "out" / "toy.csv").exists()
    # What fitted is whole, and what did not has left nothing behind.
    assert not list((toy.folder / "out").rglob(".*"))
    toy.forget()
    kept = len(toy.parts())
    assert toy.run(*FEW, *large)[0] == 0
    assert len(toy.ran()) == 40 - kept
    assert toy.table().count(b"\n") == 1 + 20 * 503


@pytest.fixture
def mount():
    """Mounts small file systems; skips where that is not allowed."""
    mounted = []

    def do(folder, *options):
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", *options, "tmpfs", folder], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("file systems can only be mounted by root")
        mounted.append(folder)

    try:
        yield do
    finally:
        for folder in mounted:
            subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full(toy, mount):
    mount(toy.folder / "out", "-o", "size=256k")
    status, _, errors = toy.run(*FEW, "--set", "n_rows=500")
    assert status == 2
    assert errors.strip().splitlines()[-1].endswith("No space left on device")
    assert not (toy.folder / "out" / "toy.csv").exists()


def test_a_folder_that_is_read_only(toy, mount):
    mount(toy.folder / "out", "-o", "ro")
    status, _, errors = toy.run(*FEW)
    assert status == 2
    assert errors.strip().splitlines()[-1].endswith("Read-only file system")
    assert toy.ran() == []


WRITING = """
import os, signal, threading, time
from protocols.sweep.results import _interrupt_put_off

ended = threading.Event()
other = threading.Thread(target=ended.wait)
other.start()
try:
    with _interrupt_put_off():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        print("all is written")
    print("not interrupted")
except KeyboardInterrupt:
    print("then interrupted")
finally:
    ended.set()
    other.join()
"""


def test_an_interrupt_waits_until_tables_are_written():
    """Also one that another thread receives; in a process of its own, since it ends one."""
    done = subprocess.run(
        [sys.executable, "-c", WRITING], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("all is written\nthen interrupted\n", "")


class Interrupted:
    """A task that arrives in a worker with Brian2, and with a Ctrl-C right after it."""

    def __init__(self, task):
        self.task = task

    def __reduce__(self):
        return _with_an_interrupt, (self.task,)


def _with_an_interrupt(task):
    import brian2  # noqa: F401 (its handler of interrupts is what matters)

    signal.raise_signal(signal.SIGINT)
    return task


@pytest.mark.slow
def test_an_interrupt_while_a_worker_imports_is_left_to_the_sweep(tmp_path, capfd):
    task = Task(number=4, seconds=0.0, n_rows=2, fails=-1, dies=-1, backend="numpy")
    work = replace(make_work("toy", run_task, (SCHEMA,), task, {}), task=Interrupted(task))
    store = PartStore(tmp_path, (SCHEMA,))
    [part] = workers.in_processes([work], store, 1)
    assert part.error is None
    assert store.read(work.key).tables["toy"]["number"] == [4, 4]
    assert capfd.readouterr().err == ""
