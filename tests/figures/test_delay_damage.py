"""Figures of damaged recalls, of capacity, and of the published normalisation."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.damage import damage
from analysis.delay import f1
from analysis.papers import reported
from analysis.theory import delay_capacity
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import delay_capacity as capacity_figure
from figures import (
    delay_completion,
    delay_costs,
    delay_normalisation,
    delay_precision,
    delay_tradeoff,
    delay_training,
)
from tests.analysis.folder import DELAY_DAMAGED, HITS, TIMINGS, write
from tests.analysis.rows import delay
from tests.figures.panels import lines, points


def test_the_numbers_of_completion_are_those_of_the_analysis(folder):
    table = tables.read(schemas.DELAY_COMPLETION, folder)
    expected = damage(table[table["n_neurons"] == 512])
    pd.testing.assert_frame_equal(delay_completion.numbers(folder)["damage"], expected)


def test_a_panel_for_each_kind_of_damage(folder):
    figure = delay_completion.draw(folder)
    resampled, flipped, length = figure.axes
    assert resampled.get_xlabel() == "part of the cue's bits drawn anew"
    # Damage grows to the right, also where its measure falls.
    assert length.xaxis_inverted() and not resampled.xaxis_inverted()
    assert flipped.get_xscale() == "symlog"
    hebbian, margin = lines(resampled, marker="o")
    lost = 20 / (20 + 30)
    np.testing.assert_allclose(points(hebbian), [[0, 1], [0.25, lost], [0.5, lost]])
    np.testing.assert_allclose(points(margin), [[0, 1], [0.25, 1], [0.5, lost]])
    [cross] = lines(resampled, marker="x")
    assert points(cross).tolist() == [[0.25, reported.DELAY_DAMAGE["resampled"][0.25].value]]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["Hebbian", "margin", "paper, N = 1024, trained"]
    assert figure.get_suptitle() == "3 networks; N = 512, D = 41, T = 1000, p = 0.001, M = 16"


def test_numbers_of_patterns_are_told_by_the_lines_style(tmp_path):
    rows = [row | {"n_patterns": n} for row in DELAY_DAMAGED for n in (16, 64)]
    write(tmp_path, {schemas.DELAY_COMPLETION: delay(rows, schemas.DELAY_COMPLETION)})
    figure = delay_completion.draw(tmp_path)
    assert [line.get_linestyle() for line in lines(figure.axes[0], marker="o")] == ["-", "--"] * 2
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[2:4] == ["M = 16", "M = 64"]
    assert "M =" not in figure.get_suptitle()


def test_without_damage_there_is_no_figure(tmp_path):
    rows = [row for row in DELAY_DAMAGED if "scanned" not in row]
    write(tmp_path, {schemas.DELAY_COMPLETION: delay(rows, schemas.DELAY_COMPLETION)})
    with pytest.raises(InputError, match="damaged recalls of"):
        delay_completion.draw(tmp_path)


def test_capacity_has_a_row_for_each_measure(folder):
    figure = capacity_figure.draw(folder)
    clean, errors, resampled, length = figure.axes
    assert clean.get_title() == "N = 512, T = 1000"
    assert length.get_ylabel() == "F1, 75% of\nthe cue given"
    for line in lines(clean, marker="o"):
        np.testing.assert_allclose(points(line), [[16, 1], [64, 1]])
    for line in lines(resampled, marker="o"):
        np.testing.assert_allclose(points(line), [[16, 0.4], [64, 0.4]])
    n_sites = 64 * 512 * 959
    for line in lines(errors, marker="o"):
        np.testing.assert_allclose(
            points(line), [[16, capacity_figure.FEWEST_ERRORS], [64, 3 / n_sites]]
        )
    theory = [line.get_xdata()[0] for line in lines(clean, linestyle="-", marker="None")]
    assert theory == [delay_capacity(512, 41, 1000, 1e-3)]


def test_costs_are_those_of_a_pattern(folder, tmp_path):
    table = tables.read(schemas.DELAY_CAPACITY, folder)
    clean = table[table["scanned"] == "none"]
    rows = [
        TIMINGS[0]
        | {"protocol": "delay.capacity", "configuration": json.dumps(task), "seconds": 6.4}
        for task in clean[delay_costs.NETWORK].to_dict("records")
    ]
    write(tmp_path, {schemas.DELAY_CAPACITY: table})
    assert delay_costs.numbers(tmp_path)["costs"]["seconds"].isna().all()
    tables.write(tables.from_rows(schemas.TIMINGS, rows), schemas.TIMINGS, tmp_path, {})
    found = delay_costs.numbers(tmp_path)["costs"]
    assert len(found) == 4
    np.testing.assert_allclose(found["seconds"] * found["n_patterns"], 6.4)
    for name in ("synapses", "bytes"):
        of_network = clean.set_index(["learner", "n_patterns"])[f"n_{name}"]
        for row in found.itertuples():
            expected = of_network[row.learner, row.n_patterns].mean() / row.n_patterns
            assert getattr(row, name) == pytest.approx(expected)
    synapses, _, seconds = delay_costs.draw(tmp_path).axes
    assert synapses.get_ylabel() == "synapses\nper pattern"
    for line in lines(seconds, marker="o"):
        np.testing.assert_allclose(points(line), [[16, 0.4], [64, 0.1]])


def test_the_normalisation_shows_where_the_threshold_would_be(folder):
    figure = delay_normalisation.draw(folder)
    found = delay_normalisation.numbers(folder)["thresholds"]
    delays = found[found["scanned"] == "n_delays"]
    assert delays["value"].tolist() == [3, 11, 41]
    assert np.allclose(found["threshold"], 0.8) and set(found["gap_high"]) == {1.5}
    # N D / (M (T - D))
    np.testing.assert_allclose(delays["drive"], [512 * d / (16 * (1000 - d)) for d in (3, 11, 41)])
    [dashed] = [line for ax in figure.axes for line in lines(ax, linestyle="--")][:1]
    np.testing.assert_allclose(points(dashed)[:, 1], 0.8)


def test_the_normalisation_needs_its_scans(tmp_path):
    write(tmp_path, {schemas.DELAY_SCAN: delay(HITS, schemas.DELAY_SCAN)})
    with pytest.raises(InputError, match="scans of the learner 'normalised'"):
        delay_normalisation.draw(tmp_path)


def test_the_trade_off_has_a_point_for_each_margin(folder):
    figure = delay_tradeoff.draw(folder)
    *panels, last = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title() for ax in panels] == [
        "25% of the cue drawn anew",
        "50% of the cue drawn anew",
        "0.001 of the cue inverted",
        "0.01 of the cue inverted",
        "75% of the cue given",
    ]
    few, many = lines(panels[0], marker="o")
    np.testing.assert_allclose(points(few), [[0.5, 1], [1, 1], [2, 1]])
    np.testing.assert_allclose(points(many), points(few))
    # Damaged cues, 1, 0.4 and 1, against inverted bits, 0.4: the same for each margin.
    joined = lines(last, marker="o", linestyle="-")
    for line in joined:
        np.testing.assert_allclose(points(line)[:3], [[0.4, 0.8]] * 3)


def test_a_single_margin_is_no_trade_off(tmp_path):
    write(tmp_path, {schemas.DELAY_COMPLETION: delay(DELAY_DAMAGED, schemas.DELAY_COMPLETION)})
    with pytest.raises(InputError, match="several upper margins"):
        delay_tradeoff.draw(tmp_path)


def test_precision_in_synapses_bits_and_bytes(folder):
    table = tables.read(schemas.DELAY_PRECISION, folder)
    found = delay_precision.numbers(folder)["precision"].set_index(["scanned", "keep", "bits"])
    assert set(found.index.get_level_values("bits")) == {3, 32}
    for (scanned, keep, bits), row in found.iterrows():
        levels = table["n_levels"].isna() if bits == 32 else table["n_levels"] == 7
        same = table[(table["scanned"] == scanned) & (table["keep"] == keep) & levels]
        assert row["f1"] == pytest.approx(f1(same).groupby(same["seed"]).mean().mean())
        assert row["kilobytes"] == pytest.approx(same["n_synapses"].mean() * bits / 8000)
    kept, bits, _ = delay_precision.draw(folder).axes
    assert kept.get_xlabel() == "part of the synapses kept"
    assert [text.get_text() for text in bits.get_xticklabels()] == ["3", "32"]


def test_training_by_epoch_and_along_time(folder):
    table = tables.read(schemas.DELAY_TRAINING, folder)
    figure = delay_training.draw(folder)
    cases = table[["start", "scale", "support"]].drop_duplicates()
    tops = figure.axes[: len(cases)]
    first = tops[0].get_lines()[-1]  # the mean comes last
    hebbian = table[(table["start"] == "hebbian") & (table["support"] == "hebbian")]
    by_seed = hebbian.pivot_table(index="epoch", columns="seed", values="loss").ffill()
    np.testing.assert_allclose(first.get_ydata(), 1 - by_seed.mean(axis=1))
    assert tops[0].get_title() == "Hebbian\nHebbian synapses, scale 2.2"
    assert figure.axes[0].get_ylabel() == "F1"


def test_training_is_shown_at_the_size_with_most_kinds_of_weights(folder, tmp_path):
    """A larger network that stands first, with two kinds only, is left out."""
    course = tables.read(schemas.DELAY_TRAINING, folder)
    few = course[course["support"] == "hebbian"].assign(n_neurons=1024)
    assert 0 < len(few) < len(course)
    write(
        tmp_path,
        {
            schemas.DELAY_TRAINING: pd.concat([few, course], ignore_index=True),
            schemas.DELAY_TRAINING_WINDOWS: tables.read(schemas.DELAY_TRAINING_WINDOWS, folder),
        },
    )
    found = delay_training.numbers(tmp_path)["courses"]
    assert set(found["n_neurons"]) == set(course["n_neurons"])
    assert len(found[delay_training.CASE].drop_duplicates()) > 1
