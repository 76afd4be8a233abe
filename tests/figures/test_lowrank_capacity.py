import numpy as np
import pandas as pd
import pytest

from analysis.capacity import capacity
from analysis.overlap import overlap_summary
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_capacity
from figures.common import RULE_COLOURS, generator
from tests.analysis.folder import CAPACITY, LARGER, write
from tests.analysis.rows import lowrank


def lines(ax, **properties):
    """The lines of a panel with given properties, such as marker or linestyle."""
    return [
        line
        for line in ax.get_lines()
        if all(getattr(line, f"get_{name}")() == value for name, value in properties.items())
    ]


def test_the_numbers_are_those_of_the_analysis(folder):
    found = lowrank_capacity.numbers(folder)
    trials = tables.read(schemas.LOWRANK_CAPACITY, folder)
    expected = overlap_summary(trials, generator(), "lowrank_capacity")
    pd.testing.assert_frame_equal(found["overlap_summary"], expected)
    pd.testing.assert_frame_equal(found["capacity"], capacity(trials))


def test_a_column_of_panels_for_each_size(folder):
    figure = lowrank_capacity.draw(folder)
    assert len(figure.axes) == 4
    top, larger, bottom, _ = figure.axes
    assert [ax.get_title() for ax in (top, larger)] == ["N = 100", "N = 200"]
    assert bottom.get_xlabel() == "load p/N"
    assert "overlap" in top.get_ylabel() and "share" in bottom.get_ylabel()
    # The larger networks have one rule.
    for ax, rules in ((top, {"hebbian", "pseudo_inverse", "optimised"}), (larger, {"optimised"})):
        drawn = {line.get_color() for line in lines(ax, marker="o") if len(line.get_xdata())}
        assert drawn == {RULE_COLOURS[rule] for rule in rules}
    assert "3 networks" in figure.get_suptitle()


def test_curves_and_controls(folder):
    top, _, bottom, _ = lowrank_capacity.draw(folder).axes
    colour = RULE_COLOURS["pseudo_inverse"]
    [curve] = lines(top, color=colour, marker="o")
    np.testing.assert_allclose(curve.get_xydata(), [[0.2, 1], [0.3, 1], [0.4, 1]])
    [control] = [
        line for line in lines(bottom, color=colour, linestyle="--") if len(line.get_xdata())
    ]
    np.testing.assert_allclose(control.get_xydata(), [[0.2, 0], [0.3, 0], [0.4, 1]])


def test_the_capacity_is_marked_with_its_interval_or_as_outside(folder):
    _, _, bottom, _ = lowrank_capacity.draw(folder).axes
    found = lowrank_capacity.numbers(folder)["capacity"]
    found = found[found["n_neurons"] == 100].set_index("rule")
    point = [line for line in lines(bottom, marker="o") if len(line.get_xdata()) == 1]
    [(x, y)] = point[0].get_xydata()
    assert (x, y) == (found["capacity"]["optimised"], 0.5)
    [bar] = [c for c in bottom.collections if len(c.get_paths()) and c.get_label() == "_nolegend_"]
    low, high = bar.get_segments()[0][:, 0]
    assert (low, high) == pytest.approx(
        (found["capacity_low"]["optimised"], found["capacity_high"]["optimised"])
    )
    [beyond], [below] = lines(bottom, marker=">"), lines(bottom, marker="<")
    assert (beyond.get_xdata()[0], beyond.get_color()) == (0.4, RULE_COLOURS["pseudo_inverse"])
    assert (below.get_xdata()[0], below.get_color()) == (0.2, RULE_COLOURS["hebbian"])


def test_the_papers_capacities_are_marked(folder):
    top, larger, *_ = lowrank_capacity.draw(folder).axes
    for ax in (top, larger):
        marks = {line.get_xdata()[0]: line for line in lines(ax, linestyle=":")}
        assert set(marks) == {0.3, 0.5}
        assert {text.get_text() for text in ax.texts} == {
            "paper,\npseudo-inverse",
            "paper,\noptimised",
        }


def test_of_several_gammas_the_first_is_shown(tmp_path, folder):
    more = [row | {"gamma_chosen": False, "gamma": 0.1, "overlap": 0.0} for row in CAPACITY]
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(CAPACITY + LARGER + more)})
    one, other = (lowrank_capacity.numbers(place)["capacity"] for place in (folder, tmp_path))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("rows", [[], [row | {"flip_fraction": 0.1} for row in CAPACITY]])
def test_nothing_to_draw(rows, tmp_path):
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(rows)})
    with pytest.raises(InputError, match="nothing to draw: the tables have no undamaged starts"):
        lowrank_capacity.draw(tmp_path)
