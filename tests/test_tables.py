import json
import runpy
from pathlib import Path

import pandas as pd
import pytest

from brianmem import tables
from brianmem.errors import InputError
from brianmem.tables import Column, Schema

SCHEMA = Schema(
    "example",
    (
        Column("rule", str, "", "a name", one_of=("hebbian", "optimised")),
        Column("n_neurons", int, "", "a number"),
        Column("time", float, "tau", "a time", least=0),
        Column("active", bool, "", "a flag"),
        Column("first", int, "", "a number or nothing", optional=True),
    ),
)
ROWS = [
    {"rule": "hebbian", "n_neurons": 20, "time": 0.1, "active": True, "first": 3},
    {"rule": "optimised", "n_neurons": 20, "time": 1 / 3, "active": False, "first": None},
]


def test_what_is_written_is_read(tmp_path):
    table = tables.from_rows(SCHEMA, ROWS)
    path = tables.write(table, SCHEMA, tmp_path, {"seed": 0})
    pd.testing.assert_frame_equal(tables.read(SCHEMA, tmp_path), table)
    assert path.read_text().splitlines()[1:] == [
        "hebbian,20,0.1,True,3",
        "optimised,20,0.3333333333333333,False,",
    ]
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["n_rows"] == 2 and sidecar["seed"] == 0
    assert sidecar["schema_version"] == tables.SCHEMA_VERSION
    assert sidecar["columns"][2] == {
        "name": "time",
        "type": "float",
        "unit": "tau",
        "meaning": "a time",
        "optional": False,
        "one_of": [],
        "least": 0,
        "most": None,
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["example.csv", "example.json"]


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    tables.write(tables.from_rows(SCHEMA, []), SCHEMA, tmp_path, {})
    assert list(tables.read(SCHEMA, tmp_path)) == [c.name for c in SCHEMA.columns]


def test_tables_that_do_not_fit_are_refused(tmp_path):
    table = tables.from_rows(SCHEMA, ROWS)
    with pytest.raises(InputError, match="time"):
        tables.write(table.drop(columns="time"), SCHEMA, tmp_path, {})
    with pytest.raises(InputError, match="n_neurons is not int"):
        tables.write(table.assign(n_neurons=[0.5, 1]), SCHEMA, tmp_path, {})
    with pytest.raises(InputError, match="time has empty cells"):
        tables.write(table.assign(time=[None, 1.0]), SCHEMA, tmp_path, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("rule", ["hebbian", "hopfield"], "rule is hopfield in row 1; allowed: hebbian, optimised"),
        ("time", [0.5, -1e-6], "time is -1e-06 in row 1; allowed: at least 0"),
    ],
)
def test_values_that_are_not_allowed_are_refused_in_writing_and_reading(
    column, values, message, tmp_path
):
    table = tables.from_rows(SCHEMA, ROWS)
    tables.write(table, SCHEMA, tmp_path, {})
    wrong = table.assign(**{column: values})
    with pytest.raises(InputError, match=message):
        tables.write(wrong, SCHEMA, tmp_path, {})
    wrong.to_csv(tmp_path / "example.csv", index=False)
    with pytest.raises(InputError, match=message):
        tables.read(SCHEMA, tmp_path)


def test_rounding_is_not_refused():
    cosine = Column("cosine", float, "", "a cosine", least=-1, most=1)
    cosine.check(pd.Series([1 + 4e-16, -1 - 4e-16]), "here")
    assert cosine.allowed == "-1 to 1"
    with pytest.raises(InputError, match=r"cosine is 1.01 in row 0; allowed: -1 to 1"):
        cosine.check(pd.Series([1.01]), "here")


def test_missing_damaged_and_unwritable_files(tmp_path):
    with pytest.raises(InputError, match="missing"):
        tables.read(SCHEMA, tmp_path)
    (tmp_path / "example.csv").write_text("rule,n_neurons\nhebbian,x\n")
    with pytest.raises(InputError, match=r"cannot read|no example table"):
        tables.read(SCHEMA, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        tables.make_folder(tmp_path / "file" / "folder")
    with pytest.raises(InputError, match="cannot write"):
        tables.write(tables.from_rows(SCHEMA, ROWS), SCHEMA, tmp_path / "none", {})


def test_a_failed_write_leaves_the_old_table(tmp_path, monkeypatch):
    old = tables.write(tables.from_rows(SCHEMA, ROWS), SCHEMA, tmp_path, {}).read_text()

    def full_disk(self, *arguments, **options):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full_disk)
    with pytest.raises(InputError, match="No space left"):
        tables.write(tables.from_rows(SCHEMA, ROWS[:1]), SCHEMA, tmp_path, {})
    assert (tmp_path / "example.csv").read_text() == old
    assert len(list(tmp_path.iterdir())) == 2


def test_the_page_of_columns_is_up_to_date():
    docs = Path(__file__).parent.parent / "docs"
    assert runpy.run_path(docs / "tables.py")["text"]() == (docs / "tables.md").read_text()
