import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from analysis.f1 import f1_scan
from analysis.papers import reported
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import delay_scan
from figures.__main__ import STYLE
from tests.analysis.folder import HITS, SCAN, write
from tests.analysis.rows import delay


def written(folder, rows):
    write(folder, {schemas.DELAY_SCAN: delay(rows, schemas.DELAY_SCAN)})
    return folder


def test_the_numbers_are_those_of_the_analysis(folder):
    expected = f1_scan(tables.read(schemas.DELAY_SCAN, folder))
    pd.testing.assert_frame_equal(delay_scan.numbers(folder)["f1_scan"], expected)


def test_a_panel_for_each_parameter_and_a_line_for_each_learner(folder):
    figure = delay_scan.draw(folder)
    delays, beta = figure.axes
    assert delays.get_xlabel() == "delays and cue, D (steps of 1 ms)"
    assert beta.get_xlabel() == "decay of the potential, beta (per step)"
    assert "F1" in delays.get_ylabel()
    assert figure.get_suptitle().startswith("3 networks; baseline: N = 512, D = 41, T = 1000")
    handles, labels = delays.get_legend_handles_labels()
    assert labels == ["deconvolved", "hebbian", "normalised"]
    found = delay_scan.numbers(folder)["f1_scan"]
    found = found[(found["learner"] == "hebbian") & (found["scanned"] == "n_delays")]
    line = handles[1]
    np.testing.assert_array_equal(line.get_xdata(), [3, 11, 41])
    np.testing.assert_array_equal(line.get_ydata(), found["f1"])
    colour = to_rgb(line.get_color())
    [band] = [c for c in delays.collections if tuple(c.get_facecolor()[0][:3]) == colour]
    x, y = band.get_paths()[0].vertices.T
    ends = [[y[x == value].min(), y[x == value].max()] for value in (3, 11, 41)]
    np.testing.assert_array_equal(ends, found[["f1_low", "f1_high"]])


def test_the_legend_has_no_mark_that_is_not_drawn(folder, monkeypatch):
    def shown():
        texts = delay_scan.draw(folder).legends[0].get_texts()
        return [text.get_text() for text in texts if "paper" in text.get_text()]

    def value(f1, stage, n_neurons):
        networks = f"N = {n_neurons}, M = 16"
        return reported.Reported(str(f1), reported.Source(networks, stage, "v1", "text"), f1)

    points = {12: value(0.5, "after 16 epochs", 1024), 60: value(1.0, "before training", 512)}
    monkeypatch.setattr(delay_scan.reported, "f1_points", lambda parameter: points)
    assert shown() == ["paper, N = 1024, after 16 epochs"]  # 60 is beyond the axis
    points[20] = value(0.9, "after gradient training", 512)
    assert shown() == [
        "paper, N = 1024, after 16 epochs",
        "paper, N = 512, after gradient training",
    ]


def test_wide_ranges_have_a_logarithmic_axis_with_the_values_as_ticks(folder):
    delays, beta = delay_scan.draw(folder).axes
    assert (delays.get_xscale(), beta.get_xscale()) == ("log", "linear")
    assert [label.get_text() for label in delays.get_xticklabels()] == ["3", "11", "41"]
    assert list(beta.get_xticks()) == [0.5, 0.7]


@pytest.mark.parametrize(
    ("scanned", "values", "left_out"),
    [
        ("firing_prob", (1e-4, 3e-4, 5e-4, 2e-3, 4e-3), {"0.0005"}),
        ("n_patterns", (1, 2, 4, 8, 20, 32, 64), {"20"}),
        ("n_delays", (3, 7, 15, 31, 63, 127), {"31"}),
    ],
)
def test_labels_do_not_run_into_each_other(scanned, values, left_out, tmp_path):
    """That of the baseline is always there."""
    base = [row | {"n_patterns": 16} for row in HITS]
    rows = [row | {"scanned": scanned, scanned: value} for row in base for value in values]
    # Three panels, as narrow as any.
    others = ({"scanned": "beta", "beta": 0.1}, {"scanned": "n_steps", "n_steps": 50})
    rows += [row | other for row in base for other in others]
    with plt.style.context(STYLE):
        figure = delay_scan.draw(written(tmp_path, base + rows))
        figure.draw_without_rendering()
    [ax] = [ax for ax in figure.axes if ax.get_xlabel() == delay_scan.NAMES[scanned]]
    labels = [label for label in ax.get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent() for label in labels]
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))
    baseline = base[0][scanned]
    texts = [f"{value:.4g}" for value in sorted({*values, baseline})]
    assert [label.get_text() for label in labels] == [t for t in texts if t not in left_out]


def test_the_baseline_is_marked(folder):
    for ax, value in zip(delay_scan.draw(folder).axes, (41, 0.7), strict=True):
        rings = [line for line in ax.get_lines() if line.get_markerfacecolor() == "none"]
        assert len(rings) == 3  # learners
        np.testing.assert_allclose([line.get_xdata()[0] for line in rings], value, rtol=0.05)
        assert any(list(line.get_xdata()) == [value, value] for line in ax.get_lines())


def test_thresholds_that_were_given_are_the_ticks(tmp_path):
    own = [row | {"threshold": 0.4 + row["seed"] / 100, "threshold_chosen": True} for row in HITS]
    given = {"threshold_chosen": False, "scanned": "threshold"}
    rows = [row | given | {"threshold": value} for row in HITS for value in (0.2, 0.8)]
    [ax] = [ax for ax in delay_scan.draw(written(tmp_path, own + rows)).axes if ax.axison]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.2", "0.8"]
    assert not any(
        len(set(line.get_xdata())) == 1 < len(line.get_xdata()) for line in ax.get_lines()
    )


def test_of_several_gains_the_first_is_shown(folder, tmp_path):
    written(tmp_path, [*SCAN, *(row | {"gain": 2.0, "false_positives": 99} for row in SCAN)])
    one, other = (delay_scan.numbers(place)["f1_scan"] for place in (folder, tmp_path))
    pd.testing.assert_frame_equal(one, other)


def test_networks_with_nothing_to_recall_leave_a_gap(tmp_path):
    silent = {"true_positives": 0, "false_positives": 0, "false_negatives": 0}
    rows = [*HITS, *(row | silent | {"scanned": "n_steps", "n_steps": 50} for row in HITS)]
    ax, *_ = delay_scan.draw(written(tmp_path, rows)).axes
    handles, _ = ax.get_legend_handles_labels()
    assert len(handles[0].get_xdata()) == 1


@pytest.mark.parametrize("rows", [[], HITS])
def test_nothing_to_draw(rows, tmp_path):
    with pytest.raises(InputError, match="nothing to draw: the tables have no scanned parameter"):
        delay_scan.draw(written(tmp_path, rows))
