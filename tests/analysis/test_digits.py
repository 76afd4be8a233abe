import numpy as np
import pandas as pd
import pytest

from analysis.digits import COMPLETED, fig_4e, most_digits, with_outcomes
from analysis.papers.lowrank import digits_rows
from brianmem import schemas
from tests.analysis.rows import lowrank, shares


def trials(successes, **others):
    """Of 100 trials in two networks, how many succeed by n_patterns."""
    rows = shares("n_patterns", {n: k // 2 for n, k in successes.items()}, 50, (0, 1), **others)
    return lowrank([row | {"signs_correct": 1.0} for row in rows], schemas.LOWRANK_DIGITS)


def test_figure_4e_has_one_digit_of_each_class_and_the_nearest_flips():
    rows = [
        {"n_patterns": n, "flip_fraction": flips} for n in (10, 20) for flips in (0.1, 0.15, 0.2)
    ]
    found = fig_4e(lowrank(rows, schemas.LOWRANK_DIGITS))
    assert found[["n_patterns", "flip_fraction"]].to_numpy().tolist() == [[10, 0.15]]
    assert not len(fig_4e(lowrank(rows[3:], schemas.LOWRANK_DIGITS)))


def test_outcomes():
    rows = [{"overlap": 0.96, "signs_correct": 0.99}, {"overlap": 0.94, "signs_correct": 1.0}]
    found = with_outcomes(lowrank(rows, schemas.LOWRANK_DIGITS))
    assert found["completed"].tolist() == [True, False]
    assert found["completed_exactly"].tolist() == [False, True]


@pytest.mark.parametrize(
    ("successes", "most"),
    [
        ({10: 100, 100: 98, 200: 96}, 100),
        ({10: 100, 100: 100}, 100),
        ({10: 100, 100: 50, 200: 100}, 10),  # what larger numbers do by chance does not count
        ({10: 50, 100: 100}, np.nan),
    ],
)
def test_the_most_digits_that_are_completed(successes, most):
    [found] = most_digits(trials(successes), ["rule"]).to_dict("records")
    assert found["criterion"] == COMPLETED == 0.98
    assert found["most_tried"] == max(successes)
    np.testing.assert_equal(found["most_digits"], most)
    assert found["most_digits_exactly"] == max(successes)


def test_each_value_of_the_keys_has_a_row():
    table = trials({10: 100, 20: 100})
    table = table.assign(flip_fraction=table["network_seed"] / 10)
    found = most_digits(table, ["rule", "flip_fraction"])
    assert found["flip_fraction"].tolist() == [0.0, 0.1]
    assert list(found) == [
        *("rule", "flip_fraction", "criterion"),
        *("most_digits", "most_digits_exactly", "most_tried"),
    ]


def test_the_comparison_has_figure_4e_and_the_most_digits():
    parts = [
        trials({10: 100, 100: 100}, flip_fraction=0.15),
        trials({10: 100, 100: 60}, flip_fraction=0.25),
        trials({10: 0, 100: 0}, flip_fraction=0.35),
        trials({10: 100, 100: 100}, flip_fraction=0.3),  # not among the flips that are compared
        trials({10: 0}, flip_fraction=0.15, rule="hebbian"),
    ]
    rows = {row["quantity"]: row for row in digits_rows(pd.concat(parts), 0)}
    most = "digits, optimised: stored at most and completed from {} flips, in 98% of trials"
    assert {quantity: row["here"] for quantity, row in rows.items()} == {
        "digits, optimised: completed from 15% flips": "100 of 100",
        "digits, hebbian: completed from 15% flips": "0 of 100",
        most.format("15%"): "100 of 100 tried",
        most.format("25%"): "10 of 100 tried",
        most.format("35%"): "none",
    }
    assert rows[most.format("25%")]["value"] == 10
    assert rows[most.format("25%")]["paper"] == "not shown"
    assert rows["digits, optimised: completed from 15% flips"]["paper_value"] == 1


def test_other_numbers_of_digits_are_not_figure_4e():
    rows = list(digits_rows(trials({100: 100}, flip_fraction=0.25), 0))
    assert [row["here"] for row in rows] == ["100 of 100 tried"]
