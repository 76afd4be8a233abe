"""Time, memory and progress: what a sweep says of itself before and while it runs."""

import io
import re
from contextlib import redirect_stderr

import pytest

from brianmem.errors import InputError
from brianmem.terminal import duration
from protocols.sweep import plan, progress
from protocols.sweep.parts import Part
from protocols.sweep.plan import (
    Estimate,
    calibrated,
    check_memory,
    longest_first,
    total_seconds,
)

FEW = ["--set", "number=0,1,2,3", "--set", "seconds=0.01"]


def test_a_dry_run_lists_the_tasks_and_writes_nothing(toy):
    status, output, _ = toy.run(*FEW, "--dry-run", "--jobs", 2)
    assert status == 0
    lines = output.splitlines()
    assert len(lines) == 1 + 4 + 1
    assert lines[1].split()[:5] == ["0", "to", "do", "0.01", "100"]
    assert '"number": 0' in lines[1]
    assert lines[-1] == "4 of 4 tasks to do: about 0 s with 2 processes"
    assert not (toy.folder / "out").exists()
    assert toy.ran() == []


def test_a_dry_run_knows_what_is_done_and_how_long_it_took(toy):
    toy.run("--set", "number=0,1", "--set", "fails=1", "--set", "seconds=0.01")
    few = ["--set", "number=0,1,2", "--set", "fails=1", "--set", "seconds=0.01"]
    _, output, _ = toy.run(*few, "--dry-run")
    states = [re.match(r" *\d+  (to do|done|failed)", x)[1] for x in output.splitlines()[1:-1]]
    assert states == ["done", "failed", "to do"]
    assert output.splitlines()[-1].startswith("1 of 3 tasks to do")


def test_estimates_are_scaled_by_what_was_measured():
    estimates = [Estimate(1.0, 10), Estimate(2.0, 10), Estimate(3.0, 10)]
    assert calibrated(estimates, {}) == estimates
    assert [e.seconds for e in calibrated(estimates, {0: 2.0, 1: 4.0})] == [2.0, 4.0, 6.0]
    assert total_seconds(estimates, 1) == 6.0
    assert total_seconds(estimates, 3) == 3.0
    assert total_seconds([], 2) == 0.0


def test_tasks_that_the_others_would_wait_for_come_first():
    estimates = [Estimate(seconds, 1) for seconds in (1, 2, 30, 1, 4, 60, 2)]
    # A process has 50 s to do, and 5 s are a tenth of it.
    assert longest_first(estimates, 2) == [5, 2, 0, 1, 3, 4, 6]
    alike = [Estimate(1, 1)] * 100
    assert longest_first(alike, 2) == list(range(100))


def test_what_does_not_fit_into_memory_is_said_before_the_start(toy, monkeypatch):
    monkeypatch.setattr(plan, "free_memory_mb", lambda: 250.0)
    check_memory([Estimate(1, 100)] * 5, 2)
    with pytest.raises(InputError, match=r"3 tasks at once need about 0.3 GB .*: use --jobs 2"):
        check_memory([Estimate(1, 100)] * 5, 3)
    with pytest.raises(InputError, match="a single task is too large"):
        check_memory([Estimate(1, 300), Estimate(1, 100)], 2)
    status, _, errors = toy.run(*FEW, "--jobs", 3)
    assert status == 2 and "use --jobs 2" in errors
    assert toy.ran() == []
    status, output, errors = toy.run(*FEW, "--jobs", 3, "--dry-run")
    assert status == 2 and "use --jobs 2" in errors and "4 of 4 tasks to do" in output


def test_free_memory_respects_the_limit_of_a_container(tmp_path, monkeypatch):
    whole = plan.free_memory_mb()
    assert whole > 100
    limit, used = tmp_path / "max", tmp_path / "current"
    limit.write_text(f"{300 * 2**20}\n")
    used.write_text(f"{100 * 2**20}\n")
    monkeypatch.setattr(plan, "_LIMITS", ((limit, used), (tmp_path / "none", tmp_path / "none")))
    assert plan.free_memory_mb() == 200.0
    limit.write_text("max\n")
    assert plan.free_memory_mb() > 200.0


def test_progress_in_plain_lines(monkeypatch):
    clock = iter([0.0, 2.0, 6.0, 8.0, 10.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    with redirect_stderr(stream):
        parts = [Part(str(n), {}) for n in range(4)]
        assert list(progress.with_progress(parts, 4, 2, "toy")) == parts
    assert stream.getvalue().splitlines() == [
        "toy: 2/6 tasks",
        "toy: 4/6 tasks, 0.333 per second, 6 s left",
        "toy: 6/6 tasks, 0.4 per second, 0 s left",
    ]


def test_progress_on_a_terminal_is_a_bar():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with redirect_stderr(stream):
        list(progress.with_progress([Part("a", {})], 1, 1, "toy"))
    assert "2/2" in stream.getvalue() and "toy: 100%" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (3600, "1 h 0 min"), (18600, "5 h 10 min")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text
