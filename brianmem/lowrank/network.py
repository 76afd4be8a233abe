"""The low-rank network in Brian2: exact with the event-driven engine, approximate with a clock.

A delta pulse acts at once, so neurons at threshold must fire one after another, as the engine lets
them. With a clock, all neurons above threshold at the end of a step fire together, before any of
them has inhibited the others. The sequence of spikes is wrong from early on. A smaller step helps,
but not where neurons start at equal potentials, as in an exact pattern: they fire in volleys for
ever.
"""

import math
import operator
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np
from brian2 import Clock, Equations, Network, NeuronGroup, SpikeMonitor, Synapses, ms
from brian2.utils.stringtools import get_identifiers

from brianmem.backends import RUNTIME
from brianmem.brian import brian_backend, only_looked_at, synapses_clock
from brianmem.engine import EventDriven, LowRankWeights, Program, Repeated
from brianmem.engine.solution import Solution
from brianmem.equation_check import check_model as check_equations
from brianmem.equation_check import check_trial
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InexactWarning, InputError
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.geometry import encoder
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.lowrank.reference import CAP_FACTOR, expected_spikes, most_spikes
from brianmem.spikes import Spikes

# Only the ratio of the clock step to tau matters; Brian2 wants times with units.
TAU = 10 * ms
# The potential of a copy without a start: from there a neuron needs 60 tau to its first spike.
SILENT = -1e30


def constants(drive: float, threshold: float) -> dict:
    """What the network gives to the equations."""
    return {"tau": TAU, "drive": drive, "theta": threshold}


def weights_of(memory: LowRankMemory) -> LowRankWeights:
    """The weights as the engine takes them."""
    return LowRankWeights(
        _encoder(memory.params.n_latents), memory.decoder, memory.gamma, memory.alpha
    )


_encoder = cache(encoder)  # one for thousands of networks


def simulate(
    memory: LowRankMemory,
    starts,
    model: Model = LIF,
    backend: str = "numpy",
    dtype: type = np.float64,
) -> list[Spikes]:
    """Exact spikes of independent copies of the network, one per start.

    Parameters
    ----------
    memory : weights, drive and duration
    starts : sequence of (damaged) patterns of +-1, each of shape (K,)
    model : the equations; v is set to the start's potential, other variables begin at 0
    backend : one of brianmem.backends.BACKENDS
    dtype : numpy.float64, or numpy.float32 for the built-in equations: faster, and no longer exact

    Raises InputError for equations that cannot be solved between spikes or have no variable v
    without units, and RunawayError for more than 20 times the spikes of the fixed point.
    """
    with repeated(memory, len(starts), model, backend, dtype) as run:
        return run(starts)


@contextmanager
def repeated(
    memory: LowRankMemory,
    n_copies: int,
    model: Model = LIF,
    backend: str = "numpy",
    dtype: type = np.float64,
):
    """A function of starts, n_copies at most, that does what `simulate` does, and is built once.

    What `simulate` takes to set a network up is more than its spikes take, if it is small.
    """
    with built([memory], n_copies, model, backend, dtype) as run:
        yield lambda starts: run([memory], [starts])[0]


@contextmanager
def built(
    memories: Sequence[LowRankMemory],
    n_copies: int,
    model: Model = LIF,
    backend: str = "numpy",
    dtype: type = np.float64,
):
    """A function of as many memories, and of a list of starts for each, n_copies at most.

    It returns a list of the starts' spikes for each memory, as `simulate` gives them. Memories
    have one size, rate, threshold and duration.

    Raises what `simulate` raises, and InputError for memories that differ in these.
    """
    check_alike(memories)
    params = memories[0].params
    several, built_with = len(memories) > 1, list(memories)
    n_blocks = len(memories) * n_copies
    form = _form(model) if several else None
    with brian_backend(backend, build_on_run=False):
        # One step of the clock is enough: nobody looks in between.
        group = _exact_group(
            model, n_blocks * params.n_neurons, params.duration * TAU, own_drives=several
        )
        engine = EventDriven(
            group,
            [weights_of(memory) for memory in memories],
            model.pulse,
            form=form,
            dtype=dtype,
            require_exact=True,
            max_rate=CAP_FACTOR * params.kappa / (2 * TAU),
            monitored=False,
            spike_room=spike_room(params, n_blocks),
            name="lowrank_events",
        )
        program = (Repeated if backend in RUNTIME else Program)(engine, group)

        def run(memories, starts) -> list[list[Spikes]]:
            drive = np.array([memory.drive for memory in memories])
            values = {
                "v": _potentials(memories, starts, n_copies),
                "drive": np.repeat(drive, n_copies * params.n_neurons) if several else drive[0],
                "theta": params.threshold,
            }
            same = all(map(operator.is_, memories, built_with))
            weights = None if same else [weights_of(memory) for memory in memories]
            values = {name: x for name, x in values.items() if name in group.variables}
            runs = program.run(params.duration * TAU, weights, **values)
            runs = [Spikes(spikes.neuron, spikes.time / float(TAU)) for spikes in runs]
            firsts = range(0, n_blocks, n_copies)
            return [
                runs[first : first + len(its_starts)]
                for first, its_starts in zip(firsts, starts, strict=True)
            ]

        yield run


def _potentials(memories, starts, n_copies: int) -> np.ndarray:
    """Of all copies of all memories, one after another; copies without a start are silent."""
    v = np.full((len(memories), n_copies, memories[0].params.n_neurons), SILENT)
    for of_memory, memory, its_starts in zip(v, memories, starts, strict=True):
        for copy, start in enumerate(its_starts):
            of_memory[copy] = memory.start_potential(start)
    return v.ravel()


def check_model(model: Model) -> None:
    """Raise InputError, with the line and the reason, for equations that cannot run."""
    check_equations(model, constants(drive=2.0, threshold=1.0))
    check_trial(model, lambda: _trial(model))


def _trial(model: Model) -> None:
    """A tenth of tau of four neurons, exactly if that is possible."""
    with brian_backend("numpy"):
        group = _exact_group(model, 4, TAU / 10)
        engine = EventDriven(group, -np.eye(4), model.pulse)
        for name, value in {"drive": 2.0, "theta": 1.0, "v": 0.5}.items():
            if name in group.variables:
                setattr(group, name, value)
        Network(group, engine).run(TAU / 10)


def check_alike(memories: Sequence[LowRankMemory]) -> None:
    """Raise InputError unless these can run, and differ in their weights and drive alone."""
    first = memories[0].params
    for memory in memories:
        most_spikes(memory)
        for name in ("n_neurons", "kappa", "threshold", "duration"):
            here, there = getattr(memory.params, name), getattr(first, name)
            if here != there:
                raise InputError(
                    f"memories that run together have one {name}, not {there} and {here}"
                )


def spike_room(params: LowRankParameters, n_blocks: int) -> int:
    """Where a record cannot grow: four times the spikes of the fixed point, and one runaway's."""
    return int(expected_spikes(params) * (4 * n_blocks + CAP_FACTOR))


def solution(model: Model) -> Solution:
    """What the engine makes of these equations: how exactly `simulate` would run them, and why."""
    return _engine(model).solution


@cache
def _form(model: Model) -> str:
    """The form in which the engine runs a single network."""
    return _engine(model).form


def _engine(model: Model) -> EventDriven:
    with brian_backend("numpy"), warnings.catch_warnings():
        warnings.simplefilter("ignore", InexactWarning)
        group = only_looked_at(_exact_group(model, 2, TAU))
        return EventDriven(group, -np.eye(2), model.pulse)


def _exact_group(model: Model, n_neurons: int, step, own_drives: bool = False) -> NeuronGroup:
    """Neurons whose drive and threshold are variables: a compiled program can be told others."""
    texts = (model.model, model.threshold, model.reset, model.pulse, str(model.refractory))
    used = set().union(*(get_identifiers(text) for text in texts)) - Equations(model.model).names
    kinds = {"drive": "constant" if own_drives else "shared", "theta": "shared"}
    variables = [f"{name} : 1 ({kind})" for name, kind in kinds.items() if name in used]
    group = NeuronGroup(
        n_neurons,
        "\n".join([model.model, *variables]),
        threshold=model.threshold,
        reset=model.reset,
        refractory=model.refractory,
        method=INTEGRATORS,
        clock=Clock(step, name="lowrank_clock"),
        namespace=model.namespace({"tau": TAU}),
        name="lowrank_neurons",
    )
    _check_potential(model, group)
    return group


def _check_potential(model: Model, group: NeuronGroup) -> None:
    if "v" not in group.variables or not group.variables["v"].dim.is_dimensionless:
        raise InputError(f"{model.place('model')}: it needs a variable v without units")


def simulate_with_clock(
    memory: LowRankMemory, starts, dt: float, model: Model = LIF, backend: str = "numpy"
) -> list[Spikes]:
    """Approximate spikes of independent copies of the network, one per start.

    Parameters
    ----------
    memory : weights, drive and duration
    starts : sequence of (damaged) patterns of +-1, each of shape (K,)
    dt : clock step, in units of tau; the duration is a whole number of steps
    model : the equations; v is set to the start's potential, other variables begin at 0
    backend : one of brianmem.backends.BACKENDS

    Raises InputError for a step that does not fit, and equations without a variable v or one that
    has units.
    """
    check_step(dt, memory.params.duration)
    n_neurons, n_copies = memory.params.n_neurons, len(starts)
    with brian_backend(backend):
        # Names are part of the generated code: fixed ones let Brian2 find what it compiled before.
        clock = synapses_clock(dt * TAU, "lowrank_clock")
        neurons = NeuronGroup(
            n_copies * n_neurons,
            model.model,
            threshold=model.threshold,
            reset=model.reset,
            refractory=model.refractory,
            method=INTEGRATORS,
            clock=clock,
            namespace=model.namespace(constants(memory.drive, memory.params.threshold)),
            name="lowrank_neurons",
        )
        _check_potential(model, neurons)
        neurons.v = np.concatenate([memory.start_potential(start) for start in starts])
        synapses = Synapses(
            neurons,
            neurons,
            "w : 1",
            on_pre=model.pulse,
            clock=clock,
            namespace=neurons.namespace,
            name="lowrank_synapses",
        )
        post, pre = np.indices((n_neurons, n_neurons)).reshape(2, -1)
        offsets = np.repeat(np.arange(n_copies) * n_neurons, n_neurons**2)
        synapses.connect(i=np.tile(pre, n_copies) + offsets, j=np.tile(post, n_copies) + offsets)
        synapses.w = np.tile(memory.weights.ravel(), n_copies)
        monitor = SpikeMonitor(neurons, name="lowrank_spikes")
        Network(neurons, synapses, monitor).run(memory.params.duration * TAU)
        fired, step = np.array(monitor.i), np.round(np.array(monitor.t / clock.dt))
        order = np.lexsort((fired, step))  # a GPU keeps none within a step
        # A spike of step n was found after the state had been advanced to the end of that step.
        fired, time = fired[order], (step[order] + 1) * dt
    copy = fired // n_neurons
    return [Spikes(fired[copy == c] % n_neurons, time[copy == c]) for c in range(n_copies)]


def check_step(dt: float, duration: float) -> None:
    """Raise InputError unless a clock step is positive and divides the duration."""
    if not dt > 0:
        raise InputError(f"the clock step dt must be positive, not {dt}")
    n_steps = duration / dt
    # Decimal steps are off by rounding only.
    if not (n_steps >= 1 and math.isclose(n_steps, round(n_steps), rel_tol=1e-9)):
        raise InputError(f"the clock step dt = {dt} must divide the duration, {duration}")
