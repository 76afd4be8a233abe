"""The figures of other targets and of sequences, from tables that the protocols make."""

import numpy as np
import pandas as pd
import pytest

from analysis.sequence import f1_of_sequences, sliding_f1
from analysis.targets import f1_by_period, f1_by_target, first_networks
from brianmem import schemas, tables
from brianmem.errors import InputError
from figures import delay_sequence, delay_targets
from figures.common import HIT
from protocols import cli
from protocols.delay import sequence, targets
from tests.figures.panels import lines, points

SIZE = {"n_neurons": 60, "n_delays": 15, "n_steps": 90, "n_patterns": 3, "firing_prob": 0.02}


def run(protocol, folder, **settings):
    changes = [f"--set={name}={value}" for name, value in (SIZE | settings).items()]
    options = [*changes, "--backend", "numpy", "--jobs", "0", "--out", str(folder)]
    assert cli.main(protocol, options) == 0
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Tables of small networks: three kinds of raster, two learners, two seeds; and sequences."""
    folder = tmp_path_factory.mktemp("targets")
    common = {"learner": "hebbian,margin", "seed": "0,1"}
    kinds = "bernoulli,periodic,waves"
    run(targets.PROTOCOL, folder, target=kinds, wavelength=60, n_periods=3, **common)
    return run(sequence.PROTOCOL, folder, background_steps=20, bin_steps=5, **common)


def raw(folder):
    names = "DELAY_TARGETS", "DELAY_TARGETS_SPIKES"
    names += "DELAY_SEQUENCE", "DELAY_SEQUENCE_STEPS", "DELAY_SEQUENCE_SPIKES"
    return {schema: tables.read(schema, folder) for schema in (getattr(schemas, n) for n in names)}


def changed(folder, made, change):
    for schema, table in made.items():
        tables.write(change(table), schema, folder, {})
    return folder


def f1(table):
    hits = 2 * table["true_positives"].sum()
    return hits / (hits + table["false_positives"].sum() + table["false_negatives"].sum())


def test_numbers_of_targets(made):
    found = delay_targets.numbers(made)
    table = raw(made)[schemas.DELAY_TARGETS]
    means = found["f1_by_target"].set_index(["target", "learner"])
    assert len(means) == 6 and (means["n_networks"] == 2).all()
    for (target, learner), row in means.iterrows():
        same = table[(table["target"] == target) & (table["learner"] == learner)]
        networks = [f1(same[same["seed"] == seed]) for seed in (0, 1)]
        assert row["f1"] == pytest.approx(np.mean(networks))
        assert row["f1_least"] == pytest.approx(min(networks))
        assert row["longest_silence"] == same["longest_silence"].max()
        assert row["ran_away"] == same[same["period"] == 0]["ran_away"].mean()
    assert (means.xs("margin", level="learner")["f1"] == 1).all()
    periods = found["f1_by_period"]
    assert len(periods) == 2 * 2 * 3
    one = periods[(periods["learner"] == "hebbian") & (periods["seed"] == 1)].set_index("period")
    same = table[(table["target"] == "periodic") & (table["learner"] == "hebbian")]
    for period in range(3):
        rows = same[(same["seed"] == 1) & (same["period"] == period)]
        assert one.loc[period, "f1"] == pytest.approx(f1(rows))


def test_a_raster_for_each_target_and_scores_below(made):
    figure = delay_targets.draw(made)
    *rasters, by_target, by_period = figure.axes
    assert [ax.get_title(loc="left") for ax in figure.axes] == list("abcde")
    spikes = raw(made)[schemas.DELAY_TARGETS_SPIKES]
    spikes = spikes[(spikes["learner"] == "margin") & (spikes["seed"] == 0)]
    kinds = "bernoulli", "periodic", "waves"
    for ax, kind in zip(rasters, kinds, strict=True):
        right = spikes[(spikes["target"] == kind) & (spikes["kind"] == "right")]
        [line] = lines(ax, color=HIT)
        np.testing.assert_array_equal(points(line), right[["step", "neuron"]])
        assert "N = 60, D = 15, T = 90, M = 3" in ax.get_title()
    marks = [line.get_xdata()[0] for line in lines(rasters[1], linestyle="--")]
    assert marks == [74.5, 149.5]
    labels = [label.get_text() for label in by_target.get_xticklabels()]
    assert labels == [f"{delay_targets.NAMES[kind]}\n(networks: 2)" for kind in kinds]
    means = delay_targets.numbers(made)["f1_by_target"]
    for bars, learner in zip(by_target.containers, ("hebbian", "margin"), strict=True):
        expected = means[means["learner"] == learner].set_index("target").loc[list(kinds), "f1"]
        np.testing.assert_allclose(points(bars[0])[:, 1], expected)
    assert {len(line.get_xdata()) for line in by_period.get_lines()} == {3}


def test_digits_say_where_they_come_from(made, tmp_path):
    def as_digits(table):
        if "target" not in table:
            return table
        table = table[table["target"] == "bernoulli"]
        silence = {"longest_silence": 15} if "longest_silence" in table else {}
        return table.assign(target="digits", dataset="drawn words", bin_ms=4.0, **silence)

    ax, *_ = delay_targets.draw(changed(tmp_path, raw(made), as_digits)).axes
    assert ax.get_title().startswith("spoken digits: drawn words\n")
    assert "silent for 15 steps or less: not bridged from D on" in ax.get_title()
    assert ax.get_xlabel() == "step (4 ms)"


def test_of_several_speeds_the_first_is_shown(made, tmp_path):
    def doubled(table):
        other = table.assign(speed=9.0, false_positives=99) if "speed" in table else table[:0]
        return pd.concat([table, other[other["target"] == "waves"] if len(other) else other])

    one, other = (delay_targets.numbers(f) for f in (made, changed(tmp_path, raw(made), doubled)))
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name])


def test_sliding_f1_counts_what_is_in_the_window(made):
    steps = raw(made)[schemas.DELAY_SEQUENCE_STEPS]
    steps = steps[(steps["learner"] == "hebbian") & (steps["seed"] == 1)]
    curves = sliding_f1(steps, 20)
    for row in curves[curves["step"] >= 10].dropna().sample(20, random_state=0).itertuples():
        within = steps[
            (steps["pattern"] == row.pattern) & ((steps["step"] + 2.5 - row.step).abs() < 10)
        ]
        assert len(within) == 4
        assert row.f1 == pytest.approx(f1(within))
    with pytest.raises(InputError, match="window"):
        sliding_f1(steps, 0)


def test_numbers_of_sequences(made):
    table = raw(made)[schemas.DELAY_SEQUENCE]
    found = delay_sequence.numbers(made)["f1_of_sequences"].set_index("learner")
    pd.testing.assert_frame_equal(found.reset_index(), f1_of_sequences(table))
    assert found.loc["margin", "f1"] == 1 and (found["n_networks"] == 2).all()
    own = table[(table["learner"] == "hebbian") & (table["cued_pattern"] == table["pattern"])]
    networks = [f1(own[own["seed"] == seed]) for seed in (0, 1)]
    assert found.loc["hebbian", "f1"] == pytest.approx(np.mean(networks))
    assert found.loc["margin", "f1_others"] < 0.3


def test_the_sequence_is_drawn_by_pattern(made):
    figure = delay_sequence.draw(made)
    raster, near, along, matrix = figure.axes[:4]
    assert [ax.get_title(loc="left") for ax in figure.axes[:4]] == list("abcd")
    [patterns] = raster.child_axes
    assert [label.get_text() for label in patterns.get_xticklabels()] == ["0", "1", "2"]
    np.testing.assert_array_equal(patterns.get_xticks(), [65, 175, 285])
    assert near.get_xlim() == (10, 245)  # 100 free steps on both sides of background and cue
    spikes = raw(made)[schemas.DELAY_SEQUENCE_SPIKES]
    right = spikes[(spikes["learner"] == "margin") & (spikes["kind"] == "right")]
    [line] = lines(raster, color=HIT)
    np.testing.assert_array_equal(points(line), right[["step", "neuron"]])
    curves = along.get_lines()
    assert len(curves) == 3
    # Free recall of pattern k: 20 + 15 + 110 k to 110 (k + 1); windows of 50 within it.
    for k, curve in enumerate(curves):
        x, y = curve.get_data()
        inside = (x >= 110 * k + 35 + 25) & (x <= 110 * (k + 1) - 25)
        assert inside.any() and (y[inside] == 1).all()
    np.testing.assert_allclose(np.diag(matrix.images[0].get_array()), 1)


def test_nothing_to_draw(made, tmp_path):
    changed(tmp_path, raw(made), lambda table: table[:0])
    for figure in (delay_targets, delay_sequence):
        with pytest.raises(InputError, match="nothing to draw: the tables have no"):
            figure.draw(tmp_path)
    empty = raw(tmp_path)
    assert not len(f1_by_target(first_networks(empty[schemas.DELAY_TARGETS])))
    assert not len(f1_by_period(empty[schemas.DELAY_TARGETS]))
