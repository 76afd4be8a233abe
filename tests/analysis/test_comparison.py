import re

import numpy as np
import pandas as pd
import pytest

from analysis import comparison
from analysis.capacity import capacity
from analysis.papers import reported
from analysis.papers.rows import in_words
from analysis.statistics import Interval
from brianmem import schemas, tables
from brianmem.errors import InputError
from tests.analysis.folder import CAPACITY, COMPLETION, HITS, MAIN, RECALL, SCAN, write
from tests.analysis.rows import delay, lowrank

NEW = (schemas.LOWRANK_CAPACITY, schemas.LOWRANK_COMPLETION, schemas.DELAY_SCAN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    return comparison.comparison(folder).set_index("quantity")


def of_one(folder, schema, table):
    """The rows of a table that is alone in its folder."""
    write(folder, {schema: table})
    return comparison.comparison(folder, partial=True).set_index("quantity")


def test_shares_of_networks(rows):
    row = rows.loc["optimised: networks that recall all patterns"]
    assert (row["paper"], row["here"], row["n"]) == ("all (of one)", "2 of 3", 3)
    assert (row["paper_value"], row["value"]) == (1, pytest.approx(2 / 3))
    assert 0 <= row["low"] < row["value"] < row["high"] <= 1
    for name, limit in (("difference", "value"), ("difference_low", "low")):
        assert row[name] == pytest.approx(row[limit] - 1)


def test_networks_whose_patterns_coincide_are_left_out_of_a_row(rows, tmp_path):
    name = "optimised: networks that recall all patterns"
    usable = f"{name}, usable sets (|cosine| < 0.8)"
    assert rows["here"][usable] == rows["here"][name] == "2 of 3"
    close = [row | {"pattern_correlation": 0.8} for row in RECALL if row["network_seed"] == 2]
    others = [row for row in RECALL if row["network_seed"] != 2]
    table = lowrank(others + close, schemas.LOWRANK_RECALL)
    found = of_one(tmp_path, schemas.LOWRANK_RECALL, table)
    assert (found["here"][name], found["here"][usable]) == ("2 of 3", "2 of 2")
    assert (found["paper"][usable], found["n"][usable]) == ("all (of one)", 2)
    table = lowrank(close, schemas.LOWRANK_RECALL)
    assert usable not in of_one(tmp_path, schemas.LOWRANK_RECALL, table).index


def test_what_the_paper_does_not_show_has_no_difference(rows):
    row = rows.loc["optimised: trials with 10% flips completed"]
    assert (row["paper"], row["here"]) == ("not shown", "83% of 6")
    assert row["value"] == pytest.approx(5 / 6)
    assert row[["paper_value", "difference", "difference_low", "difference_high"]].isna().all()


def test_errors_of_the_clock(rows):
    clock = "Brian2 with a clock, dt 0.01 tau"
    assert rows["here"][f"{clock}: first wrong spike (median)"] == "number 2"
    error = rows.loc[f"{clock}: |error of the overlap| (mean)"]
    assert (error["here"], error["n"]) == ("0.100", 3)
    assert error["value"] == pytest.approx(0.1)


def test_capacities_of_the_largest_networks(rows):
    table = MAIN[schemas.LOWRANK_CAPACITY].query("gamma_chosen and correlation == 0 and kappa == 5")
    found = capacity(table).set_index(["rule", "n_neurons"])
    row = rows.loc["capacity, optimised, N = 200: load at which half are recalled"]
    expected = found[found["measure"] == "overlap"].loc[("optimised", 200)]
    assert (row["paper"], row["paper_value"], row["n"]) == ("about 0.5", 0.5, 3)
    assert row["value"] == expected["capacity"]
    assert (expected["reason"], row["here"]) == ("separated", "between 0.2 and 0.4")
    assert row["difference"] == pytest.approx(row["value"] - 0.5)
    beyond = rows.loc["capacity, pseudo_inverse, N = 100: load at which half are recalled"]
    assert (beyond["here"], beyond["low"]) == ("above 0.4, the highest tried", 0.4)
    assert np.isnan(beyond["difference"]) and beyond["difference_low"] == pytest.approx(0.1)
    below = rows.loc["capacity, hebbian, N = 100: load at which half are recalled"]
    assert (below["here"], below["paper"]) == ("below 0.2, the lowest tried", "not shown")
    kept = rows.loc["capacity, pseudo_inverse, N = 100: random vertices kept at most (control)"]
    assert (kept["here"], kept["value"]) == ("100%", 1)


def test_completion_at_low_and_high_loads(rows, tmp_path):
    quantity = "completion, {}, N = 100, load {}: part flipped that 90% of patterns complete"
    row = rows.loc[quantity.format("optimised", 0.1)]
    assert (row["paper"], row["paper_value"]) == ("about 0.3 at low loads", 0.3)
    assert row["value"] == 0.1 and rows["value"][quantity.format("optimised", 0.3)] == 0
    assert rows["here"][quantity.format("hebbian", 0.1)] == "not even undamaged"
    assert rows["paper"][quantity.format("hebbian", 0.1)] == "not shown"
    table = MAIN[schemas.LOWRANK_COMPLETION]
    pseudo_inverse = table[table["rule"] == "optimised"].assign(rule="pseudo_inverse")
    rows = of_one(tmp_path, schemas.LOWRANK_COMPLETION, pseudo_inverse)
    assert rows["paper"].tolist() == ["about 0.3 at low loads", "none at capacity"]
    assert rows["paper_value"][quantity.format("pseudo_inverse", 0.3)] == 0


def test_digits_of_one_network_have_no_interval(rows):
    row = rows.loc["digits, optimised: completed from 15% flips"]
    assert (row["here"], row["value"], row["difference"], row["n"]) == ("10 of 10", 1, 0, 1)
    assert np.isnan(row["low"])


def test_f1_of_delay_networks(rows):
    row = rows.loc["delay network, deconvolved: F1, mean (least) of 3 seeds"]
    expected = [2 * hits / (2 * hits + 1) for hits in (9, 8, 7)]
    assert row["value"] == pytest.approx(np.mean(expected))
    assert row["here"] == f"{np.mean(expected):.4f} ({min(expected):.4f})"
    assert row["paper_value"] == 1 and row["difference"] < 0


def test_points_of_scans_that_the_paper_has_too(rows):
    points = rows[rows.index.str.contains("delay scan, hebbian, ")]
    assert points["paper"].to_dict() == {
        "delay scan, hebbian, baseline: F1, mean (least) of 3 seeds": "1.0",
        "delay scan, hebbian, n_delays 3: F1, mean (least) of 3 seeds": "0.15",
    }
    assert points["paper_source"].str.contains("after gradient training; the text of arXiv").all()
    assert points["difference"].iloc[1] == pytest.approx(points["value"].iloc[1] - 0.15)


def test_changes_along_scans_are_of_the_same_networks(rows):
    row = rows.loc["delay scan, hebbian: change of F1 from n_delays 3 to 41"]
    change = [2 * h / (2 * h + 3) - 2 * h / (2 * h + 33) for h in (9, 8, 7)]
    assert row["value"] == pytest.approx(np.mean(change))
    assert row["here"].startswith("+") and row["paper"] == "rises"
    assert not rows.index.str.contains("n_steps").any()  # which was not scanned


def test_other_thresholds_and_gains_are_not_compared(tmp_path, rows):
    other = [row | {"scanned": "threshold", "threshold": 9.0} for row in HITS]
    other += [row | {"gain": 2.0} for row in SCAN]
    found = of_one(tmp_path, schemas.DELAY_SCAN, delay(SCAN + other, schemas.DELAY_SCAN))
    pd.testing.assert_frame_equal(found, rows[rows.index.str.startswith("delay scan")])


@pytest.mark.parametrize("empty", [[], SCAN[:0], HITS])
def test_a_scan_of_nothing_has_no_rows(empty, tmp_path):
    assert not len(of_one(tmp_path, schemas.DELAY_SCAN, delay(empty, schemas.DELAY_SCAN)))


def test_rows_do_not_depend_on_other_tables(rows, tmp_path):
    for schema, table in MAIN.items():
        alone = of_one(tables.make_folder(tmp_path / schema.name), schema, table)
        pd.testing.assert_frame_equal(alone, rows.loc[alone.index])


# What is not compared: each recalls and completes nothing, and would show.
OTHERS = (
    {"duration": 10.0},
    {"gamma": 1.2, "gamma_chosen": False},
    {"correlation": 0.4},
    {"kappa": 1.0},
)
NOTHING = {"overlap": 0.0, "signs_correct": 0.0, "completed": None, "completed_exactly": None}
RATES = [row | {"rule": "pseudo_inverse_zeroed"} for row in CAPACITY if row["rule"] == "optimised"]


def test_quantities_of_many_configurations_are_unique(tmp_path):
    """The first duration and rate of networks whose rule chose gamma, without correlation."""
    for schema, rows in ((NEW[0], CAPACITY + RATES), (NEW[1], COMPLETION)):
        many = [row | other | NOTHING for other in OTHERS for row in rows]
        alone = of_one(tables.make_folder(tmp_path / schema.name), schema, lowrank(rows, schema))
        folder = tables.make_folder(tmp_path / f"{schema.name}_many")
        found = of_one(folder, schema, lowrank(rows + many, schema))
        assert found.index.is_unique and len(alone) >= 4
        pd.testing.assert_frame_equal(found.loc[alone.index], alone)
        # The capacity of one rule depends on the rate, and is compared at all of them.
        more = found.drop(alone.index)
        expected = "capacity, pseudo_inverse_zeroed, N = 100, kappa 1: "
        assert more.index.str.startswith(expected).all()
        nothing = ["0%", "below 0.2, the lowest tried", "below 0.2, the lowest tried"]
        assert sorted(more["here"]) == (nothing if schema is schemas.LOWRANK_CAPACITY else [])
        assert not found.index.str.contains("gamma|duration|correlation").any()


def test_the_new_tables_may_be_missing_and_the_others_may_not(folder, tmp_path, capsys):
    write(tmp_path, {schema: table for schema, table in MAIN.items() if schema not in NEW})
    assert comparison.main(["--tables", str(tmp_path)]) == 0
    assert "capacity" not in capsys.readouterr().out
    (tmp_path / "delay_recall.csv").unlink()
    assert comparison.main(["--tables", str(tmp_path)]) == 2
    assert "delay_recall.csv is missing: run its protocol first" in capsys.readouterr().err
    with pytest.raises(InputError, match=re.escape("lowrank_recall.csv is missing")):
        comparison.comparison(tmp_path / "nowhere")
    assert not len(comparison.comparison(tmp_path / "nowhere", partial=True))


def test_the_command_prints_words_and_writes_numbers(folder, tmp_path, capsys):
    assert comparison.main(["--tables", str(folder), "--out", str(tmp_path)]) == 0
    head, *lines, path = capsys.readouterr().out.splitlines()
    assert re.split(r"\s{2,}", head) == ["quantity", "paper", "here", "paper_source"]
    table = tables.read(schemas.COMPARISON, tmp_path)
    assert len(lines) == len(table) and path == str(tmp_path / "comparison.csv")
    assert table["quantity"].is_unique
    assert "nan" not in "".join(lines) and "of 0" not in "".join(lines)
    assert comparison.main(["--tables", str(folder), "--out", str(tmp_path), "--short"]) == 0
    assert capsys.readouterr().out.splitlines() == [path]


def test_the_seed_changes_the_limits_alone(folder):
    one, other = (comparison.comparison(folder, seed) for seed in (0, 1))
    assert one["value"].equals(other["value"])
    assert not one["low"].equals(other["low"])


def test_a_negative_seed_ends_with_one_sentence(folder, tmp_path, capsys):
    options = ["--tables", str(folder), "--out", str(tmp_path), "--seed", "-1"]
    assert comparison.main(options) == 2
    assert "--seed must be at least 0, not -1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "shown", "networks", "stage"),
    [
        ({"n_neurons": 512}, "1.0", "N = 512, M = 16", "after gradient training"),
        ({"n_neurons": 1024}, "1.0", "N = 1024, M = 16", "before training"),
        ({"n_neurons": 430}, "0.2", "N = 430, M = 16", "after 16 epochs"),
        (
            {"n_neurons": 1024, "n_delays": 20},
            *("0.215", "N = 1024, M = 16", "after 16 epochs"),
        ),
        ({"n_neurons": 1024, "n_patterns": 8}, "0.9994", "N = 1024", "after 16 epochs"),
        (
            {"n_neurons": 512, "n_steps": 2048},
            *("0.92", "N = 512 (or 256), M = 16", "after gradient training"),
        ),
    ],
)
def test_what_the_paper_reports_of_delay_networks(changes, shown, networks, stage):
    found = reported.f1(reported.BENCHMARK | changes)
    assert (found.text, found.source.networks, found.source.stage) == (shown, networks, stage)
    assert found.value == float(shown)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_neurons": 512, "n_delays": 20},
        {"n_neurons": 1024, "n_delays": 20, "beta": 0.5},
        {"n_neurons": 100},
    ],
)
def test_what_the_paper_does_not_report(changes):
    found = reported.f1(reported.BENCHMARK | changes)
    assert found is reported.NOT_SHOWN and (found.value, found.told_of) == (None, "")


def all_reported():
    for value in vars(reported).values():
        layer = value.values() if isinstance(value, dict) else [value]
        for found in layer:
            yield from found.values() if isinstance(found, dict) else [found]


def test_nothing_is_reported_without_networks_stage_version_and_place():
    found = [r for r in all_reported() if isinstance(r, reported.Reported)]
    sources = [r.source for r in found if r is not reported.NOT_SHOWN]
    assert len(sources) > 40
    for source in sources:
        assert source.networks.startswith("N = ")
        assert source.stage and source.version and source.place
    with pytest.raises(TypeError):
        reported.Reported("1.0")
    with pytest.raises(ValueError, match="needs a source"):
        reported.Reported("1.0", None, 1.0)


def test_a_source_in_words():
    source = reported.Source("N = 20", "before training", "arXiv v1", "Fig. 3", read_off=True)
    assert str(source) == "N = 20; before training; read off Fig. 3 of arXiv v1"


def test_every_row_says_what_the_papers_value_is_of(rows):
    assert ((rows["paper"] == "not shown") == (rows["paper_source"] == "")).all()


def test_values_in_words():
    words = [in_words(Interval(0.5, *limits), ".2f") for limits in ((0.4, 0.6), (0.4, np.nan))]
    assert words == ["0.50 (0.40 to 0.60)", "0.50 (at least 0.40)"]
    assert in_words(Interval(0.5, np.nan, 0.6), ".1f") == "0.5 (at most 0.6)"
    assert in_words(Interval(0.5, np.nan, np.nan), "+.1f") == "+0.5"
