"""The engine beside Brian2's other objects, and what stops it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Subgroup,
    Synapses,
    get_device,
    ms,
    prefs,
    second,
    set_device,
)
from brian2.devices import reset_device

from brianmem.backends import RUNTIME, lacks
from brianmem.brian import brian_backend
from brianmem.engine import EventDriven, LowRankWeights, Program
from brianmem.engine.reference import LeakyNeurons, simulate
from brianmem.errors import InexactWarning, InputError, RunawayError
from brianmem.lowrank.geometry import encoder
from tests.engine.networks import SHARED, TAU, draw, run

N = 20
STEP = 0.25  # in tau: neurons fire more than once in it


def group_of(drawn, equations=SHARED, **options):
    arguments = {
        "threshold": "v >= theta",
        "reset": "",
        "clock": Clock(STEP * TAU, name="tested_clock"),
        "namespace": {"tau": TAU, "drive": drawn.neurons.drive[0], "theta": 1.0},
        "name": "tested",
    } | options
    group = NeuronGroup(len(drawn.start), equations, **arguments)
    group.v = drawn.start
    return group


@pytest.mark.glue
@pytest.mark.parametrize("form", ["growing", "general"])
def test_monitors_agree_with_the_record(form, backend):
    drawn = draw(N, 1, duration=3.0, tied=True)
    with brian_backend(backend):
        group = group_of(drawn)
        engine = EventDriven(group, drawn.weights, form=form)
        spikes = SpikeMonitor(group, name="all_spikes")
        some = SpikeMonitor(group[5:9], name="some_spikes")
        states = StateMonitor(group, "v", record=True, name="states")
        rate = PopulationRateMonitor(group, name="rate")
        Network(group, engine, spikes, some, states, rate).run(3 * TAU)
        steps = np.floor(engine.t / (STEP * TAU)).astype(int)
        assert np.bincount(steps).max() > 1
        per_step = [np.sort(engine.i[steps == k]) for k in range(12)]
        told = np.array(spikes.i)
        if backend == "cuda_standalone":  # whose monitors know no order within a step
            told = told[np.lexsort((told, np.array(spikes.t)))]
        assert list(told) == list(np.concatenate(per_step))
        assert list(np.round(spikes.t / (STEP * TAU)).astype(int)) == sorted(steps)
        inside = (engine.i >= 5) & (engine.i < 9)
        assert list(some.count) == list(np.bincount(engine.i[inside] - 5, minlength=4))
        expected = np.array([len(k) for k in per_step]) / N / float(STEP * TAU)
        np.testing.assert_allclose(np.array(rate.rate), expected)
        # The state at the begin of every step, from the spikes before it alone.
        for k in range(12):
            now = k * STEP
            earlier = engine.t / TAU < now
            decay = np.exp(engine.t[earlier] / TAU - now)
            v = drawn.neurons.drive + (drawn.start - drawn.neurons.drive) * np.exp(-now)
            v = v + drawn.weights[:, engine.i[earlier]] @ decay
            np.testing.assert_allclose(states.v[:, k], v, atol=1e-12)


def test_spikes_by_block_over_several_clock_steps(runtime_backend):
    """The record has block after block within each step; each block gets its own, in order."""
    drawn = [draw(N, 6 + seed, duration=3.0) for seed in range(3)]
    starts = np.concatenate([d.start for d in drawn])
    with brian_backend(runtime_backend):
        group = group_of(replace(drawn[0], start=starts))
        engine = EventDriven(group, np.array([d.weights for d in drawn]))
        Network(group, engine).run(3 * TAU)
        found = engine.spikes_by_block(TAU)
        assert (np.diff(engine.i // N) < 0).any()
        assert len(found) == 3 and sum(map(len, found)) == len(engine.i)
        for block, own in enumerate(found):
            expected, single = drawn[block].reference(), engine.spikes(block, TAU)
            np.testing.assert_array_equal(own.neuron, expected.neuron)
            np.testing.assert_allclose(own.time, expected.time, atol=1e-12)
            np.testing.assert_array_equal(own.neuron, single.neuron)
            np.testing.assert_array_equal(own.time, single.time)
            assert len(np.unique(np.floor(own.time / STEP))) > 6
        with pytest.raises(InputError, match="there are blocks 0 to 2, not 3"):
            engine.spikes(3)


def test_other_synapses_hear_the_spikes_and_speak_to_the_group(backend):
    drawn = draw(N, 2, duration=3.0)
    with brian_backend(backend):
        group = group_of(drawn)
        engine = EventDriven(group, drawn.weights)
        counter = NeuronGroup(N, "heard : 1", clock=group.clock, name="counter")
        listening = Synapses(
            group, counter, on_pre="heard_post += 1", clock=group.clock, name="listening"
        )
        listening.connect(j="i")
        network = Network(group, engine, counter, listening)
        if backend == "cuda_standalone":
            with pytest.raises(InputError, match=r"^the Synapses 'listening' run on the clock"):
                network.run(3 * TAU)
            return
        network.run(3 * TAU)
        assert list(counter.heard) == list(np.bincount(engine.i, minlength=N))
        assert len(engine.i) > N


def test_input_between_clock_steps_counts():
    """A change of v by another object is what the next step starts from."""
    drawn = draw(N, 3, duration=1.0)
    with brian_backend("numpy"):
        group = group_of(drawn)
        kick = group.run_regularly("v -= 0.3*int(t > 0.4*tau)", when="start", dt=0.5 * TAU)
        engine = EventDriven(group, drawn.weights)
        Network(group, engine).run(1 * TAU)
        del kick
        early = drawn.neurons
        first = simulate(early, drawn.weights, drawn.start, 0.5)
        v = early.drive + (drawn.start - early.drive) * np.exp(-0.5)
        v = v + drawn.weights[:, first.neuron] @ np.exp(first.time - 0.5) - 0.3
        second_half = simulate(early, drawn.weights, v, 0.5)
        assert list(engine.i) == [*first.neuron, *second_half.neuron]
        np.testing.assert_allclose(engine.t / TAU, [*first.time, *(second_half.time + 0.5)])


def test_store_and_restore():
    drawn = draw(N, 4, duration=2.0)
    with brian_backend("numpy"):
        group = group_of(drawn)
        engine = EventDriven(group, drawn.weights)
        network = Network(group, engine)
        network.run(1 * TAU)
        network.store()
        network.run(1 * TAU)
        once = engine.i, np.array(engine.t)
        network.restore()
        assert len(engine.i) < len(once[0])
        network.run(1 * TAU)
        assert list(engine.i) == list(once[0])
        assert list(np.array(engine.t)) == list(once[1])


def test_a_gpu_stores_nothing(gpu_backend):
    with brian_backend(gpu_backend):
        network = Network(NeuronGroup(1, "v : 1", name="tested"), name="tested_network")
        with pytest.raises(InputError, match="'tested_network' cannot be stored"):
            network.store()
        with pytest.raises(InputError, match="'tested_network' cannot be restored"):
            network.restore()


def test_two_runs_are_one_longer_run(backend):
    drawn = draw(N, 5, duration=2.0)
    in_this_process = backend in RUNTIME
    with brian_backend(backend, build_on_run=in_this_process):
        group = group_of(drawn)
        engine = EventDriven(group, drawn.weights)
        network = Network(group, engine)
        network.run(1 * TAU)
        network.run(1 * TAU)
        if not in_this_process:
            get_device().build(**get_device().build_options)
        assert list(engine.i) == list(drawn.reference().neuron)


def low_rank(seed, k=10):
    rng = np.random.default_rng(seed)
    decoder = rng.standard_normal((k, 2 * k)) * 0.1
    weights = LowRankWeights(encoder(k), decoder, self_connection=1.1, lift=0.5)
    return weights, rng.random(2 * k)


@pytest.mark.parametrize("mirrored", [False, True])
def test_low_rank_weights_are_their_dense_matrix(mirrored, backend):
    weights, start = low_rank(1)
    by_hand = weights.encoder @ weights.decoder
    by_hand[np.diag_indices(N)] = -1.1
    np.testing.assert_allclose(weights.dense(), by_hand - 0.5)
    ones = np.ones(N)
    expected = simulate(LeakyNeurons(ones, 2 * ones, ones), weights.dense(), start, 3.0)
    with brian_backend(backend):
        namespace = {"tau": TAU, "drive": 2.0, "theta": 1.0}
        group = NeuronGroup(
            N,
            SHARED,
            threshold="v >= theta",
            reset="",
            namespace=namespace,
            name="tested",
            clock=Clock(STEP * TAU, name="tested_clock"),
        )
        group.v = start
        engine = EventDriven(group, weights, mirrored=mirrored)
        Network(group, engine).run(3 * TAU)
        spikes = engine.spikes(0, TAU)
    assert list(spikes.neuron) == list(expected.neuron)
    np.testing.assert_allclose(spikes.time, expected.time, atol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("mirrored", [False, True])
def test_single_precision_counts_nearly_the_same_spikes(mirrored):
    weights, start = low_rank(2)
    ones = np.ones(N)
    expected = simulate(LeakyNeurons(ones, 2 * ones, ones), weights.dense(), start, 5.0)
    records = []
    for backend in ("numpy", "cython"):
        with brian_backend(backend):
            group = NeuronGroup(
                N,
                SHARED,
                threshold="v >= theta",
                reset="",
                name="tested",
                namespace={"tau": TAU, "drive": 2.0, "theta": 1.0},
                clock=Clock(STEP * TAU, name="tested_clock"),
            )
            group.v = start
            engine = EventDriven(group, weights, mirrored=mirrored, dtype=np.float32)
            Network(group, engine).run(5 * TAU)
            records.append(engine.spikes(0, TAU))
    # The same operations on the same numbers, also in single precision.
    assert list(records[0].neuron) == list(records[1].neuron)
    assert list(records[0].time) == list(records[1].time)
    # Until a close race is decided by the seventh digit, the sequence is that of double precision.
    assert list(records[0].neuron[:20]) == list(expected.neuron[:20])
    np.testing.assert_allclose(records[0].time[:20], expected.time[:20], rtol=1e-4)
    assert abs(len(records[0]) - len(expected)) <= 2


def test_a_step_of_many_time_constants_does_not_overflow(runtime_backend):
    drawn = draw(N, 6, duration=1000.0)
    for dtype in (np.float64, np.float32):
        long, short = (
            run([drawn], runtime_backend, shared=True, step=step, monitored=False, dtype=dtype)[0]
            for step in (1000.0, 5.0)
        )
        if dtype == np.float64:
            assert list(long.neuron[:3000]) == list(short.neuron[:3000])
        assert abs(len(long) - len(short)) < 0.01 * len(short)
        assert (np.diff(long.time) >= 0).all()
        assert 999 < long.time[-1] <= 1000


def test_a_program_runs_with_other_numbers():
    drawn = [draw(N, seed, duration=2.0) for seed in (7, 8)]
    with brian_backend("cpp_standalone", build_on_run=False):
        equations = SHARED + "\ndrive : 1 (shared)"
        group = group_of(drawn[0], equations, namespace={"tau": TAU, "theta": 1.0})
        engine = EventDriven(group, drawn[0].weights)
        program = Program(engine, group)
        for network in (*drawn, drawn[0]):
            for drive, duration in ((1.6, 2.0), (1.9, 1.3)):
                spikes = program.run(
                    duration * TAU, weights=network.weights, v=network.start, drive=drive
                )[0]
                neurons = LeakyNeurons(np.ones(N), np.full(N, drive), np.ones(N))
                expected = simulate(neurons, network.weights, network.start, duration)
                assert list(spikes.neuron) == list(expected.neuron)
                np.testing.assert_allclose(spikes.time / float(TAU), expected.time, atol=1e-11)
                v = drive + (network.start - drive) * np.exp(-duration)
                v = v + network.weights[:, expected.neuron] @ np.exp(expected.time - duration)
                np.testing.assert_allclose(group.v, v, atol=1e-11)
        with pytest.raises(InputError, match="no variable 'x'"):
            program.run(1 * TAU, x=1)
        with pytest.raises(InputError, match="NaN"):
            program.run(1 * TAU, v=np.full(N, np.nan))
        with pytest.raises(InputError, match="NaN"):
            program.run(1 * TAU, weights=np.full((N, N), np.nan))
        with pytest.raises(InputError, match="shape"):
            program.run(1 * TAU, v=np.zeros(3))
        with pytest.raises(InputError, match="duration"):
            program.run(-1 * TAU)
        with pytest.raises(RunawayError):
            program.run(1 * TAU, weights=np.full((N, N), 0.5), drive=1.6)


def test_a_program_needs_a_device_that_waits():
    drawn = draw(N, 1)
    with brian_backend("numpy"):
        group = group_of(drawn)
        with pytest.raises(InputError, match="build_on_run=False"):
            Program(EventDriven(group, drawn.weights), group)


def test_other_weights_without_compiling_again(runtime_backend):
    networks = [draw(N, seed, duration=1.0) for seed in (9, 10)]
    with brian_backend(runtime_backend):
        group = group_of(networks[0])
        engine = EventDriven(group, networks[0].weights)
        network = Network(group, engine)
        network.store()
        for drawn in networks:
            network.restore()
            group.v = drawn.start
            engine.set_weights(drawn.weights)
            network.run(1 * TAU)
            assert list(engine.i) == list(drawn.reference().neuron)
        with pytest.raises(InputError, match="shape"):
            engine.set_weights(np.zeros((2, N, N)))


@pytest.mark.parametrize("form", ["growing", "general"])
@pytest.mark.parametrize(
    ("weights", "cause"),
    [
        (np.full((N, N), 0.5), "excitatory weights"),
        (np.zeros((N, N)), "neither a reset nor a negative self-connection"),
    ],
)
def test_runaways_are_stopped_and_explained(weights, cause, form, backend):
    drawn = draw(N, 1)
    with brian_backend(backend), pytest.raises(RunawayError, match=cause) as caught:
        group = group_of(drawn)
        engine = EventDriven(group, weights, form=form)
        Network(group, engine).run(2 * TAU)
        engine.i  # noqa: B018 (where a standalone program is asked)
    assert "neuron" in str(caught.value) and "max_rate" in str(caught.value)


def test_the_room_for_spikes_on_a_gpu(gpu_backend):
    """Elsewhere there is always room."""
    drawn = draw(N, 2, duration=3.0)
    expected = drawn.reference()
    for room in (len(expected), len(expected) - 1):
        with brian_backend(gpu_backend):
            group = group_of(drawn)
            engine = EventDriven(group, drawn.weights, spike_room=room)
            Network(group, engine).run(3 * TAU)
            if room == len(expected):
                np.testing.assert_array_equal(engine.i, expected.neuron)
            else:
                with pytest.raises(InputError, match=f"^{room} spikes are recorded.*spike_room$"):
                    len(engine.i)


@pytest.mark.parametrize("form", ["growing", "general"])
def test_a_subthreshold_drive_is_no_runaway(form, runtime_backend):
    drawn = draw(N, 1, excitatory=True)
    drawn.neurons.drive[:] = 0.9
    drawn.start[3] = 1.2
    assert len(drawn.reference()) > 0
    spikes = run([drawn], runtime_backend, shared=True, form=form)[0]
    assert list(spikes.neuron) == list(drawn.reference().neuron)


def test_a_rate_cap_that_is_meant():
    """Bursts pass, and then so many spikes per neuron and second."""
    drawn = draw(N, 1, duration=50.0)
    with brian_backend("numpy"), pytest.raises(RunawayError, match="max_rate"):
        group = group_of(drawn)
        Network(group, EventDriven(group, drawn.weights, max_rate=1e-3 / TAU)).run(500 * TAU)


@pytest.mark.parametrize("form", ["growing", "general"])
def test_states_that_are_not_finite_are_refused(form, backend):
    drawn = draw(N, 1)
    drawn.start[7] = np.nan
    with pytest.raises(InputError, match="neuron 7 is NaN"):
        run([drawn], backend, shared=True, form=form)


def test_a_clock_step_with_more_spikes_than_neurons(runtime_backend):
    drawn = draw(N, 1, duration=10.0)
    with pytest.raises(InputError, match="choose a smaller clock step"):
        run([drawn], runtime_backend, shared=True, step=10.0)
    assert len(run([drawn], runtime_backend, shared=True, step=10.0, monitored=False)[0]) > N


def test_a_frame_must_be_shared(runtime_backend):
    drawn = draw(N, 1, per_neuron=True)
    with pytest.raises(InputError, match=r"neuron 1 differs.*form='general'"):
        run([drawn], runtime_backend, form="growing")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros((3, 4)), "shape"),
        (np.zeros((7, 7)), "a multiple of 7"),
        (np.zeros((3, 10, 10)), "multiple of 30, as for 3 networks"),
        (np.full((N, N), np.inf), "NaN or infinite"),
        ([low_rank(1)[0], low_rank(1, 5)[0]], "same number of neurons"),
    ],
)
def test_weights_that_do_not_fit(weights, message):
    with brian_backend("numpy"), pytest.raises(InputError, match=message):
        EventDriven(group_of(draw(N, 1)), weights)


def test_groups_that_do_not_fit():
    drawn = draw(N, 1)
    with brian_backend("numpy"):
        group = group_of(drawn)
        with pytest.raises(InputError, match="NeuronGroup"):
            EventDriven(Subgroup(group, 0, 5), drawn.weights)
        EventDriven(group, drawn.weights)
        with pytest.raises(InputError, match="has an engine already"):
            EventDriven(group, drawn.weights)
        silent = NeuronGroup(N, SHARED, name="silent")
        with pytest.raises(InputError, match="no threshold"):
            EventDriven(silent, drawn.weights)


def one_by_one(drawn, dt, drive, duration):
    """All neurons move; then the one farthest above threshold fires, until none is above."""
    v, spikes = drawn.start.copy(), []
    for step in range(round(duration / dt)):
        v += dt * (drive - v + 0.1 * v**2)
        while (v > 1).any():
            j = int(v.argmax())
            spikes.append((j, (step + 1) * dt))
            v[j] = 0.0
            v += drawn.weights[:, j]
    return spikes


@pytest.mark.glue
def test_other_models_are_resolved_one_by_one_within_a_step(backend):
    drawn = draw(N, 11, duration=3.0)
    with brian_backend(backend):
        group = NeuronGroup(
            N,
            "dv/dt = (drive - v + 0.1*v**2)/tau : 1",
            threshold="v > 1",
            reset="v = 0",
            method="euler",
            clock=Clock(0.02 * TAU, name="tested_clock"),
            namespace={"tau": TAU, "drive": 1.6},
            name="tested",
        )
        group.v = drawn.start
        with pytest.warns(InexactWarning):
            engine = EventDriven(group, drawn.weights)
        monitor = SpikeMonitor(group, name="all_spikes")
        Network(group, engine, monitor).run(3 * TAU)
        expected = one_by_one(drawn, 0.02, 1.6, 3.0)
        assert len(expected) > 20
        assert list(engine.i) == [j for j, _ in expected]
        np.testing.assert_allclose(engine.t / TAU, [t for _, t in expected], atol=1e-9)
        assert len(monitor.i) == len(engine.i)


def test_one_by_one_with_refractoriness(runtime_backend):
    """As Brian2's own threshold and reset, where no two neurons act on each other."""

    def group():
        group = NeuronGroup(
            N,
            "dv/dt = (drive - v + 0.1*v**2)/tau : 1 (unless refractory)",
            threshold="v > 1",
            reset="v = 0",
            refractory=0.3 * TAU,
            method="euler",
            clock=Clock(0.02 * TAU, name="tested_clock"),
            namespace={"tau": TAU, "drive": 1.6},
            name="tested",
        )
        group.v = np.linspace(0, 0.9, N)
        return group

    with brian_backend("numpy"):
        theirs = group()
        monitor = SpikeMonitor(theirs, name="their_spikes")
        Network(theirs, monitor).run(5 * TAU)
    with brian_backend(runtime_backend):
        ours = group()
        with pytest.warns(InexactWarning):
            engine = EventDriven(ours, np.zeros((N, N)))
        Network(ours, engine).run(5 * TAU)
        assert len(engine.i) > 2 * N
        assert sorted(engine.i) == sorted(monitor.i)
        # The engine dates a spike to the end of the step in which Brian2 finds it.
        np.testing.assert_allclose(
            np.sort(engine.t / second), np.sort(monitor.t / second + 0.02 * float(TAU)), atol=1e-12
        )


def test_lastspike_is_exact():
    drawn = draw(N, 12, duration=2.0, reset=0.1, refractory=0.15)
    _, group, neurons, times = run([drawn], "numpy", also=[lambda group: group])[0:4]
    last = dict(zip(neurons, times, strict=True))
    for j, t in last.items():
        assert group.lastspike[j] / second == t
    assert 1 * ms > 0 * ms


def test_the_example_of_the_documentation(capsys):
    text = (Path(__file__).parents[2] / "docs" / "engine.md").read_text()
    example = text.split("```python\n")[1].split("```")[0].replace('"cython"', '"numpy"')
    exec(compile(example, "docs/engine.md", "exec"), {})
    assert "CLOSED_FORM" in capsys.readouterr().out


def test_two_engines_in_one_network(backend):
    """In one C++ project, too, each with its own precision."""
    drawn = [draw(N, 1, duration=2.0), draw(N, 2, duration=2.0)]
    with brian_backend(backend):
        clock = Clock(STEP * TAU, name="tested_clock")
        names = ("one", "other")
        groups = [group_of(d, name=n, clock=clock) for d, n in zip(drawn, names, strict=True)]
        engines = [EventDriven(g, one.weights) for g, one in zip(groups, drawn, strict=True)]
        Network(*groups, *engines).run(2 * TAU)
        for engine, one in zip(engines, drawn, strict=True):
            assert list(engine.i) == list(one.reference().neuron)


@pytest.fixture(params=["cython", "cpp_standalone"])
def brians_own(request, tmp_path):
    """A backend as Brian2 alone sets it up."""
    if lacks(request.param):
        pytest.skip(f"it lacks {lacks(request.param)}")
    before = prefs["codegen.target"]
    if request.param == "cython":
        prefs["codegen.target"] = "cython"
    else:
        set_device("cpp_standalone", directory=str(tmp_path))
    yield
    prefs["codegen.target"] = before
    if request.param != "cython":
        get_device().reinit()
        reset_device()


@pytest.mark.slow
def test_the_engine_runs_on_brians_own_backends(brians_own):
    """Two engines in one program; Brian2's flags let the compiler change the last bits."""
    drawn = [draw(N, 1, duration=2.0), draw(N, 2, duration=2.0)]
    clock, names = Clock(STEP * TAU, name="tested_clock"), ("one", "other")
    groups = [group_of(d, name=n, clock=clock) for d, n in zip(drawn, names, strict=True)]
    engines = [EventDriven(g, d.weights) for g, d in zip(groups, drawn, strict=True)]
    Network(*groups, *engines).run(2 * TAU)
    for engine, one in zip(engines, drawn, strict=True):
        expected = one.reference()
        assert list(engine.i) == list(expected.neuron)
        np.testing.assert_allclose(engine.t / TAU, expected.time, rtol=0, atol=1e-11)


def test_neurons_without_leak_and_some_at_threshold(runtime_backend):
    """Drive zero stands still; at threshold it fires at once."""
    with brian_backend(runtime_backend):
        group = NeuronGroup(
            3,
            "dv/dt = drive/tau : 1\ndrive : 1 (constant)",
            threshold="v >= 1",
            reset="v = 0",
            namespace={"tau": TAU},
            clock=Clock(STEP * TAU, name="tested_clock"),
            name="tested",
        )
        group.v, group.drive = [0.0, 1.0, 0.5], [1.0, 0.0, 0.25]
        engine = EventDriven(group, np.diag([0.0, 0.0, 0.0]))
        Network(group, engine).run(3.5 * TAU)
        assert list(engine.i) == [1, 0, 0, 2, 0]
        np.testing.assert_allclose(engine.t / TAU, [0, 1, 2, 2, 3], atol=1e-12)
