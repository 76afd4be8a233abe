"""What a sweep says while its tasks are computed, whoever computes them."""

import io
import re
import time
from contextlib import redirect_stderr

import pytest

from brianmem.progress import report
from protocols.sweep import progress, running
from protocols.sweep.parts import Part


@pytest.fixture
def impatient(monkeypatch):
    """Looks at tasks and says so at short intervals."""
    monkeypatch.setattr(progress, "TICK", 0.02)
    monkeypatch.setattr(progress, "INTERVAL", 0.05)
    monkeypatch.setattr(progress, "PATIENCE", 0.05)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_lines_tell_how_far_a_task_is(jobs, toy, impatient):
    """Of five steps in a second the third is the first to be heard."""
    few = ["--set", f"number={'0,1' if jobs == 2 else '0'}", "--set", "seconds=1"]
    status, _, errors = toy.run(*few, "--jobs", jobs)
    assert status == 0
    lines = errors.splitlines()
    total = 2 if jobs == 2 else 1
    assert lines[0] == f"toy: 0/{total} tasks"
    assert lines[-1].startswith(f"toy: {total}/{total} tasks, ")
    # On a machine that is busy a step may take longer, and an earlier one is heard.
    heard = r"toy: [01]/\d tasks, \d s since the (start|last); now at (\d0 %)(, \d0 %)?"
    assert any(re.fullmatch(heard, line) for line in lines[1:-1]), errors
    # A task that has reported nothing yet shows that time passes.
    assert re.fullmatch(r"toy: 0/\d tasks, \d s since the start", lines[1])


def slow(seconds):
    """Parts of which the second takes time and says nothing, as on a cluster."""
    yield Part("a", {})
    time.sleep(seconds)
    yield Part("b", {})


def test_time_passes_without_any_report(impatient):
    stream = io.StringIO()
    with redirect_stderr(stream):
        list(progress.with_progress(slow(0.2), 2, 3, "toy"))
    lines = stream.getvalue().splitlines()
    assert lines[0] == "toy: 3/5 tasks" and lines[-1].startswith("toy: 5/5 tasks, ")
    assert "toy: 4/5 tasks, 0 s since the last" in lines[1:-1]


def test_while_tasks_end_their_rate_is_told(monkeypatch):
    now, said = [0.0], []
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "say", said.append)
    lines = progress._Lines(10, 0, "toy")
    for now[0] in (4.0, 6.0, 8.5):
        lines.wait()
        lines.count()
    assert said == [
        "toy: 0/10 tasks",
        "toy: 2/10 tasks, 0.333 per second, 24 s left",
    ]
    now[0] = 13.0
    lines.wait()
    assert said[2:] == ["toy: 3/10 tasks, 4 s since the last"]


def test_a_terminal_shows_it_behind_the_bar(impatient, tmp_path):
    stream = Terminal()
    with redirect_stderr(stream), running.watched() as folder:
        (folder / "b").write_text("0.410")
        list(progress.with_progress(slow(0.2), 2, 3, "toy"))
    drawn = stream.getvalue().split("\r")
    assert any("4/5" in text and "0 s since the last; now at 41 %" in text for text in drawn)
    assert "5/5" in drawn[-1] and "since" not in drawn[-1]


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_sweeps_of_no_time_say_no_more_than_counts(stream):
    stream = stream()
    with redirect_stderr(stream):
        list(progress.with_progress([Part("a", {})], 1, 0, "toy"))
    assert "since" not in stream.getvalue()
    assert stream.getvalue().count("\n") <= 2


def test_who_reads_nothing_is_noticed_where_parts_come(impatient):
    """A line that cannot be written while nothing comes ends no sweep by itself."""

    class Gone(io.StringIO):
        gone = False

        def write(self, text):
            if self.gone:
                raise BrokenPipeError
            return super().write(text)

    stream, got = Gone(), []

    def parts():
        yield Part("a", {})
        stream.gone = True
        time.sleep(0.2)
        yield Part("b", {})

    with redirect_stderr(stream), pytest.raises(BrokenPipeError):
        for part in progress.with_progress(parts(), 2, 0, "toy"):
            got.append(part.key)
    assert got == ["a"]


def test_a_task_is_heard_twice_a_second_at_most(tmp_path, monkeypatch):
    clock = iter([0.0, 0.4, 0.6, 1.0, 1.2, 1.3])
    monkeypatch.setattr(running.time, "monotonic", lambda: next(clock))
    file = tmp_path / "task"
    written = []
    with running.begun(file):
        for done in range(1, 6):
            report(done, 5)
            written.append(file.read_text())
    assert written == ["", "0.400", "0.400", "0.800", ""]
    report(1, 2)  # to nobody
    assert file.read_text() == ""


def test_only_tasks_that_tell_have_shares():
    assert running.shares() == []
    with running.watched() as folder:
        for name, text in {"a": "0.770", "b": "", "c": "0.410", "d": "0.0x"}.items():
            (folder / name).write_text(text)
        assert running.shares() == [0.41, 0.77]
        assert progress._wait(12, 3) == "12 s since the last; now at 41 %, 77 %"
        for name in "efg":
            (folder / name).write_text("0.5")
        assert progress._wait(200, 0) == "3 min 20 s since the start; 5 tasks at 41 % to 77 %"
        with running.watched():
            assert progress._wait(12, 3) == "12 s since the last"
        assert len(running.shares()) == 5
    assert running.shares() == []


def test_a_report_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "PAUSE", 0.0)
    folder = tmp_path / "gone"
    folder.mkdir()
    with running.begun(folder / "task"):
        (folder / "task").unlink()
        folder.rmdir()
        report(1, 2)
