import numpy as np
import pandas as pd
import pytest

from analysis.capacity import capacity
from analysis.overlap import overlap_summary
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_capacity
from figures.common import RULE_COLOURS
from tests.analysis.folder import CAPACITY, write
from tests.analysis.rows import lowrank

OTHER_RULE = [row | {"rule": "extended"} for row in CAPACITY]


def lines(ax, **properties):
    """The lines of a panel with given properties, such as marker or linestyle."""
    return [
        line
        for line in ax.get_lines()
        if all(getattr(line, f"get_{name}")() == value for name, value in properties.items())
    ]


def scored(folder):
    """The trials that the figure is of, picked by hand."""
    table = tables.read(schemas.LOWRANK_CAPACITY, folder)
    return table.query("gamma_chosen and flip_fraction == 0 and kappa == 5 and correlation == 0")


def test_the_numbers_are_those_of_the_analysis(folder):
    found = lowrank_capacity.numbers(folder)
    expected = overlap_summary(scored(folder), "lowrank_capacity")
    pd.testing.assert_frame_equal(found["overlap_summary"], expected)
    pd.testing.assert_frame_equal(found["capacity"], capacity(scored(folder)))


def test_a_column_of_panels_for_each_size(folder):
    figure = lowrank_capacity.draw(folder)
    top, larger, by_overlap, _, by_signs, _ = figure.axes
    assert [ax.get_title() for ax in (top, larger)] == ["N = 100", "N = 200"]
    assert by_signs.get_xlabel() == "load p/N"
    assert top.get_ylabel() == "overlap, mean"
    assert by_overlap.get_ylabel().endswith("overlap above 0.95")
    assert by_signs.get_ylabel().endswith("all signs right")
    # The larger networks have one rule.
    for ax, rules in ((top, {"hebbian", "pseudo_inverse", "optimised"}), (larger, {"optimised"})):
        drawn = {line.get_color() for line in lines(ax, marker="o") if len(line.get_xdata())}
        assert drawn == {RULE_COLOURS[rule] for rule in rules}
    n_networks = scored(folder).groupby(["rule", "load"])["network_seed"].nunique().max()
    assert f"{n_networks} networks, kappa = 5" in figure.get_suptitle()


def test_curves_and_controls(folder):
    top, _, by_overlap, _, by_signs, _ = lowrank_capacity.draw(folder).axes
    colour = RULE_COLOURS["pseudo_inverse"]
    [curve] = lines(top, color=colour, marker="o")
    np.testing.assert_allclose(curve.get_xydata(), [[0.2, 1], [0.3, 1], [0.4, 1]])
    # Random vertices that are kept have an overlap of 1 with themselves in these tables, or 0.5.
    for ax, low in ((top, 0.5), (by_overlap, 0), (by_signs, 0)):
        [control] = [
            line for line in lines(ax, color=colour, linestyle="--") if len(line.get_xdata())
        ]
        np.testing.assert_allclose(control.get_xydata(), [[0.2, low], [0.3, low], [0.4, 1]])


def test_each_measure_of_success_has_its_own_curve(tmp_path):
    """Of four patterns three have an overlap above 0.95, and two all signs right."""
    changed = [
        row
        | {"overlap": 0.96 if row["pattern"] < 3 else 0.4}
        | {"signs_correct": 1.0 if row["pattern"] < 2 else 0.98}
        for row in CAPACITY
        if row["rule"] == "optimised" and row.get("start") != "random"
    ]
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(changed)})
    top, by_overlap, by_signs = lowrank_capacity.draw(tmp_path).axes
    for ax, height in ((top, 0.82), (by_overlap, 0.75), (by_signs, 0.5)):
        [curve] = [line for line in lines(ax, marker="o") if len(line.get_xdata()) == 3]
        np.testing.assert_allclose(
            curve.get_xydata(), [[0.2, height], [0.3, height], [0.4, height]]
        )


def test_the_capacity_is_marked_with_its_interval_or_as_outside(folder):
    axes = lowrank_capacity.draw(folder).axes
    capacities = lowrank_capacity.numbers(folder)["capacity"]
    for ax, measure in ((axes[2], "overlap"), (axes[4], "all_signs")):
        found = capacities[(capacities["n_neurons"] == 100) & (capacities["measure"] == measure)]
        found = found.set_index("rule")
        point = [line for line in lines(ax, marker="o") if len(line.get_xdata()) == 1]
        [(x, y)] = point[0].get_xydata()
        assert (x, y) == (found["capacity"]["optimised"], 0.5)
        [bar] = [c for c in ax.collections if len(c.get_paths()) and c.get_label() == "_nolegend_"]
        low, high = bar.get_segments()[0][:, 0]
        assert (low, high) == pytest.approx(
            (found["capacity_low"]["optimised"], found["capacity_high"]["optimised"])
        )
        [beyond], [below] = lines(ax, marker=">"), lines(ax, marker="<")
        assert (beyond.get_xdata()[0], beyond.get_color()) == (0.4, RULE_COLOURS["pseudo_inverse"])
        assert (below.get_xdata()[0], below.get_color()) == (0.2, RULE_COLOURS["hebbian"])


def test_the_papers_capacities_and_bounds_of_theory_are_marked(folder):
    axes = lowrank_capacity.draw(folder).axes
    for ax in axes:
        marks = {line.get_xdata()[0]: line for line in lines(ax, linestyle=":")}
        assert set(marks) == {0.3, 0.5}
        bounds = [line.get_xdata()[0] for line in lines(ax, linewidth=2.5, color="0.85")]
        assert bounds == [0.069, 0.5]
    for ax in axes[:2]:
        assert {text.get_text() for text in ax.texts} == {
            "paper,\npseudo-inverse",
            "paper,\noptimised",
        }
    assert not any(ax.texts for ax in axes[2:])


@pytest.mark.parametrize(
    "other",
    [
        {"gamma_chosen": False, "gamma": 0.1},
        {"kappa": 1.0},
        {"duration": 5.0},
        {"correlation": 0.4},
        {"rule": "extended"},
        {"flip_fraction": 0.1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_shown(other, tmp_path, folder):
    """Other gammas than those that the rule chose, other rules, and all but the first values."""
    more = [row | other | {"overlap": 0.0, "signs_correct": 0.0} for row in CAPACITY]
    table = pd.concat([tables.read(schemas.LOWRANK_CAPACITY, folder), lowrank(more)])
    write(tmp_path, {schemas.LOWRANK_CAPACITY: table})
    one, other = (lowrank_capacity.numbers(place) for place in (folder, tmp_path))
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name])


@pytest.mark.parametrize(
    "rows", [[], [row | {"flip_fraction": 0.1} for row in CAPACITY], OTHER_RULE]
)
def test_nothing_to_draw(rows, tmp_path):
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(rows)})
    with pytest.raises(InputError, match="nothing to draw: the tables have no undamaged starts"):
        lowrank_capacity.draw(tmp_path)
