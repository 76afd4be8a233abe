"""What the engines promise of Brian2's own contract, against plain Brian2 or by hand."""

import gc
import itertools
import warnings

import numpy as np
import pytest
from brian2 import (
    Clock,
    DimensionMismatchError,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    ms,
    mV,
    nS,
    second,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from brianmem.backends import lacks
from brianmem.brian import brian_backend, synapses_clock
from brianmem.engine import DelayStep, EventDriven, Exactness, LowRankWeights, Repeated
from brianmem.engine.numpy_loop import without_repeats
from brianmem.errors import InexactWarning, InputError

TAU = 10 * ms
ZEROS = np.zeros((1, 1))


def group_of(n=1, model="dv/dt = (2 - v)/tau : 1", threshold="v > 1", reset="v = 0", **options):
    options.setdefault("clock", Clock(1 * ms))
    names = {"tau": TAU} | options.pop("namespace", {})
    return NeuronGroup(
        n, model, threshold=threshold, reset=reset, namespace=names, name="contract", **options
    )


def run(group, engine, duration=50 * ms, *others):
    Network(group, engine, *others).run(duration)
    return np.array(engine.t / ms)


# Whoever has the group has the engine ----------------------------------------------------------


def test_the_engine_belongs_to_its_group(runtime_backend):
    def helper():
        group = group_of()
        EventDriven(group, ZEROS)
        return group

    with brian_backend(runtime_backend):
        group = helper()
        gc.collect()
        monitor = SpikeMonitor(group)
        Network(group, monitor).run(50 * ms)
        assert monitor.num_spikes == int(5 / np.log(2))
        assert group.v[0] > 0


def test_brian2_still_says_what_was_never_run(caplog):
    with brian_backend("numpy"):
        group = NeuronGroup(1, "v : 1", name="forgotten")
        del group
        gc.collect()
    assert "never included in a network" in caplog.text


# Units -----------------------------------------------------------------------------------------


VOLTS = "dv/dt = (20*mV - v)/tau : volt"


@pytest.mark.parametrize(
    ("options", "weights", "pulse"),
    [
        ({"reset": "v = -70"}, ZEROS * mV, "v_post += w"),
        ({"threshold": "v > -55"}, ZEROS * mV, "v_post += w"),
        ({"threshold": "v > 10*ms"}, ZEROS * mV, "v_post += w"),
        ({"threshold": "v + 1 > 10*mV"}, ZEROS * mV, "v_post += w"),
        ({"reset": "v += 3*nS"}, ZEROS * mV, "v_post += w"),
        ({}, ZEROS * nS, "v_post += w"),
        ({}, ZEROS, "v_post += w"),
        ({}, ZEROS * mV, "v_post += w*mV"),
    ],
)
def test_units_are_checked_as_brian2_does(options, weights, pulse):
    given = {"threshold": "v > 10*mV", "reset": "v = 0*mV"} | options
    with brian_backend("numpy"):
        group = group_of(model=VOLTS, **given)
        engine = EventDriven(group, weights, pulse)
        with pytest.raises(Exception) as caught:
            run(group, engine)
    error = caught.value
    while error.__cause__ is not None:
        error = error.__cause__
    assert isinstance(error, DimensionMismatchError)


@pytest.mark.parametrize(("weights", "pulse"), [(ZEROS * mV, "v_post += w"), (ZEROS, "v += w*mV")])
def test_weights_may_have_units(weights, pulse, runtime_backend):
    with brian_backend(runtime_backend):
        group = group_of(model=VOLTS, threshold="v > 10*mV", reset="v = 0*mV")
        times = run(group, EventDriven(group, weights, pulse))
    np.testing.assert_allclose(times, 10 * np.log(2) * np.arange(1, 8), rtol=1e-12)


def test_delayed_weights_have_the_units_of_what_they_are_added_to():
    with brian_backend("numpy"):
        group = group_of(model=VOLTS, threshold="v > 10*mV", reset="v = 0*mV")
        for weights in (np.zeros((2, 1)), np.zeros((2, 1)) * nS):
            with pytest.raises(DimensionMismatchError):
                DelayStep(group, weights)
        DelayStep(group, np.zeros((2, 1)) * mV)


# Comparisons -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("threshold", "n"), [("v > 3", 10), ("v >= 3", 13), ("3 < v", 10)])
def test_at_a_threshold_is_not_above_it(threshold, n, runtime_backend):
    """A counter that leaks nothing counts 40 pulses; with > it fires at every fourth."""
    with brian_backend(runtime_backend):
        group = group_of(2, "dv/dt = 0/tau : 1\nlimit : 1", threshold=threshold, method="exact")
        engine = EventDriven(group, np.zeros((2, 2)))
        source = SpikeGeneratorGroup(1, np.zeros(40, int), np.arange(40) * ms, dt=1 * ms)
        synapses = Synapses(source, group, on_pre="v_post += 1", clock=group.clock)
        synapses.connect(j="0")
        run(group, engine, 41 * ms, source, synapses)
        assert (len(engine.i), set(engine.i)) == (n, {0})


@pytest.mark.parametrize("model", ["dv/dt = (0.5 - v)/tau : 1", "dv/dt = -0.1/tau : 1"])
@pytest.mark.parametrize(("threshold", "n"), [("v > 1", 0), ("v >= 1", 1)])
@pytest.mark.parametrize("reset", ["v = 0", ""])
def test_who_starts_at_threshold_and_falls(model, threshold, n, reset, runtime_backend):
    weights = ZEROS - (0 if reset else 1)
    with brian_backend(runtime_backend):
        group = group_of(model=model, threshold=threshold, reset=reset, method="exact")
        engine = EventDriven(group, weights)
        group.v = 1
        assert len(run(group, engine, 5 * ms)) == n


@pytest.mark.parametrize("threshold", ["v > 1", "v >= 1"])
def test_who_starts_at_threshold_and_climbs_fires_at_once(threshold, runtime_backend):
    for model in ("dv/dt = (2 - v)/tau : 1", "dv/dt = 1/tau : 1"):
        with brian_backend(runtime_backend):
            group = group_of(model=model, threshold=threshold, method="exact")
            engine = EventDriven(group, ZEROS)
            group.v = 1
            assert run(group, engine, 2 * ms).tolist() == [0]


# What cannot be right is refused, or said -------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "threshold"),
    [
        ("dv/dt = (2 - v)/tau : 1", "rand() < 0.02"),
        ("dv/dt = (2 - v)/tau : 1", "v > 1 + 0.1*randn()"),
        ("dv/dt = (2 - v)/tau : 1\nlimit = 1 + 0.1*rand() : 1", "v > limit"),
    ],
)
def test_a_threshold_that_draws_numbers_is_refused(model, threshold):
    with brian_backend("numpy"):
        group = group_of(model=model, threshold=threshold, method="exact")
        with pytest.raises(InputError, match="drawn anew for each spike"):
            EventDriven(group, ZEROS)


@pytest.mark.parametrize(
    ("model", "reset"),
    [
        ("x = t/second : 1\nlast : 1", "v = 0; last = x"),
        ("x = y + 1 : 1\ny = t/second : 1\nlast : 1", "v = 0; last = x"),
        ("last : 1", "v = 0; last = t/second"),
    ],
)
def test_time_behind_a_subexpression_is_time(model, reset):
    with brian_backend("numpy"), pytest.warns(InexactWarning, match="stands still between steps"):
        group = group_of(model=f"dv/dt = (2 - v)/tau : 1\n{model}", reset=reset, method="exact")
        assert EventDriven(group, ZEROS).exactness is Exactness.ONE_BY_ONE


def test_a_run_that_ends_within_a_step_is_said(runtime_backend):
    with brian_backend(runtime_backend):
        group = group_of(clock=Clock(12 * ms))
        engine = EventDriven(group, ZEROS)
        with pytest.warns(InexactWarning, match=r"ended at 6\. ms, within a step"):
            run(group, engine, 6 * ms)
        with warnings.catch_warnings():
            warnings.simplefilter("error", InexactWarning)
            run(again := group_of(clock=Clock(5 * ms)), EventDriven(again, ZEROS), 10 * ms)


def test_plasticity_within_a_step_is_said():
    with brian_backend("numpy"):
        group = group_of(2)
        engine = EventDriven(group, np.zeros((2, 2)))
        rule = Synapses(group, group, "w : 1", on_pre="w += 1", on_post="w -= 1", clock=group.clock)
        rule.connect(i=0, j=1)
        with pytest.warns(InexactWarning, match="on_pre before on_post within a step"):
            run(group, engine, 2 * ms, rule)


def test_listeners_of_a_namesake_are_none_of_its_business():
    """Names are unique within a network only; pathways and monitors may outlive what they hear."""

    def network():
        group = group_of(2)
        rule = Synapses(group, group, "w : 1", on_pre="w += 1", on_post="w -= 1", clock=group.clock)
        rule.connect(i=0, j=1)
        return group, rule

    with brian_backend("numpy"), warnings.catch_warnings():
        warnings.simplefilter("error", InexactWarning)
        other, rule = network()
        gone = network()[1].post, SpikeMonitor(network()[0][1:]), SpikeMonitor(network()[0])
        gc.collect()
        group = group_of(2)
        engine = EventDriven(group, np.zeros((2, 2)))
        assert group.name == other.name == rule.source.name
        assert len(run(group, engine, 20 * ms)) == 4
    del gone


# Spikes within a step --------------------------------------------------------------------------


@pytest.mark.parametrize("n_times", [1, 38])
def test_each_spike_is_heard_once(n_times, runtime_backend):
    """By synapses at once and later, on both sides, by monitors, and by code added to spikes."""
    with brian_backend(runtime_backend), warnings.catch_warnings():
        warnings.simplefilter("ignore", InexactWarning)  # of on_post
        step = 10 * np.log(2) * n_times * 1.001 * ms
        n = 3 * n_times + 7  # so many spikes monitors have room for
        model = "dv/dt = (2*int(i % 3 == 0 and i < 7) - v)/tau : 1\nheard : 1"
        group = group_of(n, model, reset=None, clock=Clock(step))
        engine = EventDriven(group, -np.eye(n))
        group.run_on_event("spike", "heard += 1")
        target = NeuronGroup(2, "c : 1", clock=group.clock)
        synapses = Synapses(
            group,
            target,
            "a : 1\nlast : 1",
            on_pre={"now": "a += 1; c_post += 1", "later": "last = 2*last + i % 2"},
            delay={"later": step},
            clock=group.clock,
        )
        synapses.connect(i=[0, 3, 5], j=[0, 1, 0])
        back = Synapses(target, group, "b : 1", on_post="b += 1", clock=group.clock)
        back.connect()
        whole, part = SpikeMonitor(group), SpikeMonitor(group[2:5])
        network = Network(group, target, synapses, back, whole, part)
        network.run(step)
        times = np.where(np.isin(np.arange(n), [0, 3, 6]), n_times, 0)
        np.testing.assert_array_equal(np.bincount(engine.i, minlength=n), times)
        np.testing.assert_array_equal(synapses.a, [n_times, n_times, 0])
        np.testing.assert_array_equal(target.c, [n_times, n_times])
        np.testing.assert_array_equal(back.b["j == 3"], n_times)
        assert sum(back.b) == 6 * n_times  # two sources, three that fire
        np.testing.assert_array_equal(whole.count, times)
        np.testing.assert_array_equal(part.count, [0, n_times, 0])
        np.testing.assert_array_equal(group.heard, times)
        np.testing.assert_array_equal(synapses.last, 0)
        network.run(step)
        np.testing.assert_array_equal(synapses.last, [0, 2**n_times - 1, 0])


@pytest.mark.glue
@pytest.mark.skipif(lacks("cython") is not None, reason=f"it lacks {lacks('cython')}")
def test_a_run_may_go_on_with_another_target():
    with brian_backend("numpy"):
        step = 10 * np.log(2) * 3 * 1.001 * ms
        group = group_of(4, "dv/dt = (2*int(i == 0) - v)/tau : 1", clock=Clock(step))
        EventDriven(group, np.zeros((4, 4)))
        monitor = SpikeMonitor(group)
        network = Network(group, monitor)
        network.run(step)
        assert monitor.count[0] == 3
    with brian_backend("cython"):
        network.run(step)
        assert monitor.count[0] == 6


@pytest.mark.parametrize("n_times", [1, 5])
def test_spikes_that_synapses_on_a_gpu_cannot_count_are_said(n_times, gpu_backend):
    with brian_backend(gpu_backend):
        step = 10 * np.log(2) * n_times * 1.001 * ms
        model = "dv/dt = (2*int(i == 0) - v)/tau : 1"
        group = group_of(9, model, clock=synapses_clock(step, "gpu"))
        engine = EventDriven(group, np.zeros((9, 9)))
        synapses = Synapses(group, group, "a : 1", on_pre="a += 1", clock=group.clock)
        synapses.connect(j="i")
        Network(group, synapses).run(step)
        if n_times > 1:
            with pytest.raises(InputError, match=r"^neuron 0 fired 5 times within a step"):
                _ = engine.i
        else:
            assert list(engine.i) == [0]


def test_pulses_of_a_step_come_behind_its_resets(runtime_backend):
    """In Brian2 before them, so that a reset undoes them, here with the same clock."""
    at_its_end = {}
    for exact in (False, True):
        with brian_backend(runtime_backend):
            group = group_of(model="dv/dt = 1.5/tau : 1", method="euler", clock=Clock(7 * ms))
            source = SpikeGeneratorGroup(1, [0], [0] * ms, clock=group.clock)
            synapses = Synapses(source, group, on_pre="v_post += 0.3", clock=group.clock)
            synapses.connect()
            objects = [group, source, synapses]
            if exact:
                objects.append(EventDriven(group, ZEROS))
            Network(*objects).run(7 * ms)
            at_its_end[exact] = group.v[0]
    assert at_its_end[False] == 0
    assert at_its_end[True] == pytest.approx(1.5 * 0.7 - 1 + 0.3, abs=1e-12)


@given(st.lists(st.integers(0, 5), max_size=30))
def test_parts_without_repeats_are_the_whole(indices):
    parts = [list(part) for part in without_repeats(np.array(indices, dtype=int))]
    assert list(itertools.chain(*parts)) == indices
    assert all(len(set(part)) == len(part) > 0 for part in parts)
    assert all(later[0] in part for part, later in itertools.pairwise(parts))


def test_a_reset_sees_the_spike_it_follows(runtime_backend):
    with brian_backend(runtime_backend):
        group = group_of(
            model="dv/dt = (2 - v)/tau : 1 (unless refractory)\nseen : second",
            reset="v = 0; seen = lastspike",
            refractory=1 * ms,
            method="exact",
        )
        engine = EventDriven(group, ZEROS)
        times = run(group, engine, 10 * ms)
        assert group.seen[0] / ms == pytest.approx(times[-1], rel=1e-14)


@pytest.mark.glue
@pytest.mark.skipif(lacks("cython") is not None, reason=f"it lacks {lacks('cython')}")
def test_a_million_spikes_in_one_step_do_not_drift():
    """dv/dt = 1/s with a reset to 0 at 1: spikes at whole seconds."""
    n = 10**6
    with brian_backend("cython"):
        group = group_of(
            model="dv/dt = 1/second : 1",
            threshold="v >= 1",
            method="exact",
            clock=Clock((1 + (n - 1) / 7 + 0.01) * second),
        )
        engine = EventDriven(group, ZEROS - 6 / 7, "v_post -= w", monitored=False)
        run(group, engine, group.clock.dt)
        times = np.array(engine.t / second)
    assert len(times) == n
    np.testing.assert_allclose(times, 1 + np.arange(n) / 7, atol=1e-9, rtol=0)


# Names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", ["v = 0; seen = lastspike", ""])
def test_variables_may_bear_any_name_that_brian2_allows(reset, runtime_backend):
    names = "seen support real monitored bracketed variable mirrored strict entries dense threads"
    model = "dv/dt = (drive - v)/tau : 1\ndrive : 1 (shared)\nseen : second\n"
    model += "".join(f"{name} : 1\n" for name in names.split()[1:])
    with brian_backend(runtime_backend):
        group = group_of(2, model, reset=reset, refractory=1 * ms if reset else False)
        engine = EventDriven(group, -0.5 * np.eye(2))
        group.drive, group.real, group.strict = 2, 7, 8
        assert len(run(group, engine, 20 * ms)) > 2
        assert (group.real[:] == 7).all() and (group.strict[:] == 8).all()


# Monitors --------------------------------------------------------------------------------------

MOVING = """
dv/dt = (20*mV - v)/(10*ms) : volt
dvt/dt = (10*mV - vt)/(15*ms) : volt
above = v - vt : volt
n : integer
"""


def moving(clock, **options):
    group = group_of(
        30, MOVING, "v > vt", "v = 0*mV; vt += 3*mV; n += 1", clock=clock, method="exact", **options
    )
    group.vt = "10*mV + 0.2*i*mV"
    return group


@pytest.mark.parametrize("refractory", [False, 2 * ms])
def test_monitors_see_the_state_at_the_spike(refractory, backend):
    """As plain Brian2 does within its step; its spikes are up to a step late."""
    names = ["v", "vt", "above", "n"]
    with brian_backend("numpy"):
        plain = moving(Clock(4e-3 * ms), refractory=refractory)
        expected = SpikeMonitor(plain, names)
        Network(plain, expected).run(40 * ms)
        expected = {name: np.array(getattr(expected, name)) for name in ("i", "t", *names)}
        final = np.array(plain.v)
    with brian_backend(backend):
        group = moving(Clock(1 * ms), refractory=refractory)
        engine = EventDriven(group, np.zeros((30, 30)) * mV)
        monitor = SpikeMonitor(group, names)
        Network(group, monitor).run(40 * ms)
        found = {name: np.array(getattr(monitor, name)) for name in ("i", *names)}
        spikes = np.array(engine.i), np.array(engine.t)
        state = np.array(group.v)
    order, before = np.lexsort((found["n"], found["i"])), np.lexsort((expected["n"], expected["i"]))
    for name in ("i", "n"):
        np.testing.assert_array_equal(found[name][order], expected[name][before])
    for name in ("v", "vt"):
        np.testing.assert_allclose(found[name][order], expected[name][before], atol=4e-5)
    np.testing.assert_allclose(found["above"], 0, atol=1e-13)
    np.testing.assert_allclose(state, final, atol=4e-5)
    exact = np.lexsort((spikes[1], spikes[0]))
    np.testing.assert_allclose(spikes[1][exact], expected["t"][before], atol=2.4e-5)


def test_monitors_that_come_and_go(runtime_backend):
    """What is recorded in one run and not in another; who looks does not change what is seen."""

    def states(*variables):
        with brian_backend(runtime_backend):
            group = moving(Clock(1 * ms))
            EventDriven(group, np.zeros((30, 30)) * mV)
            network = Network(group)
            network.run(5 * ms)
            if variables:
                monitor = SpikeMonitor(group[3:20], variables=list(variables))
                network.add(monitor)
                network.run(10 * ms)
                assert monitor.num_spikes > 10
                network.remove(monitor)
                del monitor
            else:
                network.run(10 * ms)
            network.run(5 * ms)
            return np.array(group.v), np.array(group.vt)

    expected = states()
    for variables in (["v"], ["above", "n"], ["vt", "v"]):
        for one, other in zip(states(*variables), expected, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("mirrored", "dtype"), [(False, "f8"), (True, "f8"), (True, "f4")])
def test_monitors_of_the_growing_form_see_what_those_of_the_general_one_see(
    mirrored, dtype, backend
):
    """Of neurons that pass the threshold, and of those that were brought beyond it."""
    k = 8
    decoder = np.random.default_rng(3).uniform(-0.2, 0.2, (k, 2 * k))
    encoder = np.concatenate([np.eye(k), -np.eye(k)])
    weights = LowRankWeights(encoder, decoder, self_connection=0.5, lift=0.02)
    model = "dv/dt = (drive - v)/tau : 1\ntwice = 2*v : 1\ndrive : 1 (shared)"

    def run_with(form, monitored=True, **options):
        with brian_backend(backend):
            group = group_of(2 * k, model, reset="", clock=Clock(4 * ms))
            group.v, group.drive = np.linspace(0.2, 1.1, 2 * k), 2
            EventDriven(group, weights, form=form, **options)
            monitor = SpikeMonitor(group, ["v", "twice", "drive"] if monitored else None)
            Network(group, monitor).run(40 * ms)
            names = ["i", "v", "twice", "drive"] if monitored else ["i"]
            return {name: np.array(getattr(monitor, name)) for name in names} | {
                "end": np.array(group.v)
            }

    expected, found = run_with("general"), run_with("growing", mirrored=mirrored, dtype=dtype)
    assert len(found["i"]) > 40
    for name, values in found.items():
        np.testing.assert_allclose(
            values, expected[name], rtol=0, atol=1e-5 if dtype == "f4" else 1e-12
        )
    np.testing.assert_array_equal(found["twice"], 2 * found["v"])
    assert (found["v"] > 1.01).any() and (np.abs(found["v"] - 1) < 1e-5).any()
    unseen = run_with("growing", monitored=False, mirrored=mirrored, dtype=dtype)
    np.testing.assert_array_equal(unseen["end"], found["end"])


# Repeated --------------------------------------------------------------------------------------


def test_repeated_runs_have_subexpressions_of_their_own(runtime_backend):
    model = "dv/dt = (I - v)/tau : 1\nI = 1 + d : 1 (constant over dt)\nd : 1"
    with brian_backend(runtime_backend):
        group = group_of(model=model, clock=Clock(30 * ms), method="exact")
        repeated = Repeated(EventDriven(group, ZEROS, monitored=False), group)
        n = [len(repeated.run(30 * ms, d=d, v=0)[0]) for d in (1, 1, 5, 1)]
    expected = {d: int(3 / np.log((1 + d) / d)) for d in (1, 5)}
    assert n == [expected[1], expected[1], expected[5], expected[1]]


def test_repeated_runs_begin_with_what_the_group_has_now(runtime_backend):
    with brian_backend(runtime_backend):
        group = group_of(clock=Clock(5 * ms))
        repeated = Repeated(EventDriven(group, ZEROS), group)
        assert [len(spikes) for spikes in repeated.run(5 * ms)] == [0]
        group.v = 0.9
        for _ in range(2):
            assert [len(spikes) for spikes in repeated.run(5 * ms)] == [1]
        assert [len(spikes) for spikes in repeated.run(5 * ms, v=0)] == [0]
        assert group.v[0] == 0.9


# Coupled variables -----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, *(pytest.param(n, marks=pytest.mark.slow) for n in (4, 7))])
def test_many_coupled_variables_are_solved(n, runtime_backend):
    """A chain of n variables after v, each slower than the one before, with feedback."""
    equations = ["dv/dt = (3 - v - 0.1*x1 + 0.2*x2)/tau : 1", "dx1/dt = (v - x1)/(2*tau) : 1"]
    equations += [f"dx{k}/dt = (x{k - 1} - x{k})/({k + 1}*tau) : 1" for k in range(2, n)]
    matrix = np.zeros((n, n))
    matrix[0, :3] = -1, -0.1, 0.2
    for k in range(1, n):
        matrix[k, k - 1 : k + 1] = np.array([1, -1]) / (k + 1)
    with brian_backend(runtime_backend):
        group = group_of(model="\n".join(equations), method="exact")
        engine = EventDriven(group, ZEROS)
        assert engine.exactness is Exactness.BRACKETED
        times = run(group, engine, 60 * ms) / 10
    np.testing.assert_allclose(times, by_matrix_exponential(matrix, 3.0, 6.0), atol=1e-12)


@pytest.mark.parametrize(
    "epsilon", [0, 1e-9, *(pytest.param(e, marks=pytest.mark.slow) for e in (1e-15, 1e-12, 1e-6))]
)
def test_time_constants_may_be_as_alike_as_they_like(epsilon, runtime_backend):
    model = """
    dv/dt = (1.5 + ge - gi - v)/tau : 1
    dge/dt = -ge/tau : 1
    dgi/dt = -gi/(tau*(1 + epsilon)) : 1
    """
    with brian_backend(runtime_backend):
        group = group_of(model=model, method="exact", namespace={"epsilon": epsilon})
        engine = EventDriven(group, ZEROS)
        group.ge, group.gi = 2, 1
        times = run(group, engine, 40 * ms) / 10
    matrix = np.array([[-1, 1, -1], [0, -1, 0], [0, 0, -1 / (1 + epsilon)]])
    expected = by_matrix_exponential(matrix, 1.5, 4.0, start=(0, 2, 1))
    np.testing.assert_allclose(times, expected, atol=1e-12)


def by_matrix_exponential(matrix, drive, duration, start=None):
    """Spikes at v = 1 with a reset to 0, of one neuron, in 30 digits."""
    import mpmath

    n = len(matrix)
    with mpmath.workdps(30):
        system = mpmath.zeros(n + 1)
        for i in range(n):
            for j in range(n):
                system[i, j] = mpmath.mpf(float(matrix[i, j]))
        system[0, n] = drive
        state = mpmath.matrix([*(start or [0] * n), 1])
        now, spikes, step = mpmath.mpf(0), [], mpmath.mpf(1) / 64
        forward = mpmath.expm(system * step)
        while now < duration:
            ahead = forward * state
            if ahead[0] < 1:
                now, state = now + step, ahead
                continue
            low, high = mpmath.mpf(0), step
            while high - low > mpmath.mpf(10) ** -16:
                middle = (low + high) / 2
                above = (mpmath.expm(system * middle) * state)[0] >= 1
                low, high = (low, middle) if above else (middle, high)
            now, state = now + high, mpmath.expm(system * high) * state
            state[0] = 0
            spikes.append(float(now))
    return np.array([t for t in spikes if t < duration])


# Formats of weights ----------------------------------------------------------------------------


def test_weights_may_be_sparse():
    dense = np.array([[0, -0.5, 0], [0.1, 0, 0], [0, 0, -0.2]])
    with brian_backend("numpy"):
        found = []
        for weights in (dense, csr_array(dense), csr_array(dense).tocoo(), dense.tolist()):
            group = group_of(3)
            group.v = [0.1, 0.2, 0.3]
            found.append(run(group, EventDriven(group, weights)))
        group = group_of(6)
        EventDriven(group, [csr_array(dense), dense])
        with pytest.raises(InputError, match="sparse or not, or LowRankWeights, not dict"):
            EventDriven(group_of(3), {"a": 1})
    for times in found[1:]:
        np.testing.assert_array_equal(times, found[0])
