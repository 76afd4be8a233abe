"""Keys and parts: what makes two tasks the same, and what survives on the disk."""

import functools
import importlib
import importlib.util
import math
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brianmem.delay.equations import LIF
from brianmem.errors import InputError
from brianmem.tables import Column, Schema
from protocols.lowrank import capacity, loads
from protocols.sweep import code
from protocols.sweep.code import code_version
from protocols.sweep.parts import ABANDONED, Part, PartStore, as_columns
from protocols.sweep.sweep import Sweep, digest
from protocols.sweep.work import configuration, make_work
from tests.sweep.tasks import SCHEMA, Task, run_task

TASK = Task(number=3, seconds=0.0, n_rows=2, fails=-1, dies=-1, backend="numpy")
OTHER = Schema("other", (Column("number", int, "", "a number"),))

CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(), st.text(max_size=5)
)


def key(task=TASK, inputs=(), name="toy"):
    return make_work(name, run_task, (SCHEMA,), task, dict(inputs)).key


def test_the_key_tells_configurations_apart():
    keys = [
        key(),
        key(replace(TASK, number=4)),
        key(replace(TASK, seconds=np.nextafter(0.0, 1))),
        key(replace(TASK, backend="cython")),
        key(inputs={"digits": "abc"}),
        key(name="other"),
    ]
    assert len(set(keys)) == len(keys)
    assert key(replace(TASK, number=3)) == key()


def test_equations_are_part_of_the_key_but_not_their_file():
    task = loads.LoadTask(0, "hebbian", 20, 0.1, 0.0, 5.0, 1.0, "numpy", None)
    works = [
        make_work("x", capacity.run_task, (SCHEMA,), replace(task, model=model), {}).key
        for model in (None, LIF, replace(LIF, source="a.toml"), replace(LIF, reset="v -= theta"))
    ]
    assert works[1] == works[2]
    assert len(set(works)) == 3
    assert "model" not in configuration(task)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose protocol imports one module of two."""
    folder = tmp_path / "somewhere"
    (folder / "models" / "templates").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "task.py": "from somewhere.models import neuron\nimport math\nfrom . import near\n",
        "near.py": "",
        "far.py": "",
        "models/__init__.py": "",
        "models/neuron.py": "from ..models import synapse",
        "models/synapse.py": "",
        "models/templates/loop.cpp": "int i;",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    code._of_sources.cache_clear()
    yield folder
    code._of_sources.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "somewhere"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("task.py", True),
        ("near.py", True),
        ("far.py", False),
        ("__init__.py", True),
        ("models/neuron.py", True),
        ("models/synapse.py", True),
        ("models/templates/loop.cpp", True),
    ],
)
def test_the_code_behind_a_task_is_what_it_imports(changed, matters, package):
    before = code_version("somewhere.task")
    path = package / changed
    path.write_text(path.read_text() + "\n# changed\n" * (path.suffix == ".py") + " ")
    code._of_sources.cache_clear()
    assert (code_version("somewhere.task") != before) == matters


def test_what_python_keeps_is_not_behind_a_task(package):
    before = code_version("somewhere.task")
    kept = package / "models" / "__pycache__" / "neuron.cpython-311.pyc"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(b"compiled")
    code._of_sources.cache_clear()
    assert code_version("somewhere.task") == before


def test_code_that_only_runs_tasks_is_not_behind_them():
    from protocols.sweep.code import _sources

    names = set(_sources("protocols.lowrank.capacity"))
    assert {"protocols.lowrank.loads", "brianmem.lowrank.storage.optimised"} <= names
    assert "brianmem.engine/support/growing_frame.cpp" in names
    assert not {"protocols.cli", "protocols.sweep.workers", "brianmem.tables"} & names
    assert not any(name.startswith(("protocols.delay", "analysis", "figures")) for name in names)


@settings(max_examples=60)
@given(st.lists(CELLS, max_size=6))
def test_parts_come_back_as_they_were(tmp_path_factory, cells):
    store = PartStore(tmp_path_factory.getbasetemp() / "parts", (OTHER,))
    part = Part("ab" * 16, {"other": {"number": cells}}, ["a\nwarning"], 0.5, 100.0)
    store.write(part)
    found = store.read(part.key)
    assert repr(found) == repr(part)  # as text, because nan is not nan


def test_cells_of_numpy_are_plain_ones():
    rows = {"other": [{"number": np.int64(3)}, {"number": np.float32(0.5)}, {}]}
    assert as_columns((OTHER,), rows) == {"other": {"number": [3, 0.5, None]}}


def test_a_cell_that_no_table_holds_is_an_error(tmp_path):
    with pytest.raises(TypeError, match="which no table holds"):
        PartStore(tmp_path, (OTHER,)).write(Part("ab", {"other": {"number": [{1, 2}]}}))
    assert not list(tmp_path.rglob("*.json")) and not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize(("mask", "mode"), [(0o002, 0o664), (0o022, 0o644), (0o077, 0o600)])
def test_parts_have_the_rights_that_the_umask_leaves(mask, mode, tmp_path):
    store, before = PartStore(tmp_path, [SCHEMA]), os.umask(mask)
    try:
        store.write(Part("key", {}))
    finally:
        os.umask(before)
    assert store.path("key").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    ("module", "registry"),
    [("brianmem.lowrank.storage", "RULES"), ("brianmem.delay.learning", "LEARNERS")],
)
def test_rules_that_a_script_adds_are_behind_its_tasks(module, registry, tmp_path, monkeypatch):
    rules = getattr(importlib.import_module(module), registry)
    before = code_version("protocols.lowrank.capacity")
    versions = set()
    for text in ("def rule(xi): return xi", "def rule(xi): return 2 * xi"):
        path = tmp_path / "mine.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("mine", path)
        mine = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(mine)
        monkeypatch.setitem(rules, "mine", mine.rule)
        versions.add(code_version("protocols.lowrank.capacity"))
        monkeypatch.setitem(rules, "mine", functools.partial(mine.rule))
        versions.add(code_version("protocols.lowrank.capacity"))
    assert len(versions) == 2 and before not in versions
    namespace = {}
    exec("def rule(xi): return xi", namespace)
    monkeypatch.setitem(rules, "mine", namespace["rule"])
    with pytest.raises(InputError, match="the rule 'mine' has no source that can be read"):
        code_version("protocols.lowrank.capacity")


def test_a_module_without_a_source_is_said(monkeypatch):
    monkeypatch.setattr(code, "_path", lambda name: None)
    code._of_sources.cache_clear()
    with pytest.raises(InputError, match="has no source that can be read"):
        code_version("protocols.lowrank.capacity")


@pytest.mark.slow
def test_a_folder_of_the_same_name_hides_no_source(tmp_path):
    """The clone's own name is that of the package, and its parent a place to work in."""
    (tmp_path / "brianmem").mkdir()
    text = "import brianmem.lowrank.network as n; from protocols.sweep import code as c; "
    text += "print(len(c._sources('protocols.lowrank.capacity')))"
    found = [
        subprocess.run([sys.executable, "-c", text], cwd=where, capture_output=True, text=True)
        for where in (tmp_path, tmp_path / "brianmem")
    ]
    hidden, plain = (int(one.stdout) for one in found)
    assert plain - hidden <= 1  # the package's own __init__ alone
    assert plain > 60


def test_parts_of_another_schema_do_not_count(tmp_path):
    store = PartStore(tmp_path, (OTHER,))
    store.write(Part("ab" * 16, {"other": {"number": [1]}}))
    wider = Schema("other", (*OTHER.columns, Column("more", int, "", "another")))
    assert store.read("ab" * 16) is not None
    assert PartStore(tmp_path, (wider,)).read("ab" * 16) is None
    assert PartStore(tmp_path, (wider,)).exists("ab" * 16)


def test_only_abandoned_files_are_tidied_away(tmp_path):
    store = PartStore(tmp_path, (OTHER,))
    folder = tmp_path / "ab"
    folder.mkdir()
    old, new, part = folder / ".old.part", folder / ".new.part", folder / "abc.json"
    ours = folder / f".{store.writer}-x.part"
    for path in (old, new, part, ours):
        path.touch()
    long_ago = time.time() - ABANDONED - 10
    os.utime(old, (long_ago, long_ago))
    os.utime(part, (long_ago, long_ago))
    store.tidy()
    assert sorted(p.name for p in folder.iterdir()) == [".new.part", "abc.json"]


def test_a_part_that_is_removed_while_the_table_is_made(tmp_path):
    sweep = Sweep("toy", run_task, (SCHEMA,), [TASK], tmp_path)
    sweep.store.write(Part(sweep.works[0].key, as_columns((SCHEMA,), run_task(TASK))))
    sweep.look()
    assert len(sweep.tables()["toy"]) == 2
    sweep.store.path(sweep.works[0].key).unlink()
    with pytest.raises(InputError, match="was damaged or removed"):
        sweep.tables()


def test_input_files_are_known_by_their_contents(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("digits")
    second.write_text("digits")
    before = digest([first, second])
    assert len(digest([first])) == 16
    second.write_text("other digits")
    assert digest([first]) != digest([second])
    assert digest([first, second]) != before
    with pytest.raises(InputError, match="cannot read"):
        digest([first, tmp_path / "none"])


def test_nan_and_infinity_survive(tmp_path):
    store = PartStore(tmp_path, (OTHER,))
    store.write(Part("ab", {"other": {"number": [math.nan, math.inf, -math.inf]}}))
    found = store.read("ab").tables["other"]["number"]
    assert math.isnan(found[0]) and found[1:] == [math.inf, -math.inf]
