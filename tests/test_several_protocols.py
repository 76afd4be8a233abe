"""python -m protocols: several in one process, as their own commands would run them."""

from dataclasses import replace
from pathlib import Path

import pytest

from brianmem.errors import InputError
from protocols import __main__ as several
from protocols import cli
from protocols.delay.recall import PROTOCOL as DELAY
from protocols.lowrank.recall import PROTOCOL as LOWRANK

DELAY_GRID = {"n_neurons": (40,), "n_delays": (8,), "n_steps": (60,), "n_patterns": (2,)}
DELAY_GRID |= {"learner": ("hebbian", "margin"), "seed": (0, 1)}
LOWRANK_GRID = {"rule": ("hebbian",), "network_seed": (0, 1), "duration": (2.0,), "dt": ((0.0,),)}


def small(protocol, changes):
    block = protocol.grids["smoke"]
    block = dict(block if isinstance(block, dict) else block[0])
    # A field of which a task takes all values has its values in one tuple.
    changes = {name: value for name, value in changes.items() if name in block}
    return replace(protocol, grids={"smoke": block | changes, "paper": block})


SMALL = [small(DELAY, DELAY_GRID), small(LOWRANK, LOWRANK_GRID | {"dt": (0.0, 0.02)})]


def arguments(folder, *more):
    parser = several.parser()
    words = ["all", "--backend", "numpy", "--jobs", "0", "--out", str(folder), *more]
    return parser.parse_args(words)


def contents(folder):
    return {p.name: p.read_text() for p in folder.glob("*.csv") if p.name != "timings.csv"}


def test_tables_are_those_of_the_single_commands(tmp_path):
    assert several.run(SMALL, arguments(tmp_path / "together")) == 0
    for protocol in SMALL:
        alone = ["--backend", "numpy", "--jobs", "0", "--out", str(tmp_path / "alone")]
        assert cli.main(protocol, alone) == 0
    assert contents(tmp_path / "together") == contents(tmp_path / "alone")
    assert len(contents(tmp_path / "alone")) > 5


def test_one_that_fails_does_not_hinder_others(tmp_path, capsys):
    def refuse(task):
        raise InputError("there is a reason")

    broken = replace(SMALL[0], check_task=refuse)
    assert several.run([broken, SMALL[1]], arguments(tmp_path)) == 2
    assert f"protocols.{DELAY.name}: error: there is a reason\n" in capsys.readouterr().err
    assert (tmp_path / "lowrank_recall.csv").exists()
    assert not (tmp_path / "delay_recall.csv").exists()


def test_a_bug_does_not_hinder_others_and_shows_its_traceback(tmp_path, capsys):
    def fail(task):
        raise ZeroDivisionError("a bug")

    broken = replace(SMALL[0], check_task=fail)
    assert several.run([broken, SMALL[1]], arguments(tmp_path)) == 1
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err
    assert (tmp_path / "lowrank_recall.csv").exists()


def test_an_interrupt_ends_all(tmp_path):
    def interrupt(task):
        raise KeyboardInterrupt("3 of 4 tasks are done")

    broken = replace(SMALL[0], check_task=interrupt)
    with pytest.raises(KeyboardInterrupt, match=r"protocols\.delay\.recall: 3 of 4"):
        several.run([broken, SMALL[1]], arguments(tmp_path))
    assert not contents(tmp_path)


def test_unknown_names_are_refused(capsys):
    with pytest.raises(SystemExit):
        several.main(["lowrank.recall", "nothing"])
    assert "'nothing'" in capsys.readouterr().err


def test_every_protocol_is_known():
    folder = Path(several.__file__).parent
    found = {
        f"{path.parent.name}.{path.stem}"
        for path in folder.glob("*/*.py")
        if "\nPROTOCOL = " in path.read_text()
    }
    assert set(several.PROTOCOLS) == found
    for name in several.PROTOCOLS:
        assert several._protocol(name).name == name
