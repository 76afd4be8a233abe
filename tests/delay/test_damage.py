import numpy as np
import pytest

from brianmem.delay import network, reference
from brianmem.delay.damage import Damage, asked_for, damaged
from brianmem.delay.drive import Drive
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.errors import InputError
from brianmem.patterns import draw_rasters
from brianmem.raster import Raster
from protocols.delay import damages, networks
from protocols.delay.damages import DamagedTask
from protocols.delay.networks import BENCHMARK

N, D, T, M, P = 200, 40, 120, 3, 0.01


def patterns():
    return draw_rasters(M, N, T, P, np.random.default_rng(0))


def drive(target=None, seed=1, **damage):
    target = patterns() if target is None else target
    rngs = np.random.default_rng(seed).spawn(target.n_patterns)
    return damaged(target, Damage(**damage), D, P, rngs)


def cue_bits(run):
    return run.forced.to_dense()[:, :, :D]


def test_without_damage_a_drive_is_the_cue():
    run = drive()
    dense = patterns().to_dense()
    np.testing.assert_array_equal(cue_bits(run), dense[:, :, :D])
    assert not run.forced.to_dense()[:, :, D:].any()
    np.testing.assert_array_equal(run.clamped, np.tile(np.arange(T) < D, (M, 1)))
    assert run.lost is None and run.noise is None


def test_flips_invert_their_part_of_the_bits():
    changed = cue_bits(drive(flipped=0.2)) != cue_bits(drive())
    n_bits = changed.size
    assert abs(changed.mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 / n_bits)
    assert (cue_bits(drive(flipped=1.0)) != cue_bits(drive())).all()


def test_resampled_bits_keep_the_rate():
    clean, damaged_bits = cue_bits(drive()), cue_bits(drive(resampled=0.5))
    n_spikes = clean.sum()
    kept = (clean & damaged_bits).sum() / n_spikes
    assert abs(kept - (0.5 + 0.5 * P)) < 4 * 0.5 / np.sqrt(n_spikes)
    assert abs(damaged_bits.sum() - n_spikes) < 5 * np.sqrt(n_spikes)
    # At full strength nothing is left of the cue but chance.
    gone = cue_bits(drive(resampled=1.0))
    assert (gone & clean).sum() < 0.05 * n_spikes


def test_a_shorter_cue_is_followed_by_free_steps():
    run = drive(cue_length=0.5)
    np.testing.assert_array_equal(run.clamped, np.tile(np.arange(T) < D // 2, (M, 1)))
    np.testing.assert_array_equal(
        run.forced.to_dense()[:, :, : D // 2], patterns().to_dense()[:, :, : D // 2]
    )
    assert not run.forced.to_dense()[:, :, D // 2 :].any()


def test_silenced_neurons_are_left_out_of_the_cue():
    silent = ~cue_bits(drive(np_all_fire(), silenced=0.25)).any(axis=2)
    assert (silent.sum(axis=1) == N // 4).all()
    assert (silent[0] != silent[1]).any()


def np_all_fire():
    return Raster.from_dense(np.ones((M, N, T), dtype=bool))


def test_spurious_and_lost_spikes_are_of_the_free_steps():
    run = drive(spurious=0.02, lost=0.3, cue_length=0.5)
    free = N * M * (T - D // 2)
    extra = run.forced.to_dense()[:, :, D // 2 :].sum()
    assert abs(extra - 0.02 * free) < 5 * np.sqrt(0.02 * free)
    lost = run.lost.to_dense()
    assert not lost[:, :, : D // 2].any()
    assert abs(lost.sum() - 0.3 * free) < 5 * np.sqrt(0.3 * free)
    assert not run.clamped[:, D // 2 :].any()


def test_membrane_noise_has_its_deviation():
    noise = drive(membrane_noise=0.2).noise
    assert not noise[:, :, :D].any()
    assert noise.shape == (M, N, T)
    assert abs(noise[:, :, D:].std() / 0.2 - 1) < 0.02


def test_a_cue_from_the_middle():
    target = asked_for(patterns(), Damage(cue_start=50), D)
    np.testing.assert_array_equal(target.to_dense(), patterns().to_dense()[:, :, 50:])
    with pytest.raises(InputError, match="leaves nothing of 120 steps to recall"):
        asked_for(patterns(), Damage(cue_start=T - D), D)


@pytest.mark.parametrize("name", ["resampled", "flipped", "spurious", "lost"])
def test_more_damage_adds_to_less(name):
    """With the same generators, what a small strength damages a larger one damages, too."""
    little, much = drive(**{name: 0.05}), drive(**{name: 0.2})
    if name == "lost":
        assert not (little.lost.to_dense() & ~much.lost.to_dense()).any()
    else:
        few, many = (run.forced.to_dense() != drive().forced.to_dense() for run in (little, much))
        assert few.sum() < many.sum()
        assert not (few & ~many).any()


def test_patterns_are_damaged_on_their_own():
    rngs = np.random.default_rng(3).spawn(M)
    all_of_them = damaged(patterns(), Damage(flipped=0.1), D, P, rngs)
    rngs = np.random.default_rng(3).spawn(M)
    last = damaged(patterns().take([2]), Damage(flipped=0.1), D, P, rngs[2:])
    np.testing.assert_array_equal(all_of_them.forced.select(2).to_dense(), last.forced.to_dense())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resampled": 1.1}, "resampled must lie in"),
        ({"cue_length": -0.1}, "cue_length must lie in"),
        ({"membrane_noise": -1.0}, "membrane_noise must be finite and at least 0, not -1.0"),
        ({"cue_start": -1}, "cue_start must be at least 0, not -1"),
    ],
)
def test_damage_out_of_range_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        Damage(**change)


def test_noise_of_another_shape_is_refused():
    run = drive()
    with pytest.raises(InputError, match="noise is an array"):
        Drive(run.forced, run.clamped, None, np.zeros((M, N, T - 1)))


def test_all_damage_at_once_equals_the_recursion(backend):
    rng = np.random.default_rng(2)
    n, d, t, n_trials = 40, 10, 60, 3
    dense = 3 / np.sqrt(n * d * 0.15) * rng.standard_normal((n, n, d))
    target = draw_rasters(n_trials, n, t, 0.15, rng)
    damage = Damage(0.2, 0.05, 0.8, 0.1, 0.02, 0.2, 0.3)
    run = damaged(target, damage, d, 0.15, rng.spawn(n_trials))
    params = DelayParameters(n_neurons=n, n_delays=d, n_steps=t, n_patterns=n_trials)
    found = network.run(DelayWeights.from_dense(dense), run, params, 1.0, backend=backend).raster
    expected = [
        reference.run(dense, forced, clamped, params.beta, 1.0, lost, noise)
        for forced, clamped, lost, noise in zip(
            run.forced.to_dense(), run.clamped, run.lost.to_dense(), run.noise, strict=True
        )
    ]
    assert 0.1 < np.mean(expected) < 0.9
    np.testing.assert_array_equal(found.to_dense(), expected)


def test_rows_do_not_depend_on_what_runs_together(monkeypatch):
    fixed = {name: values[0] for name, values in BENCHMARK.items()}
    fixed |= {"n_neurons": 40, "n_delays": 8, "n_steps": 80, "n_patterns": 5, "firing_prob": 0.02}
    task = DamagedTask(
        **fixed | {"learner": "hebbian", "seed": 0, "backend": "numpy", "model": None},
        upper=None,
        n_tested=4,
        resampled=(0.0, 0.5),
        flipped=(0.0, 0.02),
        cue_length=(1.0, 0.5),
        silenced=(0.0, 0.5),
        spurious=(0.0, 0.05),
        lost=(0.0, 0.3),
        membrane_noise=(0.0, 0.2),
        cue_start=(0, 20),
    )
    learned, run = networks.learn(task), network.run
    monkeypatch.setattr(networks, "learn", lambda task: learned)
    n_trials = []
    monkeypatch.setattr(network, "run", lambda *a: n_trials.append(len(a[1].clamped)) or run(*a))
    together = damages.run_task(task)
    # The baseline's 5 trials and 4 of each damage; noise, lost spikes and later cues are alone.
    assert n_trials == [4, 4, 5 + 5 * 4, 4]
    n_trials.clear()
    monkeypatch.setattr(damages, "MOST_TRIALS", 5)
    assert damages.run_task(task) == together
    assert sorted(n_trials) == [4] * 8 + [5]
    assert len({row["true_positives"] for row in together}) > 4
