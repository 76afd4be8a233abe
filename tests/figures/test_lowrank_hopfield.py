import numpy as np
import pandas as pd
import pytest

from analysis.hopfield import basins, hopfield
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import lowrank_hopfield
from protocols.lowrank.hopfield import DYNAMICS
from tests.analysis.folder import HOPFIELD, write
from tests.analysis.rows import lowrank


def drawn(tmp_path, changes):
    write(tmp_path, {schemas.LOWRANK_HOPFIELD: lowrank(changes, schemas.LOWRANK_HOPFIELD)})
    return lowrank_hopfield.draw(tmp_path)


def line(ax, dynamics):
    """The line of a kind of network, which its colour tells."""
    colour = lowrank_hopfield.LINES[dynamics]["color"]
    [found] = [line for line in ax.get_lines() if line.get_color() == colour]
    return found


def test_every_kind_has_a_name_and_a_look():
    assert list(lowrank_hopfield.NAMES) == list(lowrank_hopfield.LINES) == list(DYNAMICS)


def test_the_numbers_are_those_of_the_analysis(folder):
    trials = tables.read(schemas.LOWRANK_HOPFIELD, folder)
    found = lowrank_hopfield.numbers(folder)
    pd.testing.assert_frame_equal(found["hopfield"], hopfield(trials))
    expected = basins(trials).query("measure == 'all_signs'")
    pd.testing.assert_frame_equal(found["hopfield_basins"], expected)


def test_panels_of_the_largest_networks_and_basins_against_size(folder):
    figure = lowrank_hopfield.draw(folder)
    axes = figure.axes
    assert len(axes) == 3 * 2  # shares, first changes and basins, of two rules at one load
    assert [ax.get_title(loc="left") for ax in axes] == ["a", "", "b", "", "c", ""]
    assert axes[0].get_title() == "load p/N = 0.1"
    expected = "a, b: 3 networks, N = 200, kappa = 5; c: 3 networks"
    assert figure.get_suptitle() == expected
    share = line(axes[0], "spiking")
    np.testing.assert_allclose(share.get_xydata(), [[0.1, 1], [0.2, 0.75], [0.3, 0]])
    np.testing.assert_allclose(line(axes[0], "binary").get_ydata(), [0.75, 0, 0])
    np.testing.assert_allclose(line(axes[2], "binary").get_ydata(), [1, 1, 1])
    sizes = line(axes[4], "largest_first").get_xdata()
    np.testing.assert_allclose(sizes.astype(float), [100, 200], rtol=0.07)
    heights = {name: line(axes[4], name).get_ydata() for name in DYNAMICS}
    assert (heights["binary"] < heights["largest_first"]).all()
    assert (heights["spiking"] < heights["bounded"]).all()
    [legend] = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [*lowrank_hopfield.NAMES.values(), "b: by chance"]


def test_one_size_has_no_panel_of_sizes(tmp_path):
    figure = drawn(tmp_path, [row for row in HOPFIELD if row["n_neurons"] == 100])
    assert len(figure.axes) == 2 * 2
    assert figure.get_suptitle() == "3 networks, N = 100, kappa = 5"


def test_undamaged_starts_have_no_point_among_the_first_changes(tmp_path):
    undamaged = [
        row | {"flip_fraction": 0.0, "first_corrected": None}
        for row in HOPFIELD
        if row["n_neurons"] == 100 and row["flip_fraction"] == 0.1
    ]
    figure = drawn(tmp_path, [row for row in HOPFIELD if row["n_neurons"] == 100] + undamaged)
    shares, _, first, _ = figure.axes
    assert len(line(shares, "graded").get_xdata()) == 4
    assert len(line(first, "graded").get_xdata()) == 3


def test_nothing_to_draw(tmp_path):
    with pytest.raises(InputError, match="nothing to draw: the tables have no starts of"):
        drawn(tmp_path, [])
