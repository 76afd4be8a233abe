"""Rasters with structure, and the protocols that learn them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brianmem import schemas, tables
from brianmem.delay.scores import counts_by_pattern
from brianmem.errors import InputError
from brianmem.raster import Raster
from brianmem.shd import N_CHANNELS
from brianmem.targets import (
    draw_periodic,
    longest_silence,
    repeat,
    travelling_waves,
    wave_speeds,
)
from protocols import cli
from protocols.delay import sequence, targets
from protocols.delay.kinds import spike_rows
from protocols.protocol import make_tasks, resolve_grid


@st.composite
def rasters(draw):
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 9)))
    seed, rate = draw(st.integers(0, 999)), draw(st.sampled_from([0.05, 0.3, 1.0]))
    return Raster.from_dense(np.random.default_rng(seed).random(shape) < rate)


@given(rasters(), st.integers(1, 40))
def test_repeated_rasters_are_periods_one_after_another(raster, n_steps):
    dense = raster.to_dense()
    expected = dense[:, :, np.arange(n_steps) % raster.n_steps]
    np.testing.assert_array_equal(repeat(raster, n_steps).to_dense(), expected)


@pytest.mark.parametrize("n_delays", [5, 15])  # a cue that is longer than the period, too
def test_a_periodic_pattern_ends_with_its_cue(n_delays):
    pattern = draw_periodic(2, 30, 20, 20 - n_delays, 0.1, np.random.default_rng(0)).to_dense()
    np.testing.assert_array_equal(pattern[:, :, -n_delays:], pattern[:, :, :n_delays])
    assert 0.05 < pattern.mean() < 0.15


def slow_wave(speed, n_neurons, n_steps, wavelength, phase):
    """Steps at which a crest is over each neuron, one neuron and step after another."""
    dense = np.zeros((n_neurons, n_steps), bool)
    for i in range(n_neurons):
        for k in range(-1000, 1000):
            step = round((i + (k + phase) * wavelength) / speed)
            if 0 <= step < n_steps:
                dense[i, step] = True
    return dense


@pytest.mark.parametrize("speed", [0.7, -1.3, 4.0])
@pytest.mark.parametrize("wavelength", [9.0, 40.0])
def test_waves_without_jitter_are_crests_over_neurons(speed, wavelength):
    rng = np.random.default_rng(3)
    found = travelling_waves([speed], 25, 60, wavelength, 0.0, rng).to_dense()[0]
    phase = np.random.default_rng(3).random()
    np.testing.assert_array_equal(found, slow_wave(speed, 25, 60, wavelength, phase))


def test_jitter_has_its_size_and_leaves_the_rate():
    sizes = [1.0, -1.0], 100, 400, 100.0
    exact = travelling_waves(*sizes, 0.0, np.random.default_rng(0))
    jittered = travelling_waves(*sizes, 3.0, np.random.default_rng(0))
    # One spike every 100 steps, but for some that cross an end.
    assert len(exact) == 800
    assert abs(len(jittered) - 800) < 20
    # Within a wave that runs up, i - t is the same for all but for the jitter, modulo the length.
    angle = 2j * np.pi * (jittered.select(0).neuron - jittered.select(0).step) / 100
    spread = np.sqrt(-2 * np.log(abs(np.exp(angle).mean()))) * 100 / (2 * np.pi)
    assert spread == pytest.approx(3.0, rel=0.15)  # 400 spikes


def test_speeds_run_up_and_down_and_double():
    expected = 0.5 * np.array([1, -1, 2**0.5, -(2**0.5), 2, -2])
    np.testing.assert_allclose(wave_speeds(6, 0.5), expected)
    np.testing.assert_allclose(wave_speeds(1, 0.5), [0.5])


def test_waves_that_cannot_be_are_refused():
    rng = np.random.default_rng(0)
    for speeds, wavelength, jitter, words in (
        ([1.0, 0.0], 5.0, 0.0, "speed"),
        ([np.inf], 5.0, 0.0, "speed"),
        ([1.0], 0.0, 0.0, "wavelength"),
        ([1.0], 5.0, -1.0, "jitter"),
    ):
        with pytest.raises(InputError, match=words):
            travelling_waves(speeds, 5, 10, wavelength, jitter, rng)
    with pytest.raises(InputError, match="period"):
        draw_periodic(1, 5, 10, 0, 0.1, rng)


@given(rasters())
def test_longest_silence(raster):
    for m, dense in enumerate(raster.to_dense()):
        busy = "".join(".x"[int(bit)] for bit in dense.any(axis=0)).strip(".")
        expected = max((len(gap) for gap in busy.split("x")), default=0)
        assert longest_silence(raster)[m] == expected


def test_every_spike_has_one_kind():
    rng = np.random.default_rng(0)
    recalled, target = (Raster.from_dense(rng.random((1, 9, 30)) < 0.3) for _ in range(2))
    forced = recalled.crop(10)
    forced = Raster(forced.pattern, forced.neuron, forced.step, 1, 9, 30)
    rows = spike_rows(recalled, target, forced)
    of = {
        kind: {(row["neuron"], row["step"]) for row in rows if row["kind"] == kind}
        for kind in schemas.SPIKE_KIND.one_of
    }
    came, wanted = (set(zip(r.neuron, r.step, strict=True)) for r in (recalled, target))
    assert of["background"] | of["cue"] | of["right"] | of["extra"] == came
    assert of["cue"] | of["right"] | of["missed"] == wanted
    for kind in ("background", "cue", "right", "extra"):
        assert all((step < 10) == (kind in ("background", "cue")) for _, step in of[kind])
    counts = counts_by_pattern(recalled, target, 10)[:, 0]
    assert counts[:2].tolist() == [len(of["right"]), len(of["extra"])]


SMALL = {
    "n_neurons": 60,
    "n_delays": 20,
    "n_steps": 100,
    "n_patterns": 2,
    "firing_prob": 0.02,
    "learner": "margin",
    "seed": 0,
}


def tasks(protocol, **changes):
    settings = [f"{name}={value}" for name, value in (SMALL | changes).items()]
    return make_tasks(
        protocol,
        resolve_grid(protocol, "smoke", 0, settings),
        backend="numpy",
        model=None,
        shd=None,
    )


def target_task(target, **changes):
    size = {"wavelength": 60.0, "n_periods": 4, "bin_ms": 5.0} | changes
    [task] = tasks(targets.PROTOCOL, target=target, **size)
    return task


@pytest.mark.parametrize(
    ("target", "changes"),
    [
        ("bernoulli", {}),
        ("periodic", {}),
        ("waves", {}),
        ("digits", {"n_neurons": N_CHANNELS, "n_delays": 8, "n_steps": 40}),
    ],
)
def test_the_margin_rule_recalls_every_target_without_an_error(target, changes):
    task = target_task(target, **changes)
    targets.check_task(task)
    made = targets.run_task(task)
    table = tables.from_rows(schemas.DELAY_TARGETS, made["delay_targets"])
    assert (table["false_positives"] + table["false_negatives"] == 0).all()
    stored = targets.make_targets(task).target
    late = stored.step >= task.n_delays
    by_pattern = table.groupby("pattern")["true_positives"].sum()
    np.testing.assert_array_equal(by_pattern, np.bincount(stored.pattern[late]))
    assert table["period"].nunique() == (4 if target == "periodic" else 1)
    np.testing.assert_array_equal(
        table.groupby("pattern")["longest_silence"].first(),
        longest_silence(stored.crop(task.n_steps)),
    )
    if target in ("waves", "digits"):
        rate = stored.to_dense().mean()
        np.testing.assert_allclose(table["firing_prob"], rate)
    spikes = tables.from_rows(schemas.DELAY_TARGETS_SPIKES, made["delay_targets_spikes"])
    assert set(spikes["kind"]) == {"cue", "right"}
    last = task.n_delays + (2 if target == "periodic" else 1) * (task.n_steps - task.n_delays)
    assert len(spikes) == len(stored.select(0).crop(last))


def test_periods_are_scored_each_on_its_own():
    task = target_task("periodic", learner="hebbian", n_patterns=6)
    made = tables.from_rows(schemas.DELAY_TARGETS, targets.run_task(task)["delay_targets"])
    wanted = made["true_positives"] + made["false_negatives"]
    period = targets.make_targets(task).target.crop(task.n_delays + 80, task.n_delays)
    np.testing.assert_array_equal(wanted, np.tile(np.bincount(period.pattern), 4))
    assert made["false_negatives"].sum() > 0


def test_targets_that_cannot_be_are_refused():
    for target, changes, words in (
        ("letters", {}, "unknown target 'letters': choose from bernoulli"),
        ("digits", {}, "700"),
        ("waves", {"jitter": -1.0}, "jitter"),
        ("waves", {"wavelength": 1e7}, "the target 'waves' has no spike in 100 steps"),
        ("periodic", {"n_periods": 0}, "n_periods"),
    ):
        with pytest.raises(InputError, match=words):
            targets.check_task(target_task(target, **changes))


def test_the_seed_makes_the_tables(tmp_path):
    made = [targets.run_task(target_task("waves", seed=seed)) for seed in (1, 1, 2)]
    assert str(made[0]) == str(made[1]) != str(made[2])
    small = [f"--set={name}={value}" for name, value in SMALL.items()]
    size = ["--set=target=waves,periodic", "--set=n_periods=2", "--set=wavelength=60"]
    arguments = [*small, *size, "--backend", "numpy", "--jobs", "0", "--out", str(tmp_path)]
    assert cli.main(targets.PROTOCOL, arguments) == 0
    table = tables.read(schemas.DELAY_TARGETS, tmp_path)
    assert set(table["target"]) == {"waves", "periodic"}


def sequence_task(**changes):
    [task] = tasks(sequence.PROTOCOL, background_steps=25, bin_steps=10, **changes)
    return task


def test_the_drive_of_a_sequence_is_background_then_cue_then_nothing():
    task = sequence_task(firing_prob=0.2, n_patterns=3)
    dense = np.random.default_rng(0).random((3, 60, 100)) < 0.1
    drive = sequence.sequence(task, Raster.from_dense(dense), np.random.default_rng(1))
    forced, clamped = drive.forced.to_dense()[0], drive.clamped[0]
    assert len(clamped) == sequence.run_steps(task) == 3 * 125 + 25
    for k in range(3):
        start = 125 * k
        assert clamped[start : start + 45].all() and not clamped[start + 45 : start + 125].any()
        assert forced[:, start : start + 25].mean() == pytest.approx(0.2, abs=0.05)
        np.testing.assert_array_equal(forced[:, start + 25 : start + 45], dense[k, :, :20])
        assert not forced[:, start + 45 : start + 125].any()
    assert clamped[375:].all() and forced[:, 375:].mean() == pytest.approx(0.2, abs=0.05)


def test_rows_and_pieces_undo_each_other():
    dense = np.random.default_rng(0).random((3, 5, 7)) < 0.3
    first = np.array([2, 11, 30])
    row = sequence.in_a_row(Raster.from_dense(dense), first, 40)
    assert row.n_patterns == 1 and len(row) == dense.sum()
    np.testing.assert_array_equal(sequence.pieces(row, first, 7).to_dense(), dense)


def test_a_sequence_retrieves_each_pattern_after_its_cue():
    task = sequence_task(n_patterns=3)
    sequence.check_task(task)
    made = sequence.run_task(task)
    table = tables.from_rows(schemas.DELAY_SEQUENCE, made["delay_sequence"])
    patterns, _, _ = sequence.networks.learn(task)
    own = table[table["cued_pattern"] == table["pattern"]]
    assert (own["false_positives"] + own["false_negatives"] == 0).all()
    late = patterns.step >= task.n_delays
    np.testing.assert_array_equal(own["true_positives"], np.bincount(patterns.pattern[late]))
    # What is recalled is pattern k itself, so that counts with m follow from the two patterns.
    dense = patterns.to_dense()[:, :, task.n_delays :]
    for row in table.itertuples():
        recalled, wanted = dense[row.cued_pattern], dense[row.pattern]
        counts = row.true_positives, row.false_positives, row.false_negatives
        outcomes = recalled & wanted, recalled & ~wanted, wanted & ~recalled
        assert counts == tuple(outcome.sum() for outcome in outcomes)


def test_bins_of_a_sequence_count_all_spikes():
    task = sequence_task(n_patterns=3)
    made = sequence.run_task(task)
    steps = tables.from_rows(schemas.DELAY_SEQUENCE_STEPS, made["delay_sequence_steps"])
    spikes = tables.from_rows(schemas.DELAY_SEQUENCE_SPIKES, made["delay_sequence_spikes"])
    fired = np.bincount(spikes.loc[spikes["kind"] != "missed", "step"] // 10, minlength=40)
    for _, of_pattern in steps.groupby("pattern"):
        total = of_pattern["true_positives"] + of_pattern["false_positives"]
        np.testing.assert_array_equal(total, fired)
    # Its own cue and recall, and nothing of the background before it.
    first = steps[(steps["pattern"] == 0) & (steps["step"].between(30, 119))]
    assert (first["false_positives"] == 0).all() and first["true_positives"].sum() > 0
    assert steps.loc[steps["step"] < 20, "true_positives"].sum() == 0


def test_sequences_that_cannot_be_are_refused():
    for changes, words in (({"bin_steps": 0}, "bin_steps"), ({"background_steps": -1}, "backgr")):
        with pytest.raises(InputError, match=words):
            sequence.check_task(tasks(sequence.PROTOCOL, **changes)[0])
