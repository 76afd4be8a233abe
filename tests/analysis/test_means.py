import numpy as np
import pandas as pd
import pytest

from analysis.means import means_over_networks
from analysis.statistics import mean_interval


def means(seed=0, **columns):
    table = pd.DataFrame({"rule": "a", **columns})
    return means_over_networks(table, ["rule"], "net", ["x", "y"], seed)


def test_networks_weigh_the_same_whatever_their_number_of_rows():
    found = means(net=[0, 0, 1], x=[1.0, 0.0, 2.0], y=[True, True, False])
    [row] = found.to_dict("records")
    assert (row["n_networks"], row["n_trials"]) == (2, 3)
    assert (row["x"], row["y"]) == (1.25, 0.5)
    assert 0.5 <= row["x_low"] < 1.25 < row["x_high"] <= 2


def test_the_interval_depends_on_nothing_but_the_values_and_the_seed():
    x = np.random.default_rng(0).normal(size=6)
    [row] = means(net=range(6), x=x, y=x).to_dict("records")
    assert (row["x_low"], row["x_high"]) == (row["y_low"], row["y_high"])
    interval = mean_interval(x)
    assert (row["x"], row["x_low"]) == pytest.approx((interval.value, interval.low))
    assert not means(1, net=range(6), x=x, y=x)["x_low"].equals(pd.Series([row["x_low"]]))


def test_networks_without_a_value_do_not_count():
    [row] = means(net=[0, 1], x=[np.nan, 3.0], y=[1, 1]).to_dict("records")
    assert row["x"] == 3 and np.isnan(row["x_low"])


def test_no_rows():
    found = means(net=[], x=[], y=[])
    assert not len(found)
    assert list(found)[:4] == ["rule", "n_networks", "n_trials", "x"]
