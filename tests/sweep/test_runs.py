"""Each run has its place, none replaces another in silence, and all are listed."""

import json
import re
from pathlib import Path

import pytest

from brianmem.__main__ import main
from protocols import cli
from protocols.lowrank.capacity import PROTOCOL

SMALL = [
    *("--set", "network_seed=0", "--set", "n_neurons=20", "--set", "rule=optimised"),
    *("--set", "duration=2", "--set", "n_tested=1", "--set", "n_flips=1", "--set", "gamma=auto"),
    *("--set", "correlation=0", "--set", "kappa=2", "--backend", "numpy", "--jobs", "0"),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*options):
    return cli.main(PROTOCOL, [*SMALL, *options])


def tables_in(folder):
    return sorted(folder.rglob("lowrank_capacity.csv"))


def test_runs_with_other_settings_have_other_places(here, capsys):
    assert run("--set", "load=.2") == 0
    assert run("--set", "load=.4") == 0
    [a, b] = tables_in(here)
    names = [path.relative_to(here).parts for path in (a, b)]
    assert {parts[:2] for parts in names} == {("results", "runs")}
    assert all(re.fullmatch(r"lowrank\.capacity-[\w.=,-]+-[0-9a-f]{6}", n[2]) for n in names)
    for again in ("load= .2", "load=0.2", "load = 2e-1"):
        assert run("--set", again) == 0
        assert tables_in(here) == [a, b]
    (here / "adapting.toml").write_text("[parameters]\nx = 1\n")
    assert run("--set", "load=.2", "--seed", "3", "--equations", "adapting.toml") == 0
    [added] = set(tables_in(here)) - {a, b}
    assert "seed=3-equations=adapting" in added.parts[-3] or len(added.parts[-3]) > 60


def test_a_table_of_another_run_is_not_replaced(here, capsys):
    out = ["--out", "mine"]
    assert run("--set", "load=.2", *out) == 0
    [table] = tables_in(here)
    before = table.read_bytes()
    for options in (["--set", "load=.4"], ["--set", "load=.2", "--seed", "1"]):
        assert run(*options, *out) == 2
        assert "is the table of another run, with " in capsys.readouterr().err
    assert table.read_bytes() == before
    assert run("--set", "load=.2", *out) == 0
    table.with_suffix(".json").unlink()
    assert run("--set", "load=.2", *out) == 2
    assert "has no sidecar" in capsys.readouterr().err
    table.unlink()
    assert run("--set", "load=.4", *out) == 0


def test_a_grid_may_grow_in_its_place(here, capsys):
    out = ["--out", "mine"]
    assert run("--set", "load=.2", *out) == 0
    [table] = tables_in(here)
    small = table.read_text().splitlines()
    (here / "other.toml").write_text("[parameters]\nx = 1\n")
    assert run("--set", "load=.4,.2", "--equations", "other.toml", *out) == 2
    assert "with equations none where this one has" in capsys.readouterr().err
    assert run("--set", "load=.4,.2", *out) == 0
    grown = table.read_text().splitlines()
    assert set(small) < set(grown)
    assert run("--set", "load=.2", *out) == 2
    assert table.read_text().splitlines() == grown


def test_what_is_refused_leaves_nothing(here, capsys):
    for options in (
        ["--merge", "nowhere"],
        ["--merge"],
        ["--set", "load=inf"],
        ["--set", "load=1e308"],
        ["--set", "load=nan"],
        ["--set", "n_neurons=1" + 400 * "0"],
        ["--set", "n_neurons=1" + 5000 * "0"],
        ["--set", "n_neurons=4e3"],
        ["--set", "n_neurons=1000000000"],
        ["--set", "kappa=1e300"],
        ["--set", "network_seed=-1"],
        ["--seed", "9" * 30],
        ["--set", "rule="],
        ["--set", "gamma=,"],
        ["--scheduler", "tcp://127.0.0.1:9"],
        ["--scheduler", "nonsense"],
        ["--equations", "none.toml"],
    ):
        assert run(*options, "--out", "out") == 2
        error = capsys.readouterr().err
        assert "Traceback" not in error and len(error.splitlines()) <= 4
    assert [*here.iterdir()] == []


def test_spaces_after_commas_are_no_part_of_values(here):
    assert run("--set", "load=0.1, 0.2", "--out", "a") == 0
    assert run("--set", "load=0.1,0.2", "--out", "b") == 0
    a, b = tables_in(here)
    assert a.read_bytes() == b.read_bytes()


def test_runs_are_listed_shown_and_compared(here, capsys):
    for load in ("0.1", "0.2"):
        assert run("--set", f"load={load}") == 0
    [a, b] = tables_in(here)
    (here / "results" / "broken.csv").write_text("x")
    (here / "results" / "broken.json").write_text("{")
    capsys.readouterr()
    assert main(["list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["protocol", "grid", "changes", "rows", "failed"]
    assert [Path(row.split()[-1]) for row in rows] == [p.relative_to(here) for p in (a, b)]
    assert all(" lowrank.capacity" in f" {row}" and "load=0." in row for row in rows)

    assert main(["show", str(a)]) == 0
    shown = capsys.readouterr().out
    made = json.loads(a.with_suffix(".json").read_text())
    for text in (f"rows +{made['n_rows']}", r"load +0\.\d", r"mean overlap +0\.\d", "numpy +2"):
        assert re.search(text, shown)

    assert main(["compare", str(a), str(b)]) == 0
    compared = capsys.readouterr().out
    assert re.search(r"load +\[0\.\d\] +\[0\.\d\]", compared)
    assert re.search(r"mean overlap +\S+ +\S+", compared)
    named = {line.partition(" ")[0] for line in compared.splitlines()[3:]}
    assert "load" in named and not {"n_neurons", "numpy", "settings"} & named

    for command in (["list", "none"], ["show", "none.csv"], ["compare", str(a), "b"]):
        assert main(command) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
