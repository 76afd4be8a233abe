import numpy as np
import pandas as pd

from analysis.configurations import configurations, empty_where_chosen

NETWORK = ["rule", "gamma", "network_seed"]


def table(*rows, **more):
    return pd.DataFrame(rows, columns=NETWORK).assign(**more)


def gammas(*rows, **more):
    emptied = empty_where_chosen(table(*rows, **more), "gamma", NETWORK, "network_seed")
    return [None if np.isnan(value) else value for value in emptied["gamma"]]


def test_a_flag_tells_which_gammas_were_chosen():
    rows = [("a", 1.4, 0), ("a", 1.5, 0), ("a", 1.4, 1)]
    assert gammas(*rows, gamma_chosen=[False, True, False]) == [1.4, None, 1.4]


def test_without_a_flag_gammas_that_differ_between_networks_were_chosen():
    assert gammas(("a", 1.4, 0), ("a", 1.41, 1), ("b", 1.2, 0), ("b", 1.2, 1)) == [
        None,
        None,
        1.2,
        1.2,
    ]


def test_without_a_flag_several_gammas_of_one_network_are_a_grid():
    rows = [("a", 1.4, 0), ("a", 1.5, 0), ("a", 1.4, 1), ("a", 1.5, 1)]
    assert gammas(*rows) == [1.4, 1.5, 1.4, 1.5]


def test_a_table_without_rows():
    assert gammas() == []
    assert not list(configurations(table(), ["rule"]))


def test_empty_cells_are_one_configuration():
    rows = table(("b", np.nan, 0), ("a", 1.0, 0), ("b", np.nan, 1))
    found = [(setting, len(group)) for setting, group in configurations(rows, ["rule", "gamma"])]
    assert [(setting["rule"], n) for setting, n in found] == [("a", 1), ("b", 2)]
    assert np.isnan(found[1][0]["gamma"])
