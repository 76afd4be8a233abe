"""Whatever the machine around a command is like: it runs, or says in one sentence why not."""

import os
import pwd
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from brianmem import environment
from brianmem.__main__ import main
from brianmem.compiled import cache

ROOT = Path(__file__).parents[1]
TINY = [
    *("--set", "network_seed=0", "--set", "n_neurons=20", "--set", "rule=optimised"),
    *("--set", "duration=1", "--set", "n_tested=1", "--set", "n_flips=1", "--set", "gamma=auto"),
    *("--set", "correlation=0", "--set", "kappa=2", "--set", "load=0.1", "--jobs", "0"),
]
CAPACITY = ["-m", "protocols.lowrank.capacity", *TINY]


def run(arguments, cwd, shell=False, **environment):
    """A command of this Python, with further variables; those that are None are taken away."""
    variables = {k: v for k, v in (os.environ | environment).items() if v is not None}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """The table of a network on an ordinary machine."""
    folder = tmp_path_factory.mktemp("usual")
    done = run([*CAPACITY, "--backend", "numpy", "--out", "."], folder)
    assert done.returncode == 0, done.stderr
    return (folder / "lowrank_capacity.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("brian_preferences", "core.default_float_dtype = float32\n"),
        ("brian_preferences", "codegen.cpp.extra_compile_args = ['-Ofast']\n"),
        ("brian_preferences", "codegen.target = 'cython'\nlegacy.refractory_timing = True\n"),
        ("matplotlibrc", "text.usetex: True\nbackend: nonsense\n"),
    ],
)
def test_files_of_other_programs_change_no_number(name, text, usual, tmp_path):
    (tmp_path / name).write_text(text)
    done = run([*CAPACITY, "--backend", "numpy", "--out", "."], tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lowrank_capacity.csv").read_bytes() == usual


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
        {"MPLBACKEND": "nonsense"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": None, "XDG_CACHE_HOME": None},
        {"HOME": "/proc/none", "XDG_CACHE_HOME": None, "MPLCONFIGDIR": None},
        {"CXX": "/nope"},
    ],
)
def test_odd_variables_change_no_number(variables, usual, tmp_path):
    done = run([*CAPACITY, "--backend", "numpy", "--out", "."], tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lowrank_capacity.csv").read_bytes() == usual


@pytest.mark.slow
@pytest.mark.parametrize(
    "start",
    [
        [ROOT / "protocols/lowrank/capacity.py", *TINY],
        ["-m", "cProfile", "-o", "profile", *CAPACITY],
        [
            "-c",
            "import sys, threading, protocols.lowrank.capacity as p\n"
            "from protocols import cli\n"
            "run = lambda: status.append(cli.main(p.PROTOCOL, sys.argv[1:]))\n"
            "status = []; thread = threading.Thread(target=run); thread.start(); thread.join()\n"
            "sys.exit(status[0])",
            *TINY,
        ],
    ],
    ids=["file", "profiler", "thread"],
)
def test_every_way_to_start_a_protocol(start, usual, tmp_path):
    done = run([*start, "--backend", "numpy", "--out", "."], tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lowrank_capacity.csv").read_bytes() == usual


def redirected(text, cwd, command):
    """Status and standard error of a command of the shell's."""
    line = f'exec "$0" {command} {text}'
    done = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable], cwd=cwd, capture_output=True, text=True
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("text", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(text, tmp_path):
    """No file that is opened takes their place."""
    command = "-m brianmem list results"
    (tmp_path / "results").mkdir()
    status, error = redirected(text, tmp_path, command)
    assert status == 2
    assert "Traceback" not in error


def test_a_full_disk_is_one_sentence(tmp_path):
    status, error = redirected("> /dev/full", ROOT, "-m brianmem doctor --json")
    assert (status, error) == (2, "brianmem: error: No space left on device\n")
    status, _ = redirected("2> /dev/full", tmp_path, "-m brianmem list")
    assert status == 2


def test_signals_are_handled_in_the_main_thread_only(capsys):
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(main(["list", "nowhere"])))
    thread.start()
    thread.join()
    assert statuses == [2]
    assert "nowhere holds no table" in capsys.readouterr().err


def test_without_a_home_compiled_files_live_as_long_as_the_process(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)

    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    made = []
    for _ in range(2):
        path = cache.kept("kind", "name", lambda path: made.append(path.write_text("content")))
    assert path.read_text() == "content"
    assert Path(environment.scratch()) in path.parents and len(made) == 1


def test_folders_in_which_nothing_runs_are_told(tmp_path, monkeypatch):
    assert environment.runs_programs(tmp_path)

    def denied(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(subprocess, "run", denied)
    assert not environment.runs_programs(tmp_path)
    assert [*tmp_path.iterdir()] == []
