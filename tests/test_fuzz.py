"""Odd inputs of every kind: a sentence or a result, never a traceback, and nothing half-written."""

import io
import json
import struct
import zipfile
from contextlib import redirect_stderr, redirect_stdout, suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brianmem import digits, schemas, shd, sidecar, tables
from brianmem.__main__ import main as command
from brianmem.errors import InputError
from protocols import cli, rerun
from protocols.lowrank.capacity import PROTOCOL as CAPACITY
from tests.analysis.folder import MAIN, write

pytestmark = pytest.mark.slow
MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
VALUES = st.one_of(
    TEXT,
    st.sampled_from(
        ["", ",", "auto", "inf", "-inf", "nan", "1e308", "1e-320", "-1", "0", "1,1", "0x1"]
    ),
    st.integers(-(10**30), 10**30).map(str),
    st.floats().map(str),
    st.integers(1, 6000).map(lambda n: "9" * n),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def ended(main, *arguments):
    """Status and standard error of a command in this process; argparse exits by itself."""
    errors = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(errors):
        try:
            status = main(*arguments)
        except SystemExit as ending:
            status = ending.code
    assert status in (0, 1, 2)
    assert "Traceback" not in errors.getvalue()
    return status, errors.getvalue()


@MANY
@given(
    st.sampled_from(["load", "n_neurons", "rule", "gamma", "network_seed", "kappa", "n_flips"]),
    VALUES,
)
def test_command_lines(tmp_path, name, value):
    small = ["--set", "n_neurons=20", "--set", "rule=hebbian", "--set", "network_seed=0"]
    out = tmp_path / "out"
    arguments = [*small, "--set", f"{name}={value}", "--dry-run", "--out", str(out)]
    ended(cli.main, CAPACITY, arguments)
    assert not out.exists()


@MANY
@given(
    st.lists(st.sampled_from(["--jobs", "--shard", "--seed", "--merge", "--out"]), max_size=2),
    VALUES,
)
def test_options(tmp_path, names, value):
    folder = tmp_path / "out"
    arguments = [part for name in names for part in (name, value)]
    ended(cli.main, CAPACITY, [*arguments, "--set", "rule=none", "--out", str(folder)])
    assert not folder.exists()


TOML = st.one_of(
    TEXT,
    st.binary(max_size=40),
    st.builds(
        "{} = {}".format,
        st.sampled_from(["model", "threshold", "reset", "pulse", "refractory", "x", "parameters"]),
        st.one_of(JSON.map(json.dumps), TEXT.map(json.dumps)),
    ),
    st.builds("[parameters]\n{} = {}".format, st.sampled_from("abNit"), JSON.map(json.dumps)),
    st.builds('[parameters]\nx = "{}"'.format, st.text("0123456789*/+-() .emsV", max_size=30)),
)


@MANY
@given(TOML)
def test_equations(tmp_path, content):
    path, out = tmp_path / "model.toml", tmp_path / "out"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    small = ["--set", "n_neurons=20", "--set", "rule=hebbian", "--set", "network_seed=0"]
    arguments = [*small, "--equations", str(path), "--dry-run", "--out", str(out)]
    ended(cli.main, CAPACITY, arguments)
    assert not out.exists()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("fuzz")
    write(made, {schemas.LOWRANK_CAPACITY: MAIN[schemas.LOWRANK_CAPACITY]})
    return made


@MANY
@given(st.sampled_from([*sidecar.KINDS, "odd"]), JSON)
def test_sidecars(folder, tmp_path, key, value):
    path = tmp_path / "lowrank_capacity.csv"
    path.write_bytes((folder / path.name).read_bytes())
    made = json.loads((folder / "lowrank_capacity.json").read_text())
    path.with_suffix(".json").write_text(json.dumps(made | {key: value}))
    ended(command, ["show", str(path)])
    ended(command, ["list", str(tmp_path)])
    with suppress(InputError):
        tables.read(schemas.LOWRANK_CAPACITY, tmp_path)
    assert ended(rerun.main, [str(path), "--jobs", "0"])[0] == 2  # no protocol made it


@MANY
@given(st.binary(max_size=60), st.integers(0, 4000), st.sampled_from(["replace", "insert", "cut"]))
def test_tables(folder, tmp_path, content, place, how):
    path = tmp_path / "lowrank_capacity.csv"
    whole = (folder / path.name).read_bytes()
    after = {"replace": whole[place + len(content) :], "insert": whole[place:], "cut": b""}[how]
    path.write_bytes(whole[:place] + content + after)
    with redirect_stderr(io.StringIO()):
        try:
            tables.read(schemas.LOWRANK_CAPACITY, tmp_path)
        except InputError as error:
            assert str(error)


@MANY
@given(st.binary(max_size=80), st.sampled_from(["npz", "idx", "h5", "h5.gz", "zip"]))
def test_digits_and_recordings(tmp_path, content, kind):
    path = tmp_path / f"images-idx3.{kind}"
    if kind == "zip":
        path = tmp_path / "digits.npz"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("images.npy", content)
    elif kind == "idx":
        path.write_bytes(struct.pack(">HBB", 0, 8, 3) + content)
    else:
        path.write_bytes(content)
    try:
        if kind.startswith("h5"):
            shd.load_words(path, 20, np.random.default_rng(0))
        else:
            digits.load_digits(path)
    except InputError as error:
        assert str(error)
