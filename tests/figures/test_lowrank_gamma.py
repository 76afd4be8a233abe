import numpy as np
import pandas as pd
import pytest

from analysis.gamma import best_gamma
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_gamma
from figures.common import RULE_COLOURS
from tests.analysis.folder import CAPACITY, SCANNED
from tests.analysis.rows import lowrank
from tests.figures.panels import lines, points

# Overlaps by gamma, in networks of 100 and of 200 neurons; what the rule chooses is 1.5.
LOW = {1.2: 0.98, 1.4: 0.99, 1.6: 0.985, 1.8: 0.6, None: 0.97}
HIGH = {1.2: 0.3, 1.4: 0.7, 1.6: 0.4, 1.8: 0.2, None: 0.65}
LARGER = {1.2: 0.999, 1.4: 0.9, 1.6: 0.8, 1.8: 0.7, None: 0.96}


def scan(overlaps, seeds=(1000, 1001), **others):
    return [
        {"gamma": 1.5 if gamma is None else gamma, "gamma_chosen": gamma is None}
        | {"overlap": overlap, "network_seed": seed, "pattern": k}
        | others
        for gamma, overlap in overlaps.items()
        for seed in seeds
        for k in range(2)
    ]


ROWS = [
    *scan(LOW, n_patterns=20),
    *scan(HIGH, n_patterns=40),
    *scan(LARGER, n_neurons=200, n_patterns=40),
    *scan(LOW, n_patterns=30, rule="pseudo_inverse_zeroed"),
]


def written(rows, folder):
    tables.write(lowrank(rows), schemas.LOWRANK_CAPACITY, folder, {})
    return folder


def test_the_numbers_are_those_of_the_analysis(tmp_path):
    found = lowrank_gamma.numbers(written(ROWS, tmp_path))["best_gamma"]
    expected = best_gamma(tables.read(schemas.LOWRANK_CAPACITY, tmp_path))
    pd.testing.assert_frame_equal(found, expected)
    rows = found.set_index(["rule", "n_neurons", "load"]).loc[("optimised", 100, 0.2)]
    assert (rows["gamma"], rows["gamma_low"], rows["gamma_high"]) == (1.4, 1.2, 1.6)
    assert (rows["chosen"], rows["n_gammas"], rows["n_networks"]) == (1.5, 4, 2)


@pytest.mark.parametrize(
    "other",
    [{"network_seed": 0, "gamma_chosen": True}, {"kappa": 1.0}, {"correlation": 0.4}],
    ids=["not scanned", "kappa", "correlation"],
)
def test_networks_that_do_not_count(other, tmp_path):
    more = [row | {"overlap": 1.0} | other for row in ROWS]
    one, two = (tables.make_folder(tmp_path / name) for name in "ab")
    expected = lowrank_gamma.numbers(written(ROWS, one))["best_gamma"]
    found = lowrank_gamma.numbers(written(ROWS + more, two))["best_gamma"]
    pd.testing.assert_frame_equal(found, expected)


def test_a_column_for_each_rule(tmp_path):
    figure = lowrank_gamma.draw(written(ROWS, tmp_path))
    zeroed, optimised, lost_zeroed, lost = figure.axes
    assert [ax.get_title() for ax in (zeroed, optimised)] == [
        "pseudo-inverse,\nown axis zeroed",
        "optimised",
    ]
    assert optimised.title.get_color() == RULE_COLOURS["optimised"]
    assert zeroed.get_ylabel() == "best gamma" and lost_zeroed.get_ylabel() == "overlap lost"
    assert lost.get_xlabel() == "load p/N"
    assert figure.get_suptitle() == "2 networks, kappa = 5"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["N = 100", "N = 200"]


def test_best_gammas_with_their_range_and_crosses_where_none_recalls(tmp_path):
    _, ax, _, lost = lowrank_gamma.draw(written(ROWS, tmp_path)).axes
    small, larger = ax.containers
    np.testing.assert_allclose(points(small[0]), [[0.2, 1.4]])
    np.testing.assert_allclose(points(larger[0]), [[0.2, 1.2]])
    # One mark lies inside the other.
    assert small[0].get_markersize() > larger[0].get_markersize()
    assert (small[0].get_markerfacecolor(), larger[0].get_markerfacecolor()) == (
        *("none", lowrank_gamma.SIZE_COLOURS[1]),
    )
    [bars] = small[2]
    np.testing.assert_allclose(bars.get_segments()[0][:, 1], [1.2, 1.6])
    [cross] = lines(ax, marker="x")
    np.testing.assert_allclose(points(cross), [[0.4, 1.4]])
    # What the choice costs, where any gamma recalls.
    found = np.concatenate([points(line) for line in lines(lost)])
    np.testing.assert_allclose(found, [[0.2, 0.02], [0.2, 0.039]])


def test_the_window_of_theory_and_the_rules_own_choice(tmp_path):
    zeroed, optimised, *_ = lowrank_gamma.draw(written(ROWS, tmp_path)).axes
    for ax, loads, (low, high) in (
        (optimised, [0.2, 0.4], (1, 2)),
        (zeroed, [0.3], (0.4, 0.8)),
    ):
        corners = ax.collections[0].get_paths()[0].vertices
        assert (corners[:, 1].min(), corners[:, 1].max()) == pytest.approx((low, high))
        [chosen] = lines(ax, color="k", linestyle="-")
        np.testing.assert_allclose(points(chosen), [[load, 1.5] for load in loads])


def test_the_small_tables_of_the_report_are_drawn(folder):
    ax, lost = lowrank_gamma.draw(folder).axes
    found = lowrank_gamma.numbers(folder)["best_gamma"]
    assert set(found["rule"]) == {"optimised"} and (found["gamma"] == 1.2).all()
    np.testing.assert_allclose(points(ax.containers[0][0])[:, 1], found["gamma"])
    np.testing.assert_allclose(found["overlap"], 0.99)
    np.testing.assert_allclose(points(lines(lost)[0])[:, 1], 0.01)
    assert {row["gamma"] for row in SCANNED} == {1.2, 1.5, 1.6}


@pytest.mark.parametrize("rows", [[], CAPACITY], ids=["empty", "no scan"])
def test_nothing_to_draw(rows, tmp_path):
    with pytest.raises(InputError, match="nothing to draw: the tables have no scan of gamma"):
        lowrank_gamma.draw(written(rows, tmp_path))
