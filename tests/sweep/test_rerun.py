"""A table is made again from what its sidecar says."""

import json
import re
import shutil

import pandas as pd
import pytest

from protocols import cli, rerun
from protocols.lowrank.capacity import PROTOCOL as CAPACITY
from protocols.lowrank.recall import PROTOCOL as RECALL

SMALL = [
    *("--set", "network_seed=0", "--set", "n_neurons=20", "--set", "load=0.1,0.2"),
    *("--set", "rule=optimised", "--set", "gamma=auto,1.2", "--set", "duration=2"),
    *("--backend", "numpy", "--jobs", "0"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    assert cli.main(CAPACITY, [*SMALL, "--seed", "3", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def table(made, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "lowrank_capacity.csv"


def run(path):
    return rerun.main([str(path), "--jobs", "0"])


def test_the_same_table_comes_out(table, capsys):
    assert run(table) == 0
    captured = capsys.readouterr()
    assert "the same, byte for byte" in captured.out
    assert "other code" not in captured.err
    assert sorted(p.name for p in table.parent.glob("*.csv")) == [table.name, "timings.csv"]


def test_changed_cells_are_named(table, capsys):
    changed = pd.read_csv(table)
    changed.loc[2, "overlap"] -= 0.25
    changed.loc[[1, 3], "n_spikes"] += 1
    changed.to_csv(table, index=False)
    assert run(table) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        f"  overlap: 1 of {len(changed)} rows, first row 2, largest difference 0.25",
        f"  n_spikes: 2 of {len(changed)} rows, first row 1",
    ]


def test_the_file_that_was_named_is_compared(table, capsys):
    mine = table.with_name("mine.csv")
    changed = pd.read_csv(table)
    changed.loc[2, "n_spikes"] += 1
    changed.to_csv(mine, index=False)
    shutil.copy(table.with_suffix(".json"), mine.with_suffix(".json"))
    assert run(mine) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{mine}: differs",
        f"  n_spikes: 1 of {len(changed)} rows, first row 2",
    ]


EVIL = "ms.__class__.__init__.__globals__['__builtins__']['open']('PLACE', 'w')"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"protocol": "evilmod"}, "there is no protocol 'evilmod'"),
        ({"protocol": "protocols.evilmod"}, "there is no protocol"),
        ({"protocol": "os.path"}, "there is no protocol"),
        ({"protocol": "protocols.sweep.work"}, "there is no protocol"),
        ({"equations": {"parameters": {"x": EVIL}}}, "x = .* is no finite number"),
        ({"equations": {"model": "dv/dt = (drive - v)/tau + __import__('os')/tau : 1"}}, "model"),
        ({"equations": {"reset": "open('PLACE', 'w')"}}, "reset"),
        ({"equations": {"source": "/etc/passwd", "threshold": "v + 1"}}, "threshold"),
        ({"backend": "__import__"}, "unknown backend"),
        ({"blocks": [{"network_seed": [0]}]}, "the grid has no"),
        ({"blocks": [], "tasks": 0}, "no tasks"),
        ({"seed": "0"}, "its seed is '0'"),
    ],
)
def test_nothing_that_a_sidecar_says_is_executed(
    change, message, table, tmp_path, monkeypatch, capsys
):
    (tmp_path / "evilmod.py").write_text("raise SystemExit('executed')")
    monkeypatch.syspath_prepend(tmp_path)
    done = tmp_path / "executed"
    path = table.with_suffix(".json")
    changed = json.dumps(json.loads(path.read_text()) | change)
    path.write_text(changed.replace("PLACE", str(done)))
    assert run(table) == 2
    error = capsys.readouterr().err
    assert re.search(message, error) and len(error.splitlines()) == 1
    assert not done.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"load": ["0.1"]},
        {"load": [0.1, None]},
        {"n_neurons": [20.5]},
        {"n_neurons": [10**30]},
        {"rule": [3]},
        {"gamma": [True]},
        {"n_flips": []},
        {"kappa": [1e300]},
    ],
)
def test_odd_values_of_a_grid_are_one_sentence(change, table, capsys):
    path = table.with_suffix(".json")
    made = json.loads(path.read_text())
    made["blocks"] = [block | change for block in made["blocks"]]
    path.write_text(json.dumps(made))
    assert run(table) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "/", "x" * 5000, "a.txt", "a\nb.csv"])
def test_what_is_no_table_is_one_sentence(name, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(name) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 2


def test_other_versions_are_named(table, capsys):
    path = table.with_suffix(".json")
    sidecar = json.loads(path.read_text())
    sidecar["code"] = "0" * 16
    sidecar["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(sidecar))
    assert run(table) == 0
    error = capsys.readouterr().err
    assert "made by other code or libraries: numpy 1.0 then, " in error


def test_edited_equations_are_part_of_the_sidecar(tmp_path, capsys):
    path = tmp_path / "model.toml"
    path.write_text('refractory = "0.01*tau"\n')
    few = ["--set", "load=0.1", "--set", "gamma=auto", "--set", "n_tested=1", "--set", "n_flips=1"]
    assert cli.main(CAPACITY, [*SMALL, *few, "--equations", str(path), "--out", str(tmp_path)]) == 0
    path.unlink()
    capsys.readouterr()
    assert run(tmp_path / "lowrank_capacity.csv") == 0
    assert "the same, byte for byte" in capsys.readouterr().out


@pytest.mark.slow
def test_a_table_with_details_is_made_again(tmp_path, capsys):
    small = ["--set", "network_seed=0,1,2,3", "--set", "rule=optimised", "--set", "dt=0,0.02"]
    short = ["--set", "duration=1", "--backend", "numpy", "--jobs", "0"]
    assert cli.main(RECALL, [*small, *short, "--out", str(tmp_path)]) == 0
    assert run(tmp_path / "lowrank_recall_traces.csv") == 0
    assert run(tmp_path / "lowrank_recall.csv") == 0


def test_what_cannot_be_made_again_is_said(table, tmp_path, capsys):
    for path, message in (
        (tmp_path / "none.csv", "has no sidecar that can be read"),
        (tmp_path / "timings.csv", "was not made by a protocol"),
    ):
        assert run(path) == 2
        assert message in capsys.readouterr().err
    sidecar = json.loads(table.with_suffix(".json").read_text())
    table.with_suffix(".json").write_text(json.dumps(sidecar | {"protocol": "protocols.gone"}))
    assert run(table) == 2
    assert "there is no protocol 'protocols.gone'" in capsys.readouterr().err
    table.with_suffix(".json").write_text("{")
    assert run(table) == 2
    assert "is no JSON" in capsys.readouterr().err


def test_other_input_files_are_refused(tmp_path, capsys):
    """What a sidecar says of digits that have been exchanged."""
    import numpy as np

    from protocols.lowrank.digits import PROTOCOL as DIGITS

    images = np.zeros((10, 28, 28), np.uint8)
    for label in range(10):
        images[label, label : label + 5, 3 : 20 + label] = 255
    path = tmp_path / "digits.npz"
    np.savez(path, images=images, labels=np.arange(10))
    options = ["--digits", str(path), "--set", "rule=hebbian", "--set", "duration=0.1"]
    options += ["--set", "n_digits=10", "--set", "network_seed=0"]
    assert cli.main(DIGITS, [*options, "--jobs", "0", "--out", str(tmp_path)]) == 0
    images[3, 20] = 255
    np.savez(path, images=images, labels=np.arange(10))
    assert run(tmp_path / "lowrank_digits.csv") == 2
    assert "digits.npz is not the file that the table was made from" in capsys.readouterr().err


def test_differences_of_length_and_of_empty_cells():
    before = pd.DataFrame({"a": [1.0, None, 3.0], "b": ["x", "y", "z"]})
    assert rerun.differences(before, before[:2]) == ["3 rows before, 2 now"]
    after = before.assign(a=[1.0, 2.0, 3.5])
    assert rerun.differences(before, after) == [
        "a: 2 of 3 rows, first row 1, largest difference 0.5"
    ]
    assert rerun.differences(before, before) == ["the same values, written differently"]
