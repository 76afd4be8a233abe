import numpy as np
import pandas as pd

from figures.readable import MOST_ROWS, readable, text, with_limits


def test_a_value_and_its_limits_become_one_column():
    table = pd.DataFrame(
        {"rule": ["a", "b"], "x": [0.5, np.nan], "x_low": [0.25, 0.1], "x_high": [0.75, np.nan]}
    )
    found = readable(table)
    assert found.head == ["rule", "x [95 %]"]
    assert found.rows == [["a", "0.5 [0.25, 0.75]"], ["b", "at least 0.1"]]


def test_limits_that_are_not_known():
    unknown = np.nan
    assert with_limits(1.5, unknown, unknown) == "1.5"
    assert with_limits(1.5, 1.0, unknown) == "1.5 [1, ?]"
    assert with_limits(unknown, 1.0, 2.0) == "1 to 2"
    assert with_limits(unknown, unknown, 2.0) == "at most 2"
    assert with_limits(unknown, unknown, unknown) == ""
    assert with_limits(0.0, -0.5, 0.25, "+.3g") == "0 [-0.5, +0.25]"


def test_what_is_the_same_in_all_rows_is_told_once():
    table = pd.DataFrame({"n": [3, 3], "x": [0.1, 0.2], "empty": [np.nan, np.nan]})
    found = readable(table)
    assert (found.same, found.head) == (["n 3"], ["x"])
    assert readable(table[:1]).head == ["n", "x", "empty"]


def test_long_tables_are_shortened():
    found = readable(pd.DataFrame({"x": range(MOST_ROWS + 2)}))
    assert (len(found.rows), found.n_rows) == (MOST_ROWS, MOST_ROWS + 2)
    assert readable(pd.DataFrame({"x": []})).rows == []


def test_cells():
    values = (True, np.bool_(False), 1234567, 0.123456, 1e-7, None, pd.NA, np.nan, "a")
    assert [text(value) for value in values] == [
        *("yes", "no", "1234567", "0.1235", "1e-07"),
        *("", "", "", "a"),
    ]
