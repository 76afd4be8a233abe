import numpy as np
import pandas as pd
import pytest

from analysis.completion import completion
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_extensions
from figures.common import RULE_COLOURS
from tests.analysis.rows import basins, lowrank
from tests.figures.panels import lines, points, with_band

SEEDS = (0, 1)
EXTENDED = {"rule": "extended"}


def exactly(limits, exact, seeds=SEEDS, **others):
    """Patterns that complete some flips by overlap, and others with all signs right."""
    rows = basins(limits, seeds, **others)
    return [row | {"completed_exactly": exact[row["pattern"]]} for row in rows]


ROWS = [
    *exactly([0.2, 0.3], [0.1, 0.2], n_patterns=20),
    *exactly([0.0, 0.1], [None, None], n_patterns=40),
    *exactly([0.3, 0.3], [0.25, 0.25], n_patterns=20, **EXTENDED),
    *exactly([0.1, 0.1], [0.05, 0.05], n_patterns=40, **EXTENDED),
    *exactly([0.2, 0.3], [0.2, 0.3], n_patterns=40, n_neurons=200, **EXTENDED),
    *exactly([None, None], [None, None], n_patterns=20, start="random"),
    *exactly([None, 0.1], [None, 0.1], n_patterns=40, start="random", **EXTENDED),
    *exactly([0.4], [0.4], n_patterns=20, rule="hebbian"),
]


def written(rows, folder):
    table = lowrank(rows, schemas.LOWRANK_COMPLETION)
    tables.write(table, schemas.LOWRANK_COMPLETION, folder, {})
    return folder


def test_the_numbers_are_those_of_the_analysis(tmp_path):
    found = lowrank_extensions.numbers(written(ROWS, tmp_path))["completion"]
    table = tables.read(schemas.LOWRANK_COMPLETION, tmp_path)
    pd.testing.assert_frame_equal(found, completion(table[table["rule"] != "hebbian"]))


def test_a_column_for_each_size_and_a_row_for_each_measure(tmp_path):
    figure = lowrank_extensions.draw(written(ROWS, tmp_path))
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[:2]] == ["N = 100", "N = 200"]
    by_overlap, _, by_signs, _, recalled, _ = figure.axes
    assert by_overlap.get_ylabel().endswith("overlap above 0.95")
    assert by_signs.get_ylabel().endswith("all signs right")
    assert recalled.get_ylabel() == "share recalled,\nall signs right"
    assert recalled.get_xlabel() == "load p/N"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [
        *("optimised", "antagonists inhibit each other", "random vertices kept", "p = K")
    ]
    assert figure.get_suptitle() == "2 networks, kappa = 5"
    for ax in figure.axes:
        assert [line.get_xdata()[0] for line in lines(ax, color="0.85")] == [0.5]


@pytest.mark.parametrize(("row", "measure"), [(0, "overlap"), (1, "all_signs")])
def test_completed_flips_of_each_rule(row, measure, tmp_path):
    ax = lowrank_extensions.draw(written(ROWS, tmp_path)).axes[2 * row]
    expected = {
        ("optimised", "overlap"): [0.2, 0.0],
        ("extended", "overlap"): [0.3, 0.1],
        ("optimised", "all_signs"): [0.1, np.nan],
        ("extended", "all_signs"): [0.25, 0.05],
    }
    for rule in ("optimised", "extended"):
        found, ends = with_band(ax, RULE_COLOURS[rule])
        np.testing.assert_allclose(found, np.column_stack([[0.2, 0.4], expected[rule, measure]]))
        # All networks are alike.
        np.testing.assert_allclose(ends[:, 0], ends[:, 1])
    larger = lowrank_extensions.draw(tmp_path).axes[2 * row + 1]
    found, _ = with_band(larger, RULE_COLOURS["extended"])
    np.testing.assert_allclose(found[:, 1], 0.2)


def test_bands_are_the_limits_over_networks(tmp_path):
    rows = [row for seed in range(6) for row in basins([0.1 + 0.02 * seed] * 5, (seed,))]
    ax = lowrank_extensions.draw(written(rows, tmp_path)).axes[0]
    [of_measure] = (
        lowrank_extensions.numbers(tmp_path)["completion"]
        .query("measure == 'overlap'")
        .to_dict("records")
    )
    _, ends = with_band(ax, RULE_COLOURS["optimised"])
    assert of_measure["completed_low"] < of_measure["completed_high"]
    np.testing.assert_allclose(ends, [[of_measure["completed_low"], of_measure["completed_high"]]])


def test_undamaged_patterns_and_random_vertices(tmp_path):
    ax = lowrank_extensions.draw(written(ROWS, tmp_path)).axes[4]
    for rule, recalled, kept in (
        ("optimised", [1, 0], [0, np.nan]),
        ("extended", [1, 1], [np.nan, 0.5]),
    ):
        [line] = lines(ax, color=RULE_COLOURS[rule], marker="o")
        np.testing.assert_allclose(points(line), [[0.2, recalled[0]], [0.4, recalled[1]]])
        [control] = lines(ax, color=RULE_COLOURS[rule], linestyle="--")
        np.testing.assert_allclose(points(control)[:, 1], kept)


@pytest.mark.parametrize(
    "rows", [[], basins([0.1], rule="hebbian"), basins([0.1], gamma_chosen=False)]
)
def test_nothing_to_draw(rows, tmp_path):
    with pytest.raises(InputError, match="nothing to draw: the tables have no stored patterns"):
        lowrank_extensions.draw(written(rows, tmp_path))
