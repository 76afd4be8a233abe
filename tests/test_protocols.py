"""The command line: what it writes, and what it says when something is wrong."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from brianmem import schemas, tables
from protocols import cli
from protocols.delay.completion import PROTOCOL as COMPLETION
from protocols.delay.recall import PROTOCOL as DELAY
from protocols.delay.sequence import PROTOCOL as SEQUENCE
from protocols.delay.targets import PROTOCOL as TARGETS
from protocols.lowrank.digits import PROTOCOL as DIGITS
from protocols.lowrank.recall import PROTOCOL as LOWRANK
from protocols.protocol import make_tasks, resolve_grid

SMALL_DELAY = [
    *("--set", "n_neurons=60", "--set", "n_delays=15", "--set", "n_steps=120"),
    *("--set", "n_patterns=3", "--set", "firing_prob=0.005"),
]
SMALL_LOWRANK = [*("--set", "network_seed=0,1", "--set", "duration=4", "--set", "dt=0,0.02")]
# What is smaller, or not compiled, in the first step of the tests is whole in the second.
WHOLE = pytest.param((), id="whole", marks=pytest.mark.slow)
NUMPY = ("--backend", "numpy")
SMALL = {DELAY.name: (DELAY, SMALL_DELAY), LOWRANK.name: (LOWRANK, SMALL_LOWRANK)}


def run(protocol, *arguments):
    return cli.main(protocol, [str(a) for a in arguments])


def contents(folder):
    return {p.name: p.read_text() for p in folder.glob("*.csv") if p.name != "timings.csv"}


@pytest.mark.parametrize(
    ("name", "few"),
    [
        (DELAY.name, ("--set", "seed=0,1", "--set", "learner=hebbian,margin")),
        *(pytest.param(name, (), marks=pytest.mark.slow) for name in SMALL),
    ],
)
def test_the_table_depends_on_the_seed_but_not_on_jobs(name, few, tmp_path):
    protocol, small = SMALL[name]
    small = [*small, *few, *NUMPY]
    for folder, options in (
        ("one", ["--jobs", 0]),
        ("two", ["--jobs", 2]),
        ("other", ["--jobs", 0, "--seed", 5]),
    ):
        assert run(protocol, *small, "--out", tmp_path / folder, *options) == 0
    one, two, other = (contents(tmp_path / folder) for folder in ("one", "two", "other"))
    assert one == two
    assert set(one) == {f"{schema.name}.csv" for schema in protocol.schemas}
    assert one[f"{protocol.schemas[0].name}.csv"] != other[f"{protocol.schemas[0].name}.csv"]


@pytest.mark.parametrize("name", SMALL)
def test_the_table_is_the_same_on_every_backend(name, backend, tmp_path):
    protocol, small = SMALL[name]
    few = ["--set", f"{protocol.seed_name}=1", "--jobs", 0]
    if protocol is LOWRANK:
        few += ["--set", "rule=hebbian,optimised"]
    for kind in ("numpy", backend):
        assert run(protocol, *small, *few, "--backend", kind, "--out", tmp_path / kind) == 0
    for schema in protocol.schemas:
        expected, found = (tables.read(schema, tmp_path / kind) for kind in ("numpy", backend))
        if "backend" in found:
            assert backend in set(found["backend"])
            expected, found = (t.drop(columns="backend") for t in (expected, found))
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("few", [("--set", "learner=hebbian,margin"), WHOLE])
def test_sidecar_and_timings(few, tmp_path):
    options = [*(NUMPY if few else ()), "--jobs", 0, "--out", tmp_path]
    delay = [*SMALL_DELAY, *few, *options]
    n_learners = 2 if few else 4
    assert run(DELAY, *delay, "--seed", 3) == 0
    sidecar = json.loads((tmp_path / "delay_recall.json").read_text())
    assert sidecar["seed"] == 3
    [block] = sidecar["blocks"]
    assert block["seed"] == [3, 4, 5, 6, 7]
    assert block["n_neurons"] == [60]
    assert sidecar["equations"]["model"] == "dv/dt = -v/tau : 1"
    assert {"versions", "git_commit", "git_clean", "backend", "schema_version"} <= set(sidecar)
    assert sidecar["versions"]["brian2"].startswith("2.")
    table = tables.read(schemas.DELAY_RECALL, tmp_path)
    assert len(table) == sidecar["n_rows"] == n_learners * 5 * 3  # seeds, patterns
    assert list(dict.fromkeys(table["seed"])) == [3, 4, 5, 6, 7]
    # Another protocol adds its timings; the same one replaces its own.
    assert run(LOWRANK, *SMALL_LOWRANK, *options) == 0
    assert run(DELAY, *delay, "--seed", 3, "--set", "seed=0,1,2,3,4,5") == 0
    timings = tables.read(schemas.TIMINGS, tmp_path)
    assert dict(timings["protocol"].value_counts()) == {
        "lowrank.recall": 8,
        "delay.recall": 6 * n_learners,
    }
    assert (timings["seconds"] > 0).all()


@pytest.mark.parametrize("pulse", ["v_post += w", "v_post += 1*w"])
def test_recalls_that_run_away_are_told(pulse, tmp_path):
    """Without Synapses they are stopped, too."""
    path = tmp_path / "model.toml"
    path.write_text(f'pulse = "{pulse}"')
    few = ["--set", "learner=deconvolved", "--set", "seed=0", "--jobs", 0, "--backend", "numpy"]
    few += ["--set", "threshold=auto,0.01", "--equations", path]
    assert run(DELAY, *SMALL_DELAY, *few, "--out", tmp_path) == 0
    table = tables.read(schemas.DELAY_RECALL, tmp_path)
    away = table[~table["threshold_chosen"]]
    fired = away["true_positives"] + away["false_positives"]
    wanted = (table["true_positives"] + table["false_negatives"]).mean()
    assert not table.loc[table["threshold_chosen"], "ran_away"].any()
    assert away["ran_away"].all() and (fired > 6 * wanted).all()
    # A step more than the limit, of all neurons at most.
    assert (fired < 7 * wanted + 3 * 60).all() == (pulse == "v_post += w")


@pytest.mark.parametrize("backend_option", [NUMPY, WHOLE])
def test_clock_driven_rows_stand_beside_exact_ones(backend_option, tmp_path):
    assert run(LOWRANK, *SMALL_LOWRANK, *backend_option, "--jobs", 0, "--out", tmp_path) == 0
    table = tables.read(schemas.LOWRANK_RECALL, tmp_path)
    exact, clock = (table[table["simulator"] == s] for s in ("exact", "clock"))
    assert len(exact) == len(clock) == 2 * 4 * (4 * 2 + 4)
    assert set(clock["dt"]) == {0.02} and set(exact["dt"]) == {0.0}
    assert exact["first_wrong_spike"].isna().all()
    assert clock["first_wrong_spike"].notna().mean() > 0.9
    stored = table[table["start"] == "stored"]
    assert set(stored["flip_fraction"]) == {0.0, 0.1}
    assert set(table.loc[table["start"] == "random", "flip_fraction"]) == {0.0}


@pytest.mark.parametrize(
    ("protocol", "arguments", "message"),
    [
        (DELAY, ["--set", "n_neuron=5"], "expected NAME=VALUE with NAME one of learner, n_neurons"),
        (DELAY, ["--set", "n_neurons"], "expected NAME=VALUE"),
        (DELAY, ["--set", "n_neurons=many"], "'many' is not an integer"),
        (DELAY, ["--set", "beta=x"], "'x' is not a number"),
        (DELAY, ["--set", "beta=1.5"], "beta must lie strictly between 0 and 1"),
        (DELAY, ["--set", "learner=stdp"], "unknown learner 'stdp'"),
        (DELAY, ["--set", "n_steps=10"], "must be larger than n_delays"),
        (DELAY, ["--backend", "fortran"], "unknown backend 'fortran'"),
        (DELAY, ["--seed", "-1"], "every seed must lie between 0 and"),
        (LOWRANK, ["--set", "network_seed=-3"], "every network_seed must lie between 0 and"),
        (LOWRANK, ["--set", f"network_seed={10**30}"], "every network_seed must lie between 0 and"),
        (DELAY, ["--set", "seed=0,0"], "a value is given twice"),
        (DELAY, ["--equations", "none.toml"], "cannot read equations from none.toml"),
        (LOWRANK, ["--set", "rule=hopfield"], "unknown rule 'hopfield'"),
        (LOWRANK, ["--set", "flip_fraction=0,1.5"], "flip_fraction must lie in"),
        (LOWRANK, ["--set", "dt=-1"], "dt must be positive"),
        (LOWRANK, ["--set", "dt=0.3"], "must divide the duration"),
        (LOWRANK, ["--set", "dt=inf"], "must divide the duration"),
        (LOWRANK, ["--set", "kappa=1e300"], "lower kappa or duration"),
        (LOWRANK, ["--set", "n_neurons=7"], "n_neurons must be even"),
        (DIGITS, ["--digits", "none-images-idx3"], "cannot read digits from none-images-idx3"),
        (DIGITS, ["--set", "flip_fraction=2"], "flip_fraction must lie in"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(protocol, arguments, message, tmp_path, capsys):
    small = SMALL.get(protocol.name, (None, []))[1]
    assert run(protocol, *small, "--jobs", 0, "--out", tmp_path, *arguments) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith(f"protocols.{protocol.name}: error: ")
    assert message in error
    assert not list(tmp_path.iterdir())


def test_one_bad_value_of_many_is_found_before_the_first_task(tmp_path, capsys):
    bad = ["--set", "learner=hebbian,stdp", "--jobs", 2, "--out", tmp_path]
    assert run(DELAY, *SMALL_DELAY, *bad) == 2
    assert "error: unknown learner 'stdp'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--jobs", "-1"], "--jobs: must be a number of processes, 0 or more, not '-1'"),
        (["--shard", "4/3"], "--shard: '4/3' is not i/n with i from 1 to n, such as 2/5"),
        (["--shard", "1/2", "--merge"], "--merge: not allowed with argument --shard"),
    ],
)
def test_options_that_make_no_sense(arguments, message, capsys):
    with pytest.raises(SystemExit) as status:
        run(DELAY, *arguments)
    assert status.value.code == 2
    assert message in capsys.readouterr().err


def test_what_only_a_run_can_tell_goes_into_the_table_of_errors(tmp_path, capsys):
    """A bias that is not positive is found when the weights are there; other networks run."""
    gammas = ["--set", "gamma=auto,-50", "--set", "dt=0", "--set", "network_seed=0"]
    assert run(LOWRANK, *SMALL_LOWRANK, *gammas, "--jobs", 0, "--out", tmp_path) == 1
    assert "4 of 8 tasks failed, the first because: the bias is" in capsys.readouterr().err
    errors = tables.read(schemas.ERRORS, tmp_path)
    assert set(errors["task"]) == {1, 3, 5, 7}
    table = tables.read(schemas.LOWRANK_RECALL, tmp_path)
    assert table["gamma_chosen"].all() and table["rule"].nunique() == 4
    assert json.loads((tmp_path / "lowrank_recall.json").read_text())["failed_tasks"] == 4


def test_an_unwritable_folder_is_found_before_the_run(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(DELAY, "--out", tmp_path / "file" / "tables") == 2
    assert "cannot write into" in capsys.readouterr().err


@pytest.mark.parametrize(
    "few", [(*NUMPY, "--set", "rule=hebbian,optimised", "--set", "network_seed=0"), WHOLE]
)
def test_equations_run_exactly_where_they_can_be_solved(few, tmp_path, capsys):
    path = tmp_path / "model.toml"
    equations = ["--equations", path, "--jobs", 0, "--out", tmp_path / "out", *few]
    path.write_text('refractory = "1*ms"\n')
    assert run(LOWRANK, *SMALL_LOWRANK, *equations) == 0
    table = tables.read(schemas.LOWRANK_RECALL, tmp_path / "out")
    assert set(table["simulator"]) == {"exact", "clock"}
    path.write_text('model = "dv/dt = (drive - v + 0.01*v**2)/tau : 1"\n')
    assert run(LOWRANK, *SMALL_LOWRANK, *equations, "--set", "dt=0") == 2
    error = capsys.readouterr().err
    assert "not linear" in error and "choose a clock step" in error
    equations[-1 - len(few)] = tmp_path / "clock"
    assert run(LOWRANK, *SMALL_LOWRANK, *equations) == 0
    table = tables.read(schemas.LOWRANK_RECALL, tmp_path / "clock")
    assert set(table["simulator"]) == {"clock"}
    assert table["first_wrong_spike"].isna().all()


def test_too_many_patterns_are_one_warning(tmp_path, capsys):
    small = ["--set", "rule=optimised", "--set", "n_patterns=12", "--set", "dt=0"]
    assert run(LOWRANK, *SMALL_LOWRANK, *small, "--jobs", 0, "--out", tmp_path) == 0
    warnings = [x for x in capsys.readouterr().err.splitlines() if x.startswith("warning")]
    assert len(warnings) == 2  # one per network
    assert "residual" in warnings[0] and "rank" in warnings[0]


@pytest.mark.slow
def test_an_interrupt_in_the_middle_of_a_simulation(tmp_path):
    """A minute of compiled code, which does not look up while it runs."""
    command = [sys.executable, "-m", "protocols.delay.scan", "--out", tmp_path, "--jobs", "2"]
    slow = ["--set", "n_neurons=512", "--set", "threshold=0.05", "--set", "n_patterns=16"]
    process = subprocess.Popen(
        [*command, *slow], stderr=subprocess.PIPE, text=True, start_new_session=True, env=os.environ
    )
    for line in process.stderr:
        if "tasks" in line:
            break
    time.sleep(6)
    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
    rest = process.stderr.read()
    assert process.wait(timeout=60) == 130
    assert time.monotonic() - begin < 2
    assert "interrupted: " in rest.strip().splitlines()[-1]
    assert "Traceback" not in rest and "WARNING" not in rest
    assert not list(tmp_path.glob("*.csv"))


def test_a_changed_run_does_not_replace_the_tables_of_the_grid(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = ["--set", "rule=hebbian", "--backend", "numpy", "--jobs", 0]
    assert run(LOWRANK, *SMALL_LOWRANK, *few) == 0
    [table] = tmp_path.glob("results/**/lowrank_recall.csv")
    assert table.parts[-4] == "runs" and table.parts[-3].startswith("lowrank.recall-")


def test_damaged_timings_are_found_before_the_run(tmp_path, capsys):
    (tmp_path / "timings.csv").write_text("no,timings\n1,2\n")
    assert run(DELAY, *SMALL_DELAY, "--jobs", 0, "--out", tmp_path) == 2
    assert "timings" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["timings.csv"]


@pytest.mark.parametrize("rule", ["pseudo_inverse", "pseudo_inverse_zeroed", "optimised"])
@pytest.mark.parametrize("n_patterns", [10, 12, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("few", [(*NUMPY, "--set", "duration=2"), WHOLE])
def test_a_load_beyond_capacity_gives_rows_and_a_warning(rule, n_patterns, few, tmp_path, capsys):
    load = ["--set", f"rule={rule}", "--set", f"n_patterns={n_patterns}", "--set", "dt=0"]
    load += ["--set", "network_seed=0", *few]
    assert run(LOWRANK, *SMALL_LOWRANK, *load, "--jobs", 0, "--out", tmp_path) == 0
    # With p = K the optimised rule still meets its constraints, at a price in alpha.
    if (rule, n_patterns) != ("optimised", 10):
        assert "residual" in capsys.readouterr().err
    table = tables.read(schemas.LOWRANK_RECALL, tmp_path)
    if rule == "pseudo_inverse_zeroed":
        assert table["overlap"].abs().max() < 0.95


def test_help_names_the_columns(capsys):
    with pytest.raises(SystemExit) as status:
        run(LOWRANK, "--help")
    assert status.value.code == 0
    assert "flip_fraction" in capsys.readouterr().out


def test_a_grid_becomes_one_task_per_combination():
    blocks = resolve_grid(LOWRANK, "smoke", 0, ["rule=hebbian,optimised", "gamma=auto,1.2"])
    tasks = make_tasks(LOWRANK, blocks[:1], backend="numpy", model=None)
    assert len(tasks) == 20 * 2 * 2
    assert {task.gamma for task in tasks} == {None, 1.2}
    assert all(task.flip_fraction == (0.0, 0.1) for task in tasks)
    assert {task.network_seed for task in tasks if task.details} == {0, 1, 2}


def test_random_vertices_are_not_stored_ones():
    import numpy as np

    from brianmem.patterns import draw_binary
    from protocols.lowrank.starts import random_starts

    for seed in range(50):
        xi = draw_binary(3, 6, np.random.default_rng(seed))
        stored = set(map(tuple, xi.T))
        if len(stored) == 8:
            continue
        random = random_starts(xi, 6, seed)
        assert len(random) == 6
        assert not stored & {tuple(t.start) for t in random}


def test_blocks_are_put_together():
    first = LOWRANK.grids["smoke"]
    first = (first if isinstance(first, dict) else first[0]) | {"network_seed": (0, 1)}
    second = first | {"network_seed": (1, 2), "kappa": (5.0, 1.0)}
    protocol = replace(LOWRANK, grids={"smoke": (first, second)})
    blocks = resolve_grid(protocol, "smoke", 10, ["rule=optimised"])
    tasks = make_tasks(protocol, blocks, backend="numpy", model=None)
    found = [(task.network_seed, task.kappa) for task in tasks]
    assert found == [(10, 5.0), (11, 5.0), (11, 1.0), (12, 5.0), (12, 1.0)]
    assert [task.details for task in tasks] == [True, True, False, False, False]
    assert {task.rule for task in tasks} == {"optimised"}


def test_a_grid_is_not_replaced_by_another_of_the_same_name():
    modules = list(Path(cli.__file__).parent.rglob("*.py"))
    assert len(modules) > 20
    for module in modules:
        statements = ast.parse(module.read_text()).body
        assigned = [s.targets[0] for s in statements if isinstance(s, ast.Assign)]
        names = Counter(target.id for target in assigned if isinstance(target, ast.Name))
        assert not [name for name, times in names.items() if times > 1], module


@pytest.mark.slow
def test_weights_are_retrained_for_other_equations_in_every_protocol(tmp_path):
    """Conductances that last for steps: the margin rule's weights fail, taught ones do not."""
    path = tmp_path / "slow.toml"
    path.write_text(
        'model = """\ndv/dt = (g*(4 - v) - v)/tau : 1\ndg/dt = -g/(2*ms) : 1\n"""\n'
        'pulse = "g_post += w"\n'
    )
    small = [*SMALL_DELAY, "--set", "seed=0", "--set", "learner=margin,retrained"]
    small += [
        "--set",
        "firing_prob=0.02",
        "--equations",
        path,
        "--backend",
        "numpy",
        "--jobs",
        0,
        "--out",
        tmp_path,
    ]
    for protocol, schema, others in (
        (DELAY, schemas.DELAY_RECALL, ()),
        (TARGETS, schemas.DELAY_TARGETS, ("--set", "target=bernoulli")),
    ):
        assert run(protocol, *small, *others) == 0
        table = tables.read(schema, tmp_path)
        errors = table["false_positives"] + table["false_negatives"]
        by_learner = errors.groupby(table["learner"]).sum()
        assert by_learner["retrained"] < 0.2 * by_learner["margin"]


@pytest.mark.parametrize("protocol", [DELAY, TARGETS, SEQUENCE, COMPLETION], ids=lambda p: p.name)
def test_pulses_that_need_synapses_are_refused_before_anything_runs(protocol, tmp_path, capsys):
    path = tmp_path / "halved.toml"
    path.write_text('pulse = "v_post += 0.5*w"\n')
    out = tmp_path / "out"
    options = ["--set", "learner=retrained", "--equations", path, "--out", out]
    assert run(protocol, *options) == 2
    assert "a pulse that adds w to a variable, not 'v_post += 0.5*w'" in capsys.readouterr().err
    assert not out.exists()
