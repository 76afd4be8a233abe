import numpy as np
import pytest

from analysis.prediction import OUTCOMES, agreement, confusion, reasons
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_prediction
from tests.analysis.rows import lowrank


def starts(n, reason, recalled, **others):
    """n starts of two networks with a prediction and an outcome."""
    known = reason in ("stable", "thin margin")
    change = {
        "predicted_stable": reason == "stable",
        "prediction": reason,
        "predicted_overlap": 0.99,
        "overlap": 0.98 if recalled else 0.3,
        "eigenvalue": 0.5 if known else None,
        "spread": 0.2 if known else None,
        "margin": (5.0 if reason == "stable" else 1.0) if known else None,
    }
    return [change | {"pattern": k, "network_seed": k % 2} | others for k in range(n)]


ROWS = [
    *starts(6, "stable", True),
    *starts(2, "stable", False, rule="hebbian"),
    *starts(4, "thin margin", True, n_patterns=20),
    *starts(9, "no fixed point", False, start="random"),
    *starts(3, "no fixed point", True, rule="pseudo_inverse", trivial=True),
    *starts(5, "stable", True, flip_fraction=0.1),
]


def written(rows, folder):
    tables.write(lowrank(rows, schemas.LOWRANK_PREDICTION), schemas.LOWRANK_PREDICTION, folder, {})
    return folder


def texts(ax):
    return [text.get_text().split("\n") for text in ax.texts]


def test_the_numbers_are_those_of_the_analysis(tmp_path):
    found = lowrank_prediction.numbers(written(ROWS, tmp_path))
    trials = tables.read(schemas.LOWRANK_PREDICTION, tmp_path)
    for name, of in (
        ("prediction_confusion", confusion),
        ("agreement", agreement),
        ("reasons", reasons),
    ):
        assert found[name].equals(of(trials))


def test_counts_and_shares_of_the_columns(tmp_path):
    figure = lowrank_prediction.draw(written(ROWS, tmp_path))
    matrix, conditions = figure.axes[:2]
    # 13 of the 24 undamaged starts are recalled, 11 are not.
    assert texts(matrix) == [["6", "46.2%"], ["2", "18.2%"], ["7", "53.8%"], ["9", "81.8%"]]
    assert [tick.get_text() for tick in conditions.get_yticklabels()] == [
        "no fixed point",
        "thin margin",
    ]
    assert texts(conditions) == [["3", "23.1%"], ["9", "81.8%"], ["4", "30.8%"], ["0", "0.0%"]]
    assert "24 starts of" in figure.get_suptitle()
    # 6 + 9 are predicted right; 13 would be, were all predicted stable.
    assert matrix.get_xlabel() == "right: 62.5%; base rate: 54.2%"


def test_overlaps_of_true_positives(tmp_path):
    exact = starts(1, "stable", True, overlap=1.0, predicted_overlap=1.0)
    ax = lowrank_prediction.draw(written(ROWS + exact, tmp_path)).axes[2]
    points = {
        line.get_label(): line.get_xydata() for line in ax.get_lines() if line.get_marker() == "."
    }
    np.testing.assert_allclose(points["optimised"], [[0.02, 0.01]] * 6 + [[1e-5, 1e-5]])
    assert not len(points["Hebbian"])


def test_a_panel_for_each_column_that_is_split(tmp_path):
    figure = lowrank_prediction.draw(written(ROWS, tmp_path))
    panels = {ax.get_title(): ax for ax in figure.axes[3:9]}
    assert list(panels) == ["", "trivial", "rule", "load p/N", "kappa", "gamma"]
    names = [tick.get_text() for tick in panels["rule"].get_xticklabels()]
    assert names == ["Hebbian", "optimised", "pseudo-inverse"]
    found = agreement(tables.read(schemas.LOWRANK_PREDICTION, tmp_path))
    expected = found[found["by"] == "load"]["agreement"]
    line = panels["load p/N"].containers[0][0]
    np.testing.assert_allclose(line.get_ydata().astype(float), expected)
    [levels] = [c for c in panels["load p/N"].collections if c.get_label() == "base rate"]
    expected = found[found["by"] == "load"]["base_rate"]
    np.testing.assert_allclose([segment[0, 1] for segment in levels.get_segments()], expected)
    legend = [
        text.get_text() for sub in figure.subfigs for box in sub.legends for text in box.texts
    ]
    assert legend[0] == "base rate"


def test_where_the_errors_are(tmp_path):
    figure = lowrank_prediction.draw(written(ROWS, tmp_path))
    margin = figure.axes[-1]
    dots = [line for line in margin.get_lines() if line.get_marker() == "."]
    assert [len(line.get_ydata()) for line in dots] == [6, 2, 4, 0]
    ticks = [tick.get_text().split("\n") for tick in margin.get_xticklabels()]
    assert [" ".join(tick[:2]) for tick in ticks] == list(OUTCOMES)
    assert [tick[2] for tick in ticks] == ["6/6", "2/2", "4/7", "0/9"]


def test_margins_out_of_range_are_drawn_at_its_ends(tmp_path):
    margins = [row | {"margin": m} for row, m in zip(ROWS, (np.inf, -np.inf, 3.0), strict=False)]
    margin = lowrank_prediction.draw(written(margins, tmp_path)).axes[-1]
    first = next(line for line in margin.get_lines() if line.get_marker() == ".")
    np.testing.assert_allclose(first.get_ydata(), [100, 0.1, 3])


@pytest.mark.parametrize("rows", [[], starts(3, "stable", True, flip_fraction=0.1)])
def test_nothing_to_draw(rows, tmp_path):
    with pytest.raises(InputError, match="the tables have no undamaged starts"):
        lowrank_prediction.draw(written(rows, tmp_path))
