import json
import re
import runpy
import subprocess
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
    (tmp_path / "example.json").unlink()
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

    monkeypatch.setattr("pathlib.Path.write_bytes", full_disk)
    with pytest.raises(InputError, match="No space left"):
        tables.write(tables.from_rows(SCHEMA, ROWS[:1]), SCHEMA, tmp_path, {})
    assert (tmp_path / "example.csv").read_text() == old
    assert len(list(tmp_path.iterdir())) == 2


def test_a_table_that_was_changed_is_refused_and_without_its_sidecar_taken(tmp_path, capsys):
    table = tables.from_rows(SCHEMA, ROWS)
    path = tables.write(table, SCHEMA, tmp_path, {})
    tables.read(SCHEMA, tmp_path)
    assert capsys.readouterr().err == ""
    path.write_bytes(path.read_bytes().rpartition(b"optimised")[0])
    with pytest.raises(
        InputError, match=r"make it again, or delete example\.json to have it taken"
    ):
        tables.read(SCHEMA, tmp_path)
    assert len(tables.read_as_it_is(SCHEMA, path)) == 1
    path.with_suffix(".json").unlink()
    assert len(tables.read(SCHEMA, tmp_path)) == 1
    assert "example.csv has no sidecar and is taken as it is" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("rule;n_neurons;time;active;first\n", "separated by semicolons"),
        (f"rule,n_neurons,time,active,first\nhebbian,{24 * '9'},1,True,\n", "cannot read"),
        ("rule,n_neurons,time,active,first\nhebbian,1,1,maybe,\n", "cannot read"),
        ("rule,n_neurons,time,active,first\n" + "x," * 9 + "\n", "cannot read"),
        ("rule,rule,n_neurons,time,active,first\n", r"differs in rule\.1$"),
        ("a,b,c,d,e,f\n", "differs in a, active, b, c, d and 6 more"),
        ("", "cannot read"),
        ("\x00\x01", "no example table"),
    ],
)
def test_other_csv_files_are_refused_in_one_sentence(content, message, tmp_path):
    (tmp_path / "example.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        tables.read(SCHEMA, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "3", "null", "{", '"text"', "[" * 5000, b"\xff\xfe".decode("latin1")),
        *('{"n_rows": "2"}', '{"n_rows": true}', '{"blocks": {}}', '{"blocks": [1]}'),
        *('{"blocks": [{"load": 1}]}', '{"settings": "load=1"}', '{"settings": [1]}'),
        *('{"equations": []}', '{"equations": {"model": 1}}', '{"options": []}'),
        *('{"versions": ["numpy"]}', '{"versions": {"numpy": 2}}', '{"protocol": null}'),
        *('{"inputs": {"digits": 3}}', '{"sha256": 0}', '{"columns": {}}', '{"tasks": 1.5}'),
    ],
)
def test_odd_sidecars_are_one_sentence(content, tmp_path):
    path = tables.write(tables.from_rows(SCHEMA, ROWS), SCHEMA, tmp_path, {})
    path.with_suffix(".json").write_text(content, encoding="latin1")
    with pytest.raises(InputError, match=r"example.*(is no JSON|is no sidecar of a table)"):
        tables.read(SCHEMA, tmp_path)


def test_folders_that_were_made_for_nothing_go_again(tmp_path):
    (tmp_path / "kept").mkdir()
    for folder in ("a/b/c", "kept", "kept/d"):
        with pytest.raises(KeyError), tables.new_folder(tmp_path / folder):
            raise KeyError
    assert [path.name for path in tmp_path.rglob("*")] == ["kept"]
    with pytest.raises(KeyError), tables.new_folder(tmp_path / "a/b"):
        (tmp_path / "a/b/file").touch()
        raise KeyError
    assert (tmp_path / "a/b/file").exists()


def test_the_commit_is_that_of_this_package_alone(tmp_path, monkeypatch):
    """Not that of a repository with an environment in it."""
    repository = tmp_path / "theirs"
    package = repository / ".venv/site-packages/brianmem"
    package.mkdir(parents=True)
    for command in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=b"]):
        more = ["commit", "-q", "--allow-empty", "-m", "x"] if command[0] == "-c" else []
        subprocess.run(["git", "-C", repository, *command, *more], check=True)
    monkeypatch.setattr(tables, "__file__", str(package / "tables.py"))
    assert tables.software()["git_commit"] is None
    package.rename(repository / "brianmem")
    monkeypatch.setattr(tables, "__file__", str(repository / "brianmem/tables.py"))
    assert re.fullmatch("[0-9a-f]{40}", tables.software()["git_commit"])


def test_the_page_of_columns_is_up_to_date():
    docs = Path(__file__).parent.parent / "docs"
    assert runpy.run_path(docs / "tables.py")["text"]() == (docs / "tables.md").read_text()
