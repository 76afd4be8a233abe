"""The low-rank network in Brian2: exact with the event-driven engine, approximate with a clock.

A delta pulse acts at once, so neurons at threshold must fire one after another, as the engine lets
them. With a clock, all neurons above threshold at the end of a step fire together, before any of
them has inhibited the others. The sequence of spikes is wrong from early on. A smaller step helps,
but not where neurons start at equal potentials, as in an exact pattern: they fire in volleys for
ever.
"""

import math
import warnings
from contextlib import contextmanager

import numpy as np
from brian2 import Clock, Equations, Network, NeuronGroup, SpikeMonitor, Synapses, ms
from brian2.utils.stringtools import get_identifiers

from brianmem.backends import RUNTIME, brian_backend, synapses_clock
from brianmem.engine import EventDriven, LowRankWeights, Program, Repeated
from brianmem.engine.solution import Solution
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InexactWarning, InputError
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.geometry import encoder
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.reference import CAP_FACTOR, most_spikes
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
        encoder(memory.params.n_latents), memory.decoder, memory.gamma, memory.alpha
    )


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
    most_spikes(memory)
    params = memory.params
    with brian_backend(backend, build_on_run=False):
        # One step of the clock is enough: nobody looks in between.
        group = _exact_group(model, n_copies * params.n_neurons, params.duration * TAU)
        values = {"drive": memory.drive, "theta": params.threshold}
        values = {name: x for name, x in values.items() if name in group.variables}
        engine = EventDriven(
            group,
            weights_of(memory),
            model.pulse,
            dtype=dtype,
            require_exact=True,
            max_rate=CAP_FACTOR * params.kappa / (2 * TAU),
            monitored=False,
            name="lowrank_events",
        )
        program = (Repeated if backend in RUNTIME else Program)(engine, group)

        def run(starts) -> list[Spikes]:
            v = np.full((n_copies, params.n_neurons), SILENT)
            for copy, start in enumerate(starts):
                v[copy] = memory.start_potential(start)
            runs = program.run(params.duration * TAU, v=v.ravel(), **values)
            return [Spikes(r.neuron, r.time / float(TAU)) for r in runs[: len(starts)]]

        yield run


def solution(model: Model) -> Solution:
    """What the engine makes of these equations: how exactly `simulate` would run them, and why."""
    with brian_backend("numpy"), warnings.catch_warnings():
        warnings.simplefilter("ignore", InexactWarning)
        return EventDriven(_exact_group(model, 2, TAU), -np.eye(2), model.pulse).solution


def _exact_group(model: Model, n_neurons: int, step) -> NeuronGroup:
    """Neurons whose drive and threshold are variables: a compiled program can be told others."""
    texts = (model.model, model.threshold, model.reset, model.pulse, str(model.refractory))
    used = set().union(*(get_identifiers(text) for text in texts)) - Equations(model.model).names
    variables = [f"{name} : 1 (shared)" for name in ("drive", "theta") if name in used]
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
