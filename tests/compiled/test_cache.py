"""Compiled files that are kept: one for all processes, whole, and nobody else's."""

import os
import subprocess
import sys
import time

import pytest

from brianmem.compiled import cache


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "brianmem"


def test_a_file_is_made_once(folder):
    made = []

    def make(path):
        made.append(path)
        path.write_text("content")

    for _ in range(2):
        path = cache.kept("kind", "name", make)
        assert path == folder / "kind" / "name"
        assert path.read_text() == "content"
    assert len(made) == 1
    # No lock, and nothing unfinished.
    assert sorted(folder.rglob("*")) == [folder / "kind", path, folder / "kind" / "name.sum"]


def spoiled_by_rights(path):
    path.write_text("theirs")
    path.chmod(0o777)


def spoiled_by_another_of_ours(path):
    """Whoever can write to the folder can rename what is in it."""
    other = cache.kept("kind", "other", lambda path: path.write_text("another"))
    other.replace(path)


def spoiled_with_its_sum(path):
    other = cache.kept("kind", "other", lambda path: path.write_text("another"))
    other.with_name("other.sum").replace(path.with_name("name.sum"))
    other.replace(path)


@pytest.mark.parametrize(
    "spoil",
    [
        spoiled_by_rights,
        spoiled_by_another_of_ours,
        spoiled_with_its_sum,
        lambda path: path.write_text("our"),
        lambda path: path.write_text(""),
        lambda path: path.with_name("name.sum").unlink(),
        lambda path: path.with_name("name.sum").chmod(0o666),
    ],
)
def test_what_others_may_have_written_or_is_damaged_is_made_again(spoil):
    path = cache.kept("kind", "name", lambda path: path.write_text("ours"))
    spoil(path)
    assert cache.kept("kind", "name", lambda path: path.write_text("ours")) == path
    assert path.read_text() == "ours"
    assert not path.stat().st_mode & 0o022


def test_a_cache_that_cannot_be_written_costs_no_more_than_time(folder):
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    path = cache.kept("kind", "name", lambda path: path.write_text("content"))
    assert folder not in path.parents
    assert path.read_text() == "content"


def test_nothing_is_kept_of_what_failed(folder):
    def fail(path):
        path.write_text("half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.kept("kind", "name", fail)
    assert [*folder.rglob("*")] == [folder / "kind"]


def test_parts_of_a_name_do_not_run_together():
    names = {cache.digest("ab", "c"), cache.digest("a", "bc"), cache.digest("abc")}
    assert len(names) == 3
    assert cache.digest("ab", b"c") in names


MAKE = """
import sys, time
from pathlib import Path
from brianmem.compiled import cache

def make(path):
    with open(sys.argv[1], "a") as log:
        log.write("made\\n")
    path.write_text("half")
    time.sleep(0.3)
    path.write_text("whole")

print(cache.kept("kind", "name", make).read_text())
"""


def test_of_eight_processes_one_makes_it(tmp_path):
    log = tmp_path / "log"
    command = [sys.executable, "-c", MAKE, str(log)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    assert {process.communicate()[0] for process in processes} == {"whole\n"}
    assert log.read_text() == "made\n"


def test_one_that_is_killed_leaves_the_others_to_it(tmp_path, folder):
    log = tmp_path / "log"
    command = [sys.executable, "-c", MAKE.replace("0.3", "60"), str(log)]
    with subprocess.Popen(command, env=os.environ) as process:
        while not log.exists():
            time.sleep(0.01)
        process.kill()
    path = cache.kept("kind", "name", lambda path: path.write_text("whole"))
    assert path.read_text() == "whole"
