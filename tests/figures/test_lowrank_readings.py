import numpy as np
import pandas as pd
import pytest

from analysis.capacity import capacity
from analysis.overlap import overlap_summary
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_readings
from figures.common import RULE_COLOURS
from tests.analysis.folder import random_vertices
from tests.analysis.rows import lowrank, shares
from tests.figures.panels import lines, points

SEEDS = (0, 1)
ZEROED, RESCALED = {"rule": "pseudo_inverse_zeroed"}, {"rule": "pseudo_inverse_rescaled"}
# Of four patterns so many are recalled at each n_patterns, by rule and kappa.
ROWS = [
    row | {"kappa": kappa} | rule
    for kappa, fall, rule in (
        (5.0, {20: 4, 30: 2, 40: 0}, ZEROED),
        (1.0, {20: 3, 30: 0, 40: 0}, ZEROED),
        (5.0, {20: 4, 30: 4, 40: 3}, RESCALED),
        (1.0, {20: 4, 30: 4, 40: 2}, RESCALED),
    )
    for row in shares("n_patterns", fall, 4, SEEDS)
]
ROWS += [row | {"kappa": 5.0} for row in random_vertices({20: 0, 30: 0, 40: 1}, **ZEROED)]
# A larger network, with one rule at one rate, and a smaller one with as many as the first.
LARGER = [row | {"n_neurons": 400} for row in ROWS if row["kappa"] == 5.0][:24]
SMALLER = [row | {"n_neurons": 80} for row in ROWS]


def written(rows, folder):
    tables.write(lowrank(rows), schemas.LOWRANK_CAPACITY, folder, {})
    return folder


def test_the_numbers_are_those_of_the_analysis_at_one_size(tmp_path):
    found = lowrank_readings.numbers(written(SMALLER + LARGER + ROWS, tmp_path))
    assert set(found["overlap_summary"]["n_neurons"]) == {100}
    trials = lowrank(ROWS)
    expected = overlap_summary(trials, "lowrank_capacity")
    pd.testing.assert_frame_equal(found["overlap_summary"], expected)
    pd.testing.assert_frame_equal(found["capacity"], capacity(trials))


@pytest.mark.parametrize(
    "other",
    [
        {"rule": "hebbian"},
        {"gamma_chosen": False, "gamma": 0.1},
        {"correlation": 0.4},
        {"flip_fraction": 0.1},
        {"duration": 5.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_shown(other, tmp_path):
    one, two = (tables.make_folder(tmp_path / name) for name in "ab")
    more = [row | other | {"overlap": 0.0} for row in ROWS]
    expected = lowrank_readings.numbers(written(ROWS, one))
    found = lowrank_readings.numbers(written(ROWS + more, two))
    for name in expected:
        pd.testing.assert_frame_equal(found[name], expected[name])


def test_a_column_for_each_rate(tmp_path):
    figure = lowrank_readings.draw(written(ROWS, tmp_path))
    assert [ax.get_title() for ax in figure.axes[:2]] == ["kappa = 1", "kappa = 5"]
    assert figure.axes[0].get_ylabel() == "overlap, mean"
    assert figure.axes[2].get_ylabel() == "share recalled"
    assert figure.axes[3].get_xlabel() == "load p/N"
    assert "N = 100, " in figure.get_suptitle()
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["pseudo-inverse, own axis zeroed", "pseudo-inverse, zeroed and rescaled"]
    for ax in figure.axes:
        assert [line.get_xdata()[0] for line in lines(ax, linestyle=":")] == [0.3]


@pytest.mark.parametrize(
    ("column", "rule", "recalled"),
    [
        (0, "pseudo_inverse_zeroed", [3, 0, 0]),
        (1, "pseudo_inverse_zeroed", [4, 2, 0]),
        (0, "pseudo_inverse_rescaled", [4, 4, 2]),
        (1, "pseudo_inverse_rescaled", [4, 4, 3]),
    ],
)
def test_curves_of_each_rule_and_rate(column, rule, recalled, tmp_path):
    axes = lowrank_readings.draw(written(ROWS, tmp_path)).axes
    share = np.array(recalled) / 4
    [overlap] = lines(axes[column], color=RULE_COLOURS[rule], marker="o")
    # Those that are not recalled have an overlap of one half.
    expected = np.column_stack([[0.2, 0.3, 0.4], share + (1 - share) / 2])
    np.testing.assert_allclose(points(overlap), expected)
    [success] = lines(axes[2 + column], color=RULE_COLOURS[rule], marker="o")
    np.testing.assert_allclose(points(success)[:, 1], share)


def test_random_vertices_that_are_kept(tmp_path):
    *_, bottom = lowrank_readings.draw(written(ROWS, tmp_path)).axes
    [control] = lines(bottom, color=RULE_COLOURS["pseudo_inverse_zeroed"], linestyle="--")
    np.testing.assert_allclose(points(control), [[0.2, 0], [0.3, 0], [0.4, 0.25]])
    assert not lines(bottom, color=RULE_COLOURS["pseudo_inverse_rescaled"], linestyle="--")


@pytest.mark.parametrize("rows", [[], [row | {"rule": "hebbian"} for row in ROWS]])
def test_nothing_to_draw(rows, tmp_path):
    with pytest.raises(InputError, match="nothing to draw: the tables have no undamaged starts"):
        lowrank_readings.draw(written(rows, tmp_path))
