"""Brian2 against the NumPy recursion, spike for spike."""

from dataclasses import replace

import numpy as np
import pytest

from brianmem import gpu
from brianmem.backends import check_backend, lacks
from brianmem.compiled import cache
from brianmem.delay import network, reference, synapses
from brianmem.delay.drive import cued, joined
from brianmem.delay.equations import LIF
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.equations import load_model
from brianmem.errors import InputError, RunawayWarning
from brianmem.raster import Raster


def parameters(n_neurons, n_delays, n_steps, beta=0.7):
    return DelayParameters(
        n_neurons=n_neurons, n_delays=n_delays, n_steps=n_steps, n_patterns=1, beta=beta
    )


def random_case(n_neurons, n_delays, seed, n_cues=1, rate=0.15):
    """Dense weights of both signs, strong enough to keep the network busy after the cue."""
    rng = np.random.default_rng(seed)
    scale = 3.0 / np.sqrt(n_neurons * n_delays * rate)
    dense = scale * rng.standard_normal((n_neurons, n_neurons, n_delays))
    cues = rng.random((n_cues, n_neurons, n_delays)) < rate
    return dense, cues


def by_reference(dense, cues, params, threshold=1.0):
    return np.array(
        [reference.recall(dense, cue, params.n_steps, params.beta, threshold) for cue in cues]
    )


SIMULATORS = {"shared": network, "synapses": synapses}


@pytest.fixture(params=SIMULATORS)
def simulator(request):
    return SIMULATORS[request.param]


def by_brian(dense, cues, params, backend, threshold=1.0, simulator=network):
    weights = DelayWeights.from_dense(dense)
    cues = Raster.from_dense(cues)
    return simulator.recall(weights, cues, params, threshold, backend=backend).to_dense()


@pytest.mark.parametrize(("n_neurons", "n_delays"), [(1, 1), (7, 1), (30, 12), (60, 41)])
def test_equals_the_recursion_on_dense_networks(backend, simulator, n_neurons, n_delays):
    if simulator is synapses and backend == "cuda_standalone":
        pytest.skip("brian2cuda's own queues add what arrives in any order")
    if simulator is synapses and backend == "cython" and n_neurons != 30:
        pytest.skip("sets up Synapses for seconds: numpy does the same")
    params = parameters(n_neurons, n_delays, n_steps=5 * n_delays + 40)
    dense, cues = random_case(n_neurons, n_delays, seed=n_neurons, n_cues=3)
    expected = by_reference(dense, cues, params)
    if n_neurons >= 30:  # the comparison is of a busy network, neither silent nor saturated
        assert 0.1 < expected[:, :, n_delays:].mean() < 0.9
    np.testing.assert_array_equal(
        by_brian(dense, cues, params, backend, simulator=simulator), expected
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fast", "density", "simulator"),
    [("numpy", 0.25, synapses), ("numpy", 0.25, network), ("cython", 1.0, network)],
)
def test_equals_the_recursion_at_full_size(fast, density, simulator):
    """512 neurons, 41 delays, up to 10.7 million synapses."""
    try:
        check_backend(fast)
    except InputError as error:
        pytest.skip(str(error))
    params = parameters(512, 41, n_steps=120)
    dense, cues = random_case(512, 41, seed=0)
    dense *= np.random.default_rng(1).random(dense.shape) < density
    dense /= np.sqrt(density)  # the drive stays the same
    expected = by_reference(dense, cues, params)
    assert 0.1 < expected[:, :, 41:].mean() < 0.9
    np.testing.assert_array_equal(
        by_brian(dense, cues, params, fast, simulator=simulator), expected
    )


def test_inputs_are_added_in_the_order_of_the_recursion(runtime_backend):
    """Large weights that cancel swallow small ones, which ones depends on the order of the sum."""
    n_neurons, n_delays = 25, 6
    rng = np.random.default_rng(3)
    dense = rng.choice([-(2.0**60), 2.0**60, -1, 1, 2], (n_neurons, n_neurons, n_delays))
    cues = rng.random((4, n_neurons, n_delays)) < 0.3
    # With next to no memory of the potential, each step is a sum of its own.
    params = parameters(n_neurons, n_delays, n_steps=80, beta=1e-30)
    expected = by_reference(dense, cues, params)
    found = by_brian(dense, cues, params, runtime_backend)
    np.testing.assert_array_equal(found, expected)
    by_synapses = by_brian(dense, cues, params, "numpy", simulator=synapses)
    np.testing.assert_array_equal(by_synapses, expected)
    # The test has teeth: with the presynaptic neurons in reverse order the spikes differ.
    backwards = by_reference(dense[::-1, ::-1], cues[:, ::-1], params)[:, ::-1]
    assert (backwards != expected).mean() > 0.01


def test_a_delay_that_is_off_by_one_would_show():
    dense, cues = random_case(30, 12, seed=0)
    params = parameters(30, 12, n_steps=60)
    shifted = np.roll(dense, 1, axis=2)
    assert (by_reference(dense, cues, params) != by_reference(shifted, cues, params)).any()


def test_first_and_last_delay(simulator):
    dense = np.zeros((3, 3, 5))
    dense[1, 0, 0] = dense[2, 0, 4] = 2.0
    cues = np.zeros((1, 3, 5), dtype=bool)
    cues[0, 0, 4] = True
    params = parameters(3, 5, n_steps=12)
    raster = by_brian(dense, cues, params, "numpy", simulator=simulator)
    assert [*map(tuple, np.argwhere(raster[0]))] == [(0, 4), (1, 5), (2, 9)]


def test_copies_do_not_meet(simulator):
    dense, cues = random_case(20, 8, seed=5, n_cues=4)
    params = parameters(20, 8, n_steps=50)
    together = by_brian(dense, cues, params, "numpy", simulator=simulator)
    alone = [by_brian(dense, cues[[m]], params, "numpy", simulator=simulator) for m in range(4)]
    np.testing.assert_array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize("at_once", [1, 2, 3, 4])
def test_trials_in_parts_are_trials_together(at_once):
    """With all that a drive can hold; five trials leave a part that is not full."""
    dense, cues = random_case(20, 8, seed=5, n_cues=5)
    params = parameters(20, 8, n_steps=50)
    rng = np.random.default_rng(0)
    lost = Raster.from_dense(rng.random((5, 20, 50)) < 0.1)
    noise = 0.1 * rng.standard_normal((5, 20, 50))
    drive = replace(cued(Raster.from_dense(cues), 50), lost=lost, noise=noise)
    drive.clamped[3, 20:30] = True

    def run(part, most):
        return network.run(DelayWeights.from_dense(dense), part, params, 1.0, most_spikes=most)

    most = np.array([10**6, 410, 410, 410, 410])
    together = run(drive, most)
    parts = network._in_parts(drive, most, at_once, run)
    np.testing.assert_array_equal(parts.raster.to_dense(), together.raster.to_dense())
    np.testing.assert_array_equal(parts.ran_away, together.ran_away)
    assert list(together.ran_away) == [False, False, True, False, True]
    with pytest.raises(InputError, match="one for each of 5 trials, not of shape"):
        run(drive, most[:3])


def test_joined_drives_have_the_trials_of_all():
    _, cues = random_case(20, 8, seed=5, n_cues=5)
    whole = cued(Raster.from_dense(cues), 50)
    parts = [whole.part(0, 2), whole.part(2, 5)]
    found = joined(parts)
    np.testing.assert_array_equal(found.forced.to_dense(), whole.forced.to_dense())
    np.testing.assert_array_equal(found.clamped, whole.clamped)
    noisy = replace(parts[0], noise=np.zeros((2, 20, 50)))
    assert joined([noisy]) is noisy
    with pytest.raises(InputError, match="lost spikes or noise"):
        joined([parts[0], noisy])
    with pytest.raises(InputError, match="of one size"):
        joined([parts[0], cued(Raster.from_dense(cues), 51)])


@pytest.mark.slow
def test_one_program_serves_all_thresholds(monkeypatch):
    """And all weights of about as many synapses."""
    if lacks("cpp_standalone"):
        pytest.skip(f"there is no {lacks('cpp_standalone')}")
    names = []
    kept = cache.kept
    monkeypatch.setattr(cache, "kept", lambda *a: names.append(a[1]) or kept(*a))
    params = parameters(20, 8, n_steps=50)
    for seed, threshold in ((5, 1.0), (6, 1.3)):
        dense, cues = random_case(20, 8, seed, n_cues=2)
        rng = np.random.default_rng(seed)
        cues = rng.permuted(np.arange(cues.size) < 50).reshape(cues.shape)
        found = by_brian(dense, cues, params, "cpp_standalone", threshold)
        np.testing.assert_array_equal(found, by_reference(dense, cues, params, threshold))
    assert names[0] == names[1]


def test_equations_may_have_a_theta_of_their_own():
    moving = replace(LIF, model=f"{LIF.model}\ntheta = 1.5 - exp(-t/(4*ms)) : 1")
    dense, cues = random_case(20, 8, seed=5)
    params = parameters(20, 8, n_steps=50)
    weights = DelayWeights.from_dense(dense)
    runs = [
        simulator.recall(weights, Raster.from_dense(cues), params, 1.0, moving)
        for simulator in SIMULATORS.values()
    ]
    assert len(runs[0]) > 2 * cues.sum()
    np.testing.assert_array_equal(runs[0].to_dense(), runs[1].to_dense())


def test_trials_that_do_not_fit_on_a_gpu_run_in_parts(gpu_backend, monkeypatch):
    dense, cues = random_case(20, 8, seed=5, n_cues=5)
    params = parameters(20, 8, n_steps=50)
    parts = []
    in_parts = network._in_parts
    monkeypatch.setattr(network, "_in_parts", lambda *a: parts.append(a[2]) or in_parts(*a))
    weights_bytes = DelayWeights.from_dense(dense).n_bytes
    monkeypatch.setattr(gpu, "free_memory", lambda: 2.2 * weights_bytes + 60_000)
    found = by_brian(dense, cues, params, gpu_backend)
    np.testing.assert_array_equal(found, by_reference(dense, cues, params))
    assert parts == [3]
    monkeypatch.setattr(gpu, "free_memory", lambda: 2 * weights_bytes)
    with pytest.raises(InputError, match=r"1 networks of 20 neurons need .*: not even one fits"):
        by_brian(dense, cues, params, gpu_backend)


def test_a_recall_without_synapses_or_spikes(simulator):
    cues = np.zeros((2, 4, 3), dtype=bool)
    params = parameters(4, 3, n_steps=10)
    raster = by_brian(np.zeros((4, 4, 3)), cues, params, "numpy", simulator=simulator)
    assert not raster.any()


def test_edited_equations_are_run(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('refractory = "4*ms"\n')
    dense, cues = random_case(30, 5, seed=0)
    params = parameters(30, 5, n_steps=60)
    # Synapses leave out the spikes of a cue at which a neuron is refractory: one spike each.
    cues &= np.cumsum(cues, axis=2) == 1
    case = DelayWeights.from_dense(dense), Raster.from_dense(cues), params, 1.0
    free, by_synapses = (
        simulator.recall(*case, load_model(path, LIF)).to_dense()[0, :, 5:]
        for simulator in (network, synapses)
    )
    np.testing.assert_array_equal(free, by_synapses)
    intervals = [np.diff(np.flatnonzero(row)) for row in free]
    assert min(np.concatenate(intervals)) >= 4


def test_a_pulse_that_does_more_than_add_needs_synapses(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('pulse = "v_post += 0.5*w"\n')
    model = load_model(path, LIF)
    dense, cues = random_case(20, 5, seed=0)
    params = parameters(20, 5, n_steps=60)
    weights, cues = DelayWeights.from_dense(dense), Raster.from_dense(cues)
    with pytest.raises(InputError, match=r"'v_post \+= 0.5\*w' does more than to add w"):
        network.recall(weights, cues, params, 1.0, model)
    halved = DelayWeights.from_dense(dense / 2)
    found = synapses.recall(weights, cues, params, 1.0, model)
    np.testing.assert_array_equal(
        found.to_dense(), network.recall(halved, cues, params, 1.0).to_dense()
    )


@pytest.mark.parametrize(
    ("pulse", "variable"),
    [
        ("v_post += w", "v"),
        (" I_post+=w ", "I"),
        ("v_post += 2*w", None),
        ("v_post += w; u_post += w", None),
        ("v_post = w", None),
        ("v += w", None),
    ],
)
def test_which_pulses_share_weights(pulse, variable):
    assert network.driven_variable(replace(LIF, pulse=pulse)) == variable


def test_sizes_that_differ_are_refused():
    dense, cues = random_case(10, 4, seed=0)
    weights, cues = DelayWeights.from_dense(dense), Raster.from_dense(cues)
    with pytest.raises(InputError, match="weights are for 10 neurons"):
        network.recall(weights, cues, parameters(11, 4, 20), 1.0)
    with pytest.raises(InputError, match="weights have 4 delays"):
        network.recall(weights, cues, parameters(10, 5, 20), 1.0)
    with pytest.raises(InputError, match="cue lasts"):
        network.recall(weights, cues.crop(0), parameters(10, 4, 20), 1.0)


def test_a_recall_that_runs_away_is_stopped_and_said():
    params = parameters(30, 5, 200)
    dense = np.full((30, 30, 5), 0.1)
    weights = DelayWeights.from_dense(dense)
    cue = Raster([0, 0], [3, 4], [1, 2], 1, 30, 5)
    with pytest.warns(RunawayWarning, match=r"1 of 1 recalls, the first of cue 0, .*1200 times"):
        found = network.recall(weights, cue, params, 0.05)
    assert 1200 < len(found) <= 1200 + 30
    everything = network.recall(weights, cue, params, 0.05, most_spikes=10**6)
    assert len(everything) > 5000
    np.testing.assert_array_equal(found.step, everything.step[: len(found)])


def test_a_threshold_has_one_place():
    dense, cues = random_case(10, 4, seed=0)
    weights, cues = DelayWeights.from_dense(dense), Raster.from_dense(cues)
    params = parameters(10, 4, 20)
    given = replace(params, threshold=0.4)
    expected = network.recall(weights, cues, params, 0.4).to_dense()
    for recall in (network.recall, synapses.recall):
        for found in (recall(weights, cues, given), recall(weights, cues, given, 0.4)):
            np.testing.assert_array_equal(found.to_dense(), expected)
        for arguments, message in (
            ((given, 0.1), r"threshold 0\.4, and 0\.1 was given"),
            ((params,), "needs a threshold"),
            ((params, np.nan), "must be finite"),
        ):
            with pytest.raises(InputError, match=message):
                recall(weights, cues, *arguments)
