"""The delay step against the NumPy recursion and Brian2's own Synapses, spike for spike."""

import tracemalloc

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, Synapses, ms
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from brianmem.brian import brian_backend
from brianmem.delay import reference
from brianmem.engine import DelayStep, numpy_delays
from brianmem.errors import InputError
from brianmem.raster import Raster

BETA = 0.7
TAU = -1 / np.log(BETA) * ms
LEAKY = "dv/dt = -v/tau : 1"


def draw(n_neurons, n_delays, n_blocks, seed, n_steps=90, density=1.0, rate=0.1):
    """Weights [post, pre, delay - 1] that keep a network busy, and forced, clamped, lost spikes."""
    rng = np.random.default_rng(seed)
    shape = n_neurons, n_neurons, n_delays
    weights = 3.0 / np.sqrt(n_neurons * n_delays * rate) * rng.standard_normal(shape)
    weights *= (rng.random(shape) < density) / np.sqrt(density)
    forced, lost = rng.random((2, n_blocks, n_neurons, n_steps)) < [[[[rate]]], [[[0.3]]]]
    clamped = np.zeros((n_blocks, n_steps), dtype=bool)
    clamped[:, :n_delays] = True
    for block in range(n_blocks):
        clamped[block, 20 + 3 * block : 30 + 5 * block] = True
    forced &= clamped[:, None] | (rng.random(forced.shape) < 0.05)
    return weights, forced, clamped, lost


def table(weights, sparse, dtype=np.float64):
    rows = np.ascontiguousarray(weights.transpose(1, 2, 0), dtype=dtype)
    rows = rows.reshape(-1, len(weights))
    return csr_array(rows) if sparse else rows


def group_of(n, model=LEAKY, reset="v = 0", threshold="v >= 1", refractory=False, **namespace):
    return NeuronGroup(
        n,
        model,
        threshold=threshold,
        reset=reset,
        refractory=refractory,
        method="exact",
        clock=Clock(1 * ms, name="step_clock"),
        namespace={"tau": TAU} | namespace,
        name="step_neurons",
    )


def run(weights, forced, clamped, lost, backend, **options):
    """Rasters by the delay step, boolean, shape (n_blocks, n_neurons, n_steps)."""
    n_blocks, n_neurons, n_steps = forced.shape
    with brian_backend(backend):
        group = group_of(n_blocks * n_neurons)
        step = DelayStep(
            group,
            weights,
            forced=Raster.from_dense(forced),
            clamped=clamped,
            lost=None if lost is None else Raster.from_dense(lost),
            schedule="recursion",
            monitored=False,
            **options,
        )
        Network(group, step).run(n_steps * ms)
        return step.raster(n_steps).to_dense(), step.ran_away


def by_reference(weights, forced, clamped, lost=None):
    lost = np.zeros_like(forced) if lost is None else lost
    return np.array(
        [
            reference.run(weights, f, c, BETA, 1.0, left_out)
            for f, c, left_out in zip(forced, clamped, lost, strict=True)
        ]
    )


@pytest.mark.parametrize(
    ("n_neurons", "n_delays", "sparse"),
    [
        *((n, 1, sparse) for n in (1, 9) for sparse in (True, False)),
        pytest.param(40, 12, True, marks=pytest.mark.glue),
        (40, 12, False),
    ],
)
def test_equals_the_recursion(backend, sparse, n_neurons, n_delays):
    weights, forced, clamped, lost = draw(n_neurons, n_delays, 3, seed=n_neurons, density=0.5)
    expected = by_reference(weights, forced, clamped, lost)
    if n_neurons == 40:  # busy, and what is forced, clamped and lost matters
        free = expected[~np.broadcast_to(clamped[:, None], expected.shape)]
        assert 0.1 < free.mean() < 0.9
        for other in (
            (forced, np.zeros_like(clamped), lost),
            (forced & False, clamped, lost),
            (forced, clamped, None),
        ):
            assert (by_reference(weights, *other) != expected).any()
    found, ran_away = run(table(weights, sparse), forced, clamped, lost, backend)
    np.testing.assert_array_equal(found, expected)
    assert not ran_away.any()


def test_one_clamp_for_all_blocks(backend):
    weights, forced, clamped, _ = draw(30, 5, 2, seed=1)
    clamped[1] = clamped[0]
    expected = by_reference(weights, forced, clamped)
    found, _ = run(table(weights, True), forced, clamped[0], None, backend)
    np.testing.assert_array_equal(found, expected)


def test_float32_weights_are_added_in_double_precision(backend):
    _, forced, clamped, lost = draw(40, 12, 2, seed=5)
    # Single precision holds 2^25, and swallows what is added to it next.
    weights = np.random.default_rng(5).choice([-(2.0**25), 2.0**25, -1, 1, 2], (40, 40, 12))
    expected = by_reference(weights, forced, clamped, lost)
    found, _ = run(table(weights, False, np.float32), forced, clamped, lost, backend)
    np.testing.assert_array_equal(found, expected)


def test_a_block_that_runs_away_is_stopped_alone(backend):
    """Two blocks, of which one is never cued: the other fires all neurons in every step."""
    n, n_steps, most = 20, 30, 100
    weights = np.full((n, n, 2), 1.0)
    forced = np.zeros((2, n, n_steps), dtype=bool)
    forced[0, :2, 0] = True
    clamped = np.zeros((2, n_steps), dtype=bool)
    clamped[:, 0] = True
    found, ran_away = run(table(weights, False), forced, clamped, None, backend, most_spikes=most)
    assert list(ran_away) == [True, False]
    per_step = found[0].sum(axis=0)
    # The step that exceeds the limit is the last one.
    assert list(per_step[:7]) == [2, 20, 20, 20, 20, 20, 0]
    assert not found[1].any()
    exactly, ran_away = run(table(weights, False), forced, clamped, None, backend, most_spikes=102)
    assert list(exactly[0].sum(axis=0)[:7]) == [2, 20, 20, 20, 20, 20, 20]
    # A limit for each: both blocks are cued.
    forced[1, :2, 0] = True
    limits = np.array([10**6, most])
    found, ran_away = run(table(weights, False), forced, clamped, None, backend, most_spikes=limits)
    assert list(ran_away) == [False, True]
    assert list(found[0].sum(axis=0)) == [2] + [20] * (n_steps - 1)
    assert list(found[1].sum(axis=0)[:7]) == [2, 20, 20, 20, 20, 20, 0]


MODELS = {
    "adapting": {
        "model": "dv/dt = (-v - a)/tau : 1\nda/dt = -a/(30*ms) : 1",
        "reset": "v = 0; a += 0.05",
    },
    "refractory": {"model": LEAKY, "refractory": 3 * ms},
    "frozen": {"model": "dv/dt = -v/tau : 1 (unless refractory)", "refractory": 3 * ms},
    "current": {"model": "dv/dt = (x - v)/tau : 1\ndx/dt = -x/(4*ms) : 1", "variable": "x"},
    "subtractive": {"model": LEAKY, "reset": "v -= 1"},
}


def with_synapses(weights, forced, n_steps, variable, **model):
    """The same network by Brian2: Synapses before the threshold, forced spikes for one step."""
    group = group_of(len(weights), threshold="v >= 1 or forced(t, i) > 0.5", **model)
    from brian2 import TimedArray

    group.namespace["forced"] = TimedArray(forced.T.astype(float), dt=1 * ms, name="step_forced")
    synapses = Synapses(
        group,
        group,
        "w : 1",
        on_pre=f"{variable}_post += w",
        clock=group.clock,
        name="step_synapses",
    )
    post, pre, delay = np.nonzero(weights)
    order = np.lexsort((post, delay, pre))
    synapses.connect(i=pre[order], j=post[order])
    synapses.w = weights[post, pre, delay][order]
    synapses.delay = delay[order] * ms  # delay - 1: Synapses see the spikes of the step before
    monitor = SpikeMonitor(group, name="step_monitor")
    network = Network(group, synapses, monitor)
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    network.run(n_steps * ms)
    return np.array(monitor.i), np.round(np.array(monitor.t / ms)).astype(int)


@pytest.mark.parametrize(
    ("name", "sparse"), [*((name, True) for name in MODELS), ("frozen", False)]
)
def test_equals_synapses_for_other_neurons(name, sparse, backend):
    if backend == "cython" and name not in ("frozen", "adapting"):
        pytest.skip("a compilation of its own: others tell as much, and numpy runs this one")
    model = dict(MODELS[name])
    variable = model.pop("variable", "v")
    weights, forced, _, _ = draw(30, 6, 1, seed=3, n_steps=60, rate=0.05)
    if name == "subtractive":
        weights -= 0.05
    forced = forced[0] & (np.random.default_rng(0).random(forced[0].shape) < 0.5)
    if "refractory" in model:  # a forced spike in Brian2's threshold would wait for its end
        forced = np.arange(60) == np.zeros((30, 1))
    with brian_backend("numpy"):
        i, step = with_synapses(weights, forced, 60, variable, **model)
    assert 60 < len(i) < 1700
    with brian_backend(backend):
        group = group_of(30, **model)
        delays = DelayStep(
            group,
            table(weights, sparse),
            variable,
            forced=Raster.from_dense(forced[None]),
            schedule="recursion",
        )
        monitor = SpikeMonitor(group, name="step_monitor")
        Network(group, delays, monitor).run(60 * ms)
        found = np.array(monitor.i), np.round(np.array(monitor.t / ms)).astype(int)
        if backend == "cuda_standalone":  # whose monitors know no order within a step
            found = tuple(part[np.lexsort(found)] for part in found)
        own = delays.i, np.round(np.array(delays.t / ms)).astype(int)
    for other in (found, own):
        np.testing.assert_array_equal(other[0], i)
        np.testing.assert_array_equal(other[1], step)


@pytest.mark.parametrize("sparse", [True, False])
def test_all_neurons_may_fire_in_every_step(backend, sparse):
    """What was sent fills its place, and a copy goes through all spikes of the last D steps."""
    n, n_delays, n_steps = 12, 9, 40
    weights = 1 + np.random.default_rng(2).random((n, n, n_delays))
    forced = np.zeros((2, n, n_steps), dtype=bool)
    forced[:, 0, 0] = True
    clamped = np.zeros((2, n_steps), dtype=bool)
    expected = by_reference(weights, forced, clamped)
    assert expected[:, :, 1:].all()
    found, _ = run(table(weights, sparse), forced, clamped, None, backend)
    np.testing.assert_array_equal(found, expected)


@given(
    n=st.integers(1, 6),
    n_delays=st.integers(1, 4),
    n_blocks=st.integers(1, 3),
    rate=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_oldest_spikes_are_heard_first(n, n_delays, n_blocks, rate, seed):
    spikes = np.random.default_rng(seed).random((12, n_blocks, n)) < rate
    places = np.zeros(n_blocks * n * n_delays, dtype=np.int32)
    sent = numpy_delays.Sent(places, np.zeros(n_blocks, dtype=np.int32), n, n_delays)
    for step in range(len(spikes)):
        expected = [
            (block, neuron * n_delays + delay - 1)
            for block in range(n_blocks)
            for delay in range(min(step, n_delays), 0, -1)
            for neuron in np.flatnonzero(spikes[step - delay, block])
        ]
        assert list(zip(*sent.rows(), strict=True)) == expected
        sent.send(np.flatnonzero(spikes[step]))


@pytest.mark.parametrize("target", ["numpy", "cpp_standalone"])
def test_one_copy_is_made_of_the_table(target):
    """Beside it a boolean for each weight, which tells whether it is finite, and little else."""
    weights = np.zeros((16 * 128, 128), dtype=np.float32)
    with brian_backend(target, build_on_run=False):
        group = group_of(128)
        tracemalloc.start()
        DelayStep(group, weights)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert weights.nbytes < peak < 1.5 * weights.nbytes


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.slow)])
def test_restored_networks_repeat_themselves(target):
    weights, forced, clamped, lost = draw(20, 7, 2, seed=11)
    with brian_backend(target):
        group = group_of(40)
        step = DelayStep(
            group,
            table(weights, True),
            forced=Raster.from_dense(forced),
            clamped=clamped,
            lost=Raster.from_dense(lost),
            schedule="recursion",
        )
        network = Network(group, step)
        network.run(33 * ms)
        network.store()
        network.run(57 * ms)
        first = step.raster(90).to_dense()
        network.restore()
        assert (step.t < 33 * ms).all()
        network.run(57 * ms)
        np.testing.assert_array_equal(step.raster(90).to_dense(), first)
    np.testing.assert_array_equal(first, by_reference(weights, forced, clamped, lost))


def test_what_does_not_fit_is_refused():
    weights = np.zeros((12, 4))
    with brian_backend("numpy"):
        for message, arguments, options in (
            ("multiple of 4", (group_of(6), weights), {}),
            ("several orders", (group_of(4), np.zeros((4, 3, 4))), {}),
            ("table", (group_of(4), csr_array(np.zeros((7, 4)))), {}),
            ("float64 or float32, not int64", (group_of(4), weights.astype(int)), {}),
            ("NaN or infinite", (group_of(4), weights + np.inf), {}),
            ("one for each of 1 blocks", (group_of(4), weights), {"most_spikes": np.ones(2)}),
            ("no variable 'x'", (group_of(4), weights, "x"), {}),
            (
                "float64 per neuron",
                (group_of(4, LEAKY + "\nn : integer"), weights, "n"),
                {},
            ),
            (
                "forced spikes are for 2 networks of 4 neurons, but there are 1 of 4",
                (group_of(4), weights),
                {"forced": Raster([], [], [], 2, 4, 9)},
            ),
            (
                "clamped is a boolean array",
                (group_of(8), weights),
                {"clamped": np.zeros((3, 5), dtype=bool)},
            ),
            ("boolean array", (group_of(8), weights), {"clamped": np.zeros(5)}),
        ):
            with pytest.raises(InputError, match=message):
                DelayStep(*arguments, **options, schedule="recursion")
        for options in (
            {"forced": Raster([], [], [], 1, 4, 9)},
            {"clamped": np.zeros(5, dtype=bool)},
            {"most_spikes": 3},
        ):
            with pytest.raises(InputError, match="use schedule='recursion'"):
                DelayStep(group_of(4), weights, **options)
        with pytest.raises(InputError, match="unknown schedule 'later'"):
            DelayStep(group_of(4), weights, schedule="later")
        quiet = NeuronGroup(4, LEAKY, namespace={"tau": TAU})
        with pytest.raises(InputError, match="no threshold"):
            DelayStep(quiet, weights)


TARGETS = [
    "numpy",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("cython", "cpp_standalone")),
]
ADAPTIVE = """
dv/dt = (drive - v - a)/tau : 1 (unless refractory)
da/dt = -a/(5*tau) : 1
drive : 1 (constant)
"""
IN_PLACE_OF_SYNAPSES = {
    "leaky": (
        LEAKY.replace("-v/tau", "(drive - v)/tau") + "\ndrive : 1 (constant)",
        "v = 0",
        False,
    ),
    "adaptive, refractory": (ADAPTIVE, "v = 0; a += 0.1", 3 * ms),
    "subtracting": (ADAPTIVE, "v -= 1", False),
}


@pytest.mark.parametrize("name", IN_PLACE_OF_SYNAPSES)
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("target", TARGETS)
def test_in_place_of_synapses_as_users_write_them(name, sparse, target):
    """All of Brian2's default: schedule, delays, monitors of variables, other synapses."""
    model, reset, refractory = IN_PLACE_OF_SYNAPSES[name]
    n, n_delays, n_blocks = 20, 6, 2
    rng = np.random.default_rng(5)
    weights = rng.normal(0, 0.4, (n, n, n_delays)) * (rng.random((n, n, n_delays)) < 0.3)
    drive = rng.uniform(0.8, 1.6, n_blocks * n)

    def states(connect):
        group = group_of(n_blocks * n, model, reset, refractory=refractory)
        group.drive = drive
        delayed = connect(group)
        counter = NeuronGroup(1, "c : 1", clock=group.clock, name="step_counter")
        counting = Synapses(
            group, counter, on_pre="c_post += v_pre", clock=group.clock, name="step_counting"
        )
        counting.connect()
        monitor = SpikeMonitor(group, "v", name="step_monitor")
        Network(group, delayed, counter, counting, monitor).run(150 * ms)
        found = (np.array(monitor.i), np.array(monitor.t), np.array(monitor.v))
        return *found, np.array(group.v), np.array(counter.c), delayed

    def by_synapses(group):
        post, pre, delay = np.nonzero(weights)
        first = np.repeat(np.arange(n_blocks) * n, len(post))
        synapses = Synapses(
            group, group, "w : 1", on_pre="v_post += w", clock=group.clock, name="step_synapses"
        )
        synapses.connect(i=np.tile(pre, n_blocks) + first, j=np.tile(post, n_blocks) + first)
        synapses.w = np.tile(weights[post, pre, delay], n_blocks)
        synapses.delay = np.tile(delay + 1, n_blocks) * ms
        return synapses

    with brian_backend("numpy"):
        *expected, _ = states(by_synapses)
    with brian_backend(target):
        *found, step = states(lambda group: DelayStep(group, table(weights, sparse)))
        own = step.i, np.array(step.t)
    assert 100 < len(expected[0]) < 3000
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(own, expected[:2], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("target", TARGETS)
def test_monitors_see_the_state_before_the_reset(target):
    """In the recursion's schedule, too: as with Synapses before the threshold."""
    weights, forced, clamped, _ = draw(20, 7, 1, seed=3)
    with brian_backend(target):
        group = group_of(20)
        step = DelayStep(
            group,
            table(weights, True),
            forced=Raster.from_dense(forced),
            clamped=clamped,
            schedule="recursion",
        )
        monitor = SpikeMonitor(group, "v", name="step_monitor")
        Network(group, step, monitor).run(90 * ms)
        when = np.round(np.array(monitor.t / ms)).astype(int)
        free = ~forced[0, np.array(monitor.i), when]
        assert free.sum() > 20
        assert (np.array(monitor.v)[free] >= 1).all()
        np.testing.assert_array_equal(
            step.raster(90).to_dense(), by_reference(weights, forced, clamped)
        )
