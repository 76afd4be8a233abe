import numpy as np
import pandas as pd
import pytest

from analysis.completion import completion
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_completion
from figures.common import PAPER_RULES, RULE_COLOURS
from tests.analysis.folder import COMPLETION, write
from tests.analysis.rows import basins, lowrank
from tests.figures.panels import with_band


def labelled(ax):
    """The lines of a panel's legend by their labels."""
    handles, labels = ax.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def stored(folder):
    """The patterns that the figure is of, picked by hand."""
    table = tables.read(schemas.LOWRANK_COMPLETION, folder)
    return table[table["rule"].isin(PAPER_RULES) & (table["correlation"] == 0)]


def test_the_numbers_are_those_of_the_analysis(folder):
    found = lowrank_completion.numbers(folder)
    expected = completion(stored(folder)).query("measure == 'overlap'")
    pd.testing.assert_frame_equal(found["completion"], expected)
    shares = found["completed_shares"].set_index(["rule", "load", "flip_fraction"])["completed"]
    assert len(shares) == 4 * 20
    for (rule, load, flips), share in shares.items():
        of_load = stored(folder).query(f"rule == '{rule}' and load == {load} and start == 'stored'")
        # Flips are found as n/K, and the steps of .025 by adding: both are rounded.
        expected = (of_load["completed"].fillna(-1) > flips - 1e-6).mean()
        assert share == pytest.approx(expected)


def test_completed_flips_against_load(folder):
    figure = lowrank_completion.draw(folder)
    ax, *shares = figure.axes
    assert (ax.get_title(), ax.get_xlabel()) == ("N = 100", "load p/N")
    found = lowrank_completion.numbers(folder)["completion"]
    of_rule = found[found["rule"] == "optimised"]
    drawn, ends = with_band(ax, RULE_COLOURS["optimised"])
    np.testing.assert_allclose(drawn, of_rule[["load", "completed"]].astype(float))
    np.testing.assert_allclose(ends, of_rule[["completed_low", "completed_high"]].astype(float))
    assert len(shares) == 3  # a panel for each rule
    assert [ax.get_title() for ax in shares] == ["Hebbian", "pseudo-inverse", "optimised"]


def test_rules_that_recall_nothing_have_no_point(folder):
    ax = lowrank_completion.draw(folder).axes[0]
    for rule, heights in (("Hebbian", [np.nan]), ("pseudo-inverse", [0.3])):
        line = labelled(ax)[rule]
        np.testing.assert_allclose(line.get_ydata().astype(float), heights)
        assert line.get_color() == RULE_COLOURS[{"Hebbian": "hebbian"}.get(rule, "pseudo_inverse")]


def test_the_papers_line_ends_at_its_capacity(folder):
    ax = lowrank_completion.draw(folder).axes[0]
    dashed = [
        tuple(line.get_xdata())
        for line in ax.get_lines()
        if line.get_linestyle() == "--" and len(line.get_xdata())
    ]
    assert sorted(dashed) == [(0, 0.3), (0, 0.5)]
    assert "paper, by its text" in labelled(ax)


def test_lines_of_the_text_and_of_what_was_measured_before(folder):
    ax = lowrank_completion.draw(folder).axes[0]
    [dotted] = [line for line in ax.get_lines() if line.get_linestyle() == ":"]
    np.testing.assert_allclose(dotted.get_xydata(), [[0, 0.425], [0.425, 0]])
    assert dotted.get_label() == "0.425 - load"


def test_shares_against_flips_at_each_load(folder):
    *_, ax = lowrank_completion.draw(folder).axes
    assert ax.get_xlabel() == "flipped part of the start"
    curves = labelled(ax)
    assert list(curves) == ["0.1", "0.3"]
    # Three networks with 0, .1, .1 and .1 each.
    steps = np.arange(20) / 40
    expected = np.where(steps == 0, 1, np.where(steps < 0.11, 0.75, 0))
    np.testing.assert_allclose(curves["0.3"].get_xydata(), np.column_stack([steps, expected]))
    assert (np.diff(curves["0.1"].get_ydata()) <= 0).all()
    criterion = [line for line in ax.get_lines() if list(line.get_ydata()) == [0.9, 0.9]]
    assert len(criterion) == 1


def test_of_many_loads_all_are_shown(tmp_path):
    many = [row | {"n_patterns": p} for row in COMPLETION[:48] for p in range(2, 42, 2)]
    write(tmp_path, {schemas.LOWRANK_COMPLETION: lowrank(many, schemas.LOWRANK_COMPLETION)})
    *_, ax = lowrank_completion.draw(tmp_path).axes
    assert list(labelled(ax)) == [f"{p / 100:g}" for p in range(2, 42, 2)]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        basins([None] * 3, start="random"),
        basins([0.2] * 3, rule="extended"),
        basins([0.2] * 3, gamma_chosen=False),
    ],
    ids=["empty", "random vertices", "other rules", "other gammas"],
)
def test_nothing_to_draw(rows, tmp_path):
    table = lowrank(rows, schemas.LOWRANK_COMPLETION)
    write(tmp_path, {schemas.LOWRANK_COMPLETION: table})
    with pytest.raises(InputError, match="nothing to draw: the tables have no stored patterns of"):
        lowrank_completion.draw(tmp_path)
