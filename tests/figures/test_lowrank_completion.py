import numpy as np
import pandas as pd
import pytest

from analysis.completion import completion
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_completion
from figures.common import RULE_COLOURS
from tests.analysis.folder import COMPLETION, random_vertices, write
from tests.analysis.rows import lowrank


def labelled(ax):
    """The lines of a panel's legend by their labels."""
    handles, labels = ax.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def test_the_numbers_are_those_of_the_analysis(folder):
    found = lowrank_completion.numbers(folder)
    trials = tables.read(schemas.LOWRANK_COMPLETION, folder)
    pd.testing.assert_frame_equal(found["completion"], completion(trials))
    assert set(found["overlap_summary"]["source"]) == {"lowrank_completion"}


def test_completed_flips_against_load(folder):
    figure = lowrank_completion.draw(folder)
    ax, *shares = figure.axes
    assert (ax.get_title(), ax.get_xlabel()) == ("N = 100", "load p/N")
    found = lowrank_completion.numbers(folder)["completion"]
    of_rule = found[found["rule"] == "optimised"]
    line, _, bars = labelled(ax)["optimised"]
    np.testing.assert_allclose(line.get_xdata().astype(float), of_rule["load"], atol=0.01)
    np.testing.assert_allclose(line.get_ydata().astype(float), of_rule["completed"])
    low, high = bars[0].get_segments()[0][:, 1]
    limits = of_rule[["completed_low", "completed_high"]].to_numpy(float)[0]
    np.testing.assert_allclose([float(low), float(high)], limits)
    assert len(shares) == 3  # a panel for each rule
    assert [ax.get_title() for ax in shares] == ["Hebbian", "pseudo-inverse", "optimised"]


def test_what_lies_outside_of_the_flips_tried_is_marked(folder):
    ax = lowrank_completion.draw(folder).axes[0]
    marks = {
        (line.get_marker(), line.get_color()): line.get_ydata()
        for line in ax.get_lines()
        if line.get_marker() in "^v" and len(line.get_xdata())
    }
    assert marks == {
        ("^", RULE_COLOURS["pseudo_inverse"]): [0.3],
        ("v", RULE_COLOURS["hebbian"]): [0.0],
    }


def test_the_papers_line_ends_at_its_capacity(folder):
    ax = lowrank_completion.draw(folder).axes[0]
    dashed = [
        tuple(line.get_xdata())
        for line in ax.get_lines()
        if line.get_linestyle() == "--" and len(line.get_xdata())
    ]
    assert sorted(dashed) == [(0, 0.3), (0, 0.5)]
    assert "paper, by its text" in labelled(ax)


def test_shares_against_flips_at_some_loads(folder):
    *_, ax = lowrank_completion.draw(folder).axes
    assert ax.get_xlabel() == "flipped part of the start"
    curves = labelled(ax)
    assert list(curves) == ["0.1", "0.3"]
    np.testing.assert_allclose(curves["0.3"].get_xydata(), [[0, 1], [0.1, 0.5], [0.2, 0], [0.3, 0]])


def test_of_many_loads_some_are_shown(tmp_path):
    many = [row | {"n_patterns": p} for row in COMPLETION[:48] for p in range(2, 42, 2)]
    write(tmp_path, {schemas.LOWRANK_COMPLETION: lowrank(many, schemas.LOWRANK_COMPLETION)})
    *_, ax = lowrank_completion.draw(tmp_path).axes
    labels = list(labelled(ax))
    assert len(labels) == lowrank_completion.MOST_LOADS
    assert (labels[0], labels[-1]) == ("0.02", "0.4")


def test_nothing_to_draw(tmp_path):
    random = lowrank(random_vertices({20: 4}), schemas.LOWRANK_COMPLETION)
    write(tmp_path, {schemas.LOWRANK_COMPLETION: random})
    with pytest.raises(InputError, match="nothing to draw: the tables have no damaged starts"):
        lowrank_completion.draw(tmp_path)
