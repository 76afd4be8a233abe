import numpy as np
import pandas as pd

from analysis.configurations import configurations, empty_where_chosen

NETWORK = ["rule", "gamma", "network_seed"]


def table(*rows):
    return pd.DataFrame(rows, columns=NETWORK)


def test_a_flag_tells_which_gammas_were_chosen():
    rows = table(("a", 1.4, 0), ("a", 1.5, 0), ("a", 1.4, 1))
    emptied = empty_where_chosen(rows.assign(gamma_chosen=[False, True, False]), "gamma")
    assert list(emptied["gamma"].isna()) == [False, True, False]
    assert list(emptied["gamma"].dropna()) == [1.4, 1.4]


def test_a_table_without_rows():
    assert not list(configurations(table(), ["rule"]))


def test_empty_cells_are_one_configuration():
    rows = table(("b", np.nan, 0), ("a", 1.0, 0), ("b", np.nan, 1))
    found = [(setting, len(group)) for setting, group in configurations(rows, ["rule", "gamma"])]
    assert [(setting["rule"], n) for setting, n in found] == [("a", 1), ("b", 2)]
    assert np.isnan(found[1][0]["gamma"])
