"""The figures of boundaries, from tables that the protocol makes in seconds."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from brianmem import tables
from brianmem.errors import InputError
from figures import lowrank_boundary, lowrank_vertex
from figures.boundaries import FIXED
from protocols import cli
from protocols.lowrank.boundary import PROTOCOL


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boundary")
    small = ["--set", "kappa=6", "--set", "start_seed=0,1", "--backend", "numpy", "--jobs", "0"]
    assert cli.main(PROTOCOL, [*small, "--out", str(folder)]) == 0
    return folder


def raw(folder):
    return {s.name: tables.read(s, folder) for s in PROTOCOL.schemas}


def changed(folder, **others):
    """Write tables, those of `made` but for the others, into a folder."""
    for schema in PROTOCOL.schemas:
        tables.write(others[schema.name], schema, folder, {})
    return folder


def of_marker(ax, marker, **properties):
    return [
        line
        for line in ax.get_lines()
        if line.get_marker() == marker
        and all(getattr(line, f"get_{name}")() == value for name, value in properties.items())
    ]


def test_numbers_of_fixed_points(made):
    found = lowrank_boundary.numbers(made)["fixed_points"]
    runs = raw(made)["lowrank_boundary"]
    assert list(dict.fromkeys(found["case"])) == list(lowrank_boundary.CASES)
    for case, points in found.groupby("case"):
        assert points["runs_that_end_there"].sum() == (runs["case"] == case).sum()
    assert (found.loc[~found["stable"], "runs_that_end_there"] == 0).all()
    assert (found["largest_distance_in_spikes"].dropna() < 1).all()
    several = found[found["case"] == "several"]
    assert several["stable"].sum() == 3 and (several["runs_that_end_there"][:3] > 0).all()
    # Orthogonal decoders: the point closest to the origin; others move it farther away.
    distance = found.groupby("case")["distance_from_origin"].min()
    assert distance["orthogonal"] < distance["tilted"]
    row, run = found.iloc[0], runs[runs["case"] == "one_neuron"].iloc[0]
    expected = np.hypot(run["mean_1"] - run["fixed_1"], run["mean_2"] - run["fixed_2"])
    assert row["y_1"] == pytest.approx(run["fixed_1"] / 6)
    assert row["largest_distance_in_spikes"] == pytest.approx(expected, rel=0.05)


def test_a_panel_for_each_case_of_the_first_figure(made):
    figure = lowrank_boundary.draw(made)
    assert len(figure.axes) == 6
    assert [ax.get_title(loc="left") for ax in figure.axes] == list("abcdef")
    paths = raw(made)["lowrank_boundary_paths"]
    *panels, end = figure.axes
    for ax, case in zip(panels, lowrank_boundary.CASES, strict=True):
        assert ax.get_title().endswith("kappa = 6")
        own = paths[paths["case"] == case]
        starts = own.loc[own["event"] == "start", ["y_1", "y_2"]].to_numpy() / 6
        drawn = np.vstack([line.get_xydata() for line in of_marker(ax, "s")])
        np.testing.assert_allclose(drawn, starts)
    several = panels[4]
    [stable] = of_marker(several, "o", markerfacecolor=FIXED)
    [unstable] = of_marker(several, "o", markerfacecolor="white")
    assert (len(stable.get_xdata()), len(unstable.get_xdata())) == (3, 2)
    colours = {line.get_color() for line in several.get_lines() if line.get_marker() == "None"}
    assert len(colours) == 3  # by where paths end
    # Leaks and spikes of the last tau, which begin and end on the boundary.
    leaks, spikes = end.collections[-2:]
    assert 0 < len(leaks.get_segments()) - len(spikes.get_segments()) <= 1
    assert end.get_xlabel() and panels[0].get_ylabel()


def test_numbers_of_vertices(made):
    found = lowrank_vertex.numbers(made)["vertex"].set_index("case")
    runs = raw(made)["lowrank_boundary"]
    assert "pyramid" not in found.index and "square" not in found.index
    np.testing.assert_allclose(
        found["overlap_from_the_vertex"],
        runs[runs["start"] == 0].groupby("case")["overlap"].mean()[found.index],
    )
    named = found.loc[list(lowrank_vertex.CASES)]
    assert list(named["part_that_stays"]) == [1, 1, 0, 1, 1]
    assert (found["predicted_overlap"] - found["overlap_from_elsewhere"]).abs().max() < 0.01
    np.testing.assert_allclose(named["predicted_higher_rate"], [2, 1, 3, 1, 1], atol=1e-9)
    np.testing.assert_allclose(named["higher_rate"], named["predicted_higher_rate"], atol=0.15)
    np.testing.assert_allclose(named["lower_rate"], [0, 1, 0, 1, 1], atol=0.1)
    assert (named["gamma"].isna() == [True, True, True, True, False]).all()
    assert found["rate_of_others"].max() == pytest.approx(0, abs=1e-3)


def test_panels_of_the_second_figure(made):
    figure = lowrank_vertex.draw(made)
    assert [ax.get_title(loc="left") for ax in figure.axes] == list("abcdefghij")
    pyramid, square, *corners, spikes, overlap, _ = figure.axes
    assert pyramid.name == "3d" and len(of_marker(pyramid, "s")) == 8
    assert "alpha = 2" in figure.get_suptitle() and "gamma = 1.5" in figure.get_suptitle()
    [stored] = of_marker(square, "o", markerfacecolor=FIXED)
    np.testing.assert_allclose(sorted(stored.get_xydata()[:, 0]), [-1, 1])
    for ax, case in zip(corners, lowrank_vertex.CASES, strict=True):
        outlines = {patch.get_width() / 2 for patch in ax.patches}
        assert outlines == ({1.0, 3.0} if case == "degenerate" else {1.0})
    fired = raw(made)["lowrank_boundary_paths"]
    fired = fired[(fired["start"] == 0) & (fired["event"] == "before")]
    lines = iter(spikes.get_lines())
    for case in lowrank_vertex.CASES:
        for neuron in lowrank_vertex.ACTIVE:
            own = fired[(fired["case"] == case) & (fired["neuron"] == neuron)]
            np.testing.assert_array_equal(next(lines).get_xdata(), own["time"])
    limit, dots, _ = overlap.get_lines()
    assert len(dots.get_xdata()) == 12
    np.testing.assert_allclose(limit.get_ydata(), dots.get_ydata(), atol=0.01)
    assert [text.get_text() for text in overlap.texts] == ["c", "d", "e", "f"]


def test_arrows_are_the_decoders(made):
    corner = lowrank_vertex.draw(made).axes[5]  # f: each acts on the other's axis
    vectors = [np.subtract(a.xy, a.xyann) for a in corner.texts if a.arrow_patch is not None]
    colours = [a.arrow_patch.get_edgecolor() for a in corner.texts if a.arrow_patch is not None]
    decoders = [v for v, c in zip(vectors, colours, strict=True) if c == to_rgba("#7F3C8D")]
    np.testing.assert_allclose(decoders, [[0, -0.3], [0.3, 0]], atol=1e-12)


def test_of_several_scales_the_first_is_shown(made, tmp_path):
    more = raw(made)
    for name, table in more.items():
        other = table.assign(kappa=50.0)
        if name == "lowrank_boundary":
            other = other.assign(mean_1=0.0, overlap=other["overlap"] * 0)
        more[name] = pd.concat([table, other], ignore_index=True)
    changed(tmp_path, **more)
    for figure, name in ((lowrank_boundary, "fixed_points"), (lowrank_vertex, "vertex")):
        one, other = (figure.numbers(folder)[name] for folder in (made, tmp_path))
        pd.testing.assert_frame_equal(one, other)


def test_a_case_that_is_missing_is_named(made, tmp_path):
    rest = {n: t[t["case"] != "degenerate"] for n, t in raw(made).items()}
    changed(tmp_path, **rest)
    with pytest.raises(InputError, match="no runs of the case degenerate"):
        lowrank_vertex.draw(tmp_path)
    assert len(lowrank_boundary.draw(tmp_path).axes) == 6


@pytest.mark.parametrize("figure", [lowrank_boundary, lowrank_vertex])
def test_nothing_to_draw(figure, tmp_path):
    empty = {s.name: tables.from_rows(s, []) for s in PROTOCOL.schemas}
    changed(tmp_path, **empty)
    with pytest.raises(InputError, match="nothing to draw"):
        figure.numbers(tmp_path)
    with pytest.raises(InputError, match="nothing to draw"):
        figure.draw(tmp_path)
