"""Drawing what there is, of whatever tables: pictures or sentences."""

import pandas as pd
import pytest

from brianmem import schemas
from figures.__main__ import FIGURES, draw_all, main
from tests.analysis.folder import MAIN, write


def pictures(folder):
    return sorted(path.stem for path in folder.glob("*.png"))


@pytest.fixture
def few(tmp_path):
    """A folder with one table."""
    folder = tmp_path / "tables"
    folder.mkdir()
    write(folder, {schemas.LOWRANK_CAPACITY: MAIN[schemas.LOWRANK_CAPACITY]})
    return folder


@pytest.fixture
def three(monkeypatch):
    """As if there were no other figures: each takes a second."""
    names = {"lowrank_capacity", "lowrank_digits", "delay_recall"}
    for name in set(FIGURES) - names:
        monkeypatch.delitem(FIGURES, name)


def test_what_there_is_is_drawn_and_the_rest_named(few, three, tmp_path, capsys):
    out = tmp_path / "pictures"
    assert main(["all", "--tables", str(few), "--out", str(out)]) == 0
    assert pictures(out) == ["lowrank_capacity"]
    told = capsys.readouterr().err
    assert "delay_recall is not drawn: " in told and "delay_recall.csv is missing" in told
    assert len(told.splitlines()) == 2


def test_nothing_to_draw_is_one_sentence(three, tmp_path, capsys):
    (tmp_path / "tables").mkdir()
    out = tmp_path / "pictures"
    assert main(["all", "--tables", str(tmp_path / "tables"), "--out", str(out)]) == 2
    assert "no figure could be drawn" in capsys.readouterr().err.splitlines()[-1]
    assert not out.exists()


def without_sidecar(folder, name, rows):
    """Some rows of a table, as pandas writes them."""
    path = folder / f"{name}.csv"
    table = pd.read_csv(path)
    rows(table).to_csv(path, index=False)
    path.with_suffix(".json").unlink()


def test_some_rows_of_a_table_give_a_figure_or_a_sentence(few, three, tmp_path, capsys):
    without_sidecar(few, "lowrank_capacity", lambda table: table.iloc[:1])
    missing = draw_all(few, tmp_path / "pictures")
    assert len(missing) + len(pictures(tmp_path / "pictures")) == len(FIGURES)
    assert "lowrank_capacity.csv has no sidecar" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "rows", [lambda t: t.iloc[:1], lambda t: t.iloc[::7], lambda t: t.iloc[:0]]
)
def test_some_rows_of_every_table_give_figures_or_sentences(rows, folder, tmp_path):
    for path in sorted(folder.glob("*.csv")):
        for suffix in (".csv", ".json"):
            target = (tmp_path / path.name).with_suffix(suffix)
            target.write_bytes(path.with_suffix(suffix).read_bytes())
        without_sidecar(tmp_path, path.stem, rows)
    missing = draw_all(tmp_path, tmp_path / "pictures")
    assert len(missing) + len(pictures(tmp_path / "pictures")) == len(FIGURES)
