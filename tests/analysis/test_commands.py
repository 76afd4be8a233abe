import importlib
import json

import pytest

from analysis import __main__ as several
from analysis import f1
from analysis import schemas as results
from analysis.command import ROWS_SHOWN, print_aligned
from brianmem import schemas, tables
from tests.analysis.rows import basins, delay, lowrank, shares

FALL = shares("n_patterns", {20: 4, 30: 3, 40: 0}, 4, seeds=(0, 1, 2))
GRID = [row | {"gamma_chosen": False, "gamma": gamma} for row in FALL for gamma in (1.2, 1.5)]
FLIPS = shares("flip_fraction", {0.0: 4, 0.1: 3, 0.2: 0}, 4, seeds=(0, 1, 2))
HITS = [{"true_positives": 5 + seed, "false_positives": 1, "seed": seed} for seed in range(8)]
SCAN = [row | {"scanned": "n_patterns", "n_patterns": 4} for row in HITS]
DAMAGED = HITS + [row | {"scanned": "lost", "lost": 0.2} for row in HITS]
SPIKES = [{"kind": kind, "step": 20, "neuron": 1} for kind in ("target", "recalled")]

RAW = {
    schemas.LOWRANK_CAPACITY: lowrank(FALL + GRID),
    schemas.LOWRANK_COMPLETION: lowrank(basins([0.1, 0.2], (0, 1)), schemas.LOWRANK_COMPLETION),
    schemas.LOWRANK_HOPFIELD: lowrank(FLIPS, schemas.LOWRANK_HOPFIELD),
    schemas.LOWRANK_RECALL: lowrank(FLIPS, schemas.LOWRANK_RECALL),
    schemas.LOWRANK_DIGITS: lowrank(FLIPS, schemas.LOWRANK_DIGITS),
    schemas.DELAY_RECALL: delay(HITS),
    schemas.DELAY_SCAN: delay(HITS + SCAN, schemas.DELAY_SCAN),
    schemas.DELAY_COMPLETION: delay(DAMAGED, schemas.DELAY_COMPLETION),
    schemas.DELAY_CAPACITY: delay(DAMAGED, schemas.DELAY_CAPACITY),
    schemas.DELAY_RECALL_NEURONS: delay([{"neuron": 3}], schemas.DELAY_RECALL_NEURONS),
    schemas.DELAY_RECALL_STEPS: delay([{"step": 9}], schemas.DELAY_RECALL_STEPS),
    schemas.DELAY_RECALL_SPIKES: delay(SPIKES, schemas.DELAY_RECALL_SPIKES),
}

COMMANDS = [
    ("overlap", (), {results.OVERLAP_SUMMARY: 9}),
    ("overlap", ("--of", "recall", "digits"), {results.OVERLAP_SUMMARY: 6}),
    ("f1", (), {results.F1_SUMMARY: 1, results.F1_NEURONS: 1, results.F1_STEPS: 1}),
    ("f1", ("--of", "scan"), {results.F1_SCAN: 2}),
    ("damage", (), {results.DAMAGE: 2}),
    ("damage", ("--of", "capacity"), {results.DAMAGE: 2}),
    ("capacity", ("--criterion", "0.6"), {results.CAPACITY: 6}),
    ("completion", (), {results.COMPLETION: 2}),
    ("hopfield", ("--seed", "1"), {results.HOPFIELD: 3, results.HOPFIELD_BASINS: 2}),
    ("gamma", ("--seed", "1"), {results.BEST_GAMMA: 3}),
    ("distances", ("--time-constant", "5"), {results.SPIKE_DISTANCES: 1}),
]


def run(name, *options):
    return importlib.import_module(f"analysis.{name}").main(list(map(str, options)))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    for schema, table in RAW.items():
        tables.write(table, schema, folder, {})
    return folder


@pytest.mark.parametrize(("name", "options", "expected"), COMMANDS)
def test_commands_write_tables_that_can_be_read(name, options, expected, raw, tmp_path, capsys):
    out = tmp_path / "new"
    assert run(name, "--tables", raw, "--out", out, *options) == 0
    assert {path.stem for path in out.glob("*.csv")} == {schema.name for schema in expected}
    printed = capsys.readouterr().out.splitlines()
    for schema, n_rows in expected.items():
        assert len(tables.read(schema, out)) == n_rows
        assert f"{out / schema.name}.csv: {n_rows} rows" in printed
        sidecar = json.loads((out / f"{schema.name}.json").read_text())
        assert sidecar["analysis"] == f"analysis.{name}"
        assert sidecar["options"]["tables"] == str(raw) and sidecar["versions"]
    again = tmp_path / "again"
    run(name, "--tables", raw, "--out", again, *options)
    for path in out.glob("*.csv"):
        assert (again / path.name).read_text() == path.read_text()


@pytest.mark.parametrize(("name", "options", "expected"), COMMANDS)
def test_a_missing_table_ends_with_one_sentence(name, options, expected, tmp_path, capsys):
    assert run(name, "--tables", tmp_path, *options) == 2
    printed = capsys.readouterr()
    assert not printed.out
    [line] = printed.err.splitlines()
    assert line.startswith(f"analysis.{name}: error: ") and ".csv is missing" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("capacity", ("--criterion", "1"), "the criterion must lie between 0 and 1, not at 1"),
        ("completion", ("--criterion", "nan"), "the criterion must lie between 0 and 1"),
        ("overlap", ("--seed", "-1"), "--seed must be at least 0, not -1"),
        ("f1", ("--window", "0"), "the window must have at least 1 step, not 0"),
        ("distances", ("--time-constant", "-5"), "the time constant must be positive, not -5"),
    ],
)
def test_wrong_options_end_with_one_sentence(name, options, sentence, raw, tmp_path, capsys):
    assert run(name, "--tables", raw, "--out", tmp_path, *options) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_results_lie_beside_the_tables_by_default(raw):
    assert run("completion", "--tables", raw) == 0
    found = tables.read(results.COMPLETION, raw)
    assert found["measure"].tolist() == ["overlap", "all_signs"]


def test_another_seed_changes_the_intervals_alone(raw, tmp_path):
    first, second = (tmp_path / seed for seed in "01")
    for folder in (first, second):
        run("f1", "--tables", raw, "--out", folder, "--of", "scan", "--seed", folder.name)
    one, other = (tables.read(results.F1_SCAN, folder) for folder in (first, second))
    assert one["f1"].equals(other["f1"])
    assert not one["f1_low"].equals(other["f1_low"])


def test_what_is_printed(raw, tmp_path, capsys):
    run("gamma", "--tables", raw, "--out", tmp_path)
    same, head, *rows, _ = capsys.readouterr().out.splitlines()
    assert same.startswith("rule optimised, n_neurons 100, correlation 0, kappa 5")
    assert head.split()[:2] == ["n_patterns", "load"]
    assert [row.split()[:2] for row in rows] == [["20", "0.2"], ["30", "0.3"], ["40", "0.4"]]


def test_long_tables_are_printed_in_part(raw, tmp_path, capsys):
    many = lowrank([{"pattern": k, "flip_fraction": k / 100} for k in range(ROWS_SHOWN + 9)])
    tables.write(many, schemas.LOWRANK_CAPACITY, tmp_path, {})
    run("overlap", "--tables", tmp_path)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1 + 1 + ROWS_SHOWN + 1
    assert printed[-1].endswith(f"{ROWS_SHOWN + 9} rows")


def test_columns_are_aligned_and_empty_cells_empty(capsys):
    print_aligned(lowrank([{}]).assign(x=[None], y=1 / 3)[["rule", "x", "y"]])
    assert capsys.readouterr().out == "rule       x  y\noptimised     0.3333\n"


def test_names_and_columns_of_results():
    found = [v for v in vars(results).values() if isinstance(v, tables.Schema)]
    assert [schema.name for schema in found] == [
        "overlap_summary",
        "f1_summary",
        "f1_scan",
        "damage",
        "f1_neurons",
        "f1_steps",
        "capacity",
        "completion",
        "hopfield",
        "hopfield_basins",
        "best_gamma",
        "spike_distances",
        "prediction_confusion",
        "robustness",
        "tolerance",
    ]
    for schema in found:
        names = [column.name for column in schema.columns]
        assert len(set(names)) == len(names)


def test_all_in_one_process_are_those_of_the_single_commands(raw, tmp_path, capsys):
    """Robustness and prediction have no tables here, which hinders no other."""
    together, alone = tmp_path / "together", tmp_path / "alone"
    assert several.main(["all", "--tables", str(raw), "--out", str(together)]) == 2
    told = capsys.readouterr()
    assert told.err.count("is missing: run its protocol first") == 2
    assert told.out.count(": 2 rows") > 1
    made = [(f1, ["--of", "scan"]), *((module, []) for (module, _), *_ in several.RESULTS.values())]
    for module, options in made:
        module.main(["--tables", str(raw), "--out", str(alone), "--short", *options])
    contents = [
        {path.name: path.read_bytes() for path in folder.glob("*.csv")}
        for folder in (together, alone)
    ]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 13
