"""The low-rank network in Brian2, run with a clock: approximate, for comparison and for editing.

A delta pulse acts at once, so neurons at threshold must fire one after another. With a clock, all
neurons above threshold at the end of a step fire together, before any of them has inhibited the
others. The sequence of spikes is wrong from early on. A smaller step helps, but not where neurons
start at equal potentials, as in an exact pattern: they fire in volleys for ever.
brianmem.lowrank.reference is exact.
"""

import math

import numpy as np
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, Synapses, ms

from brianmem.backends import brian_backend
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InputError
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory
from brianmem.spikes import Spikes

# Only the ratio of the clock step to tau matters; Brian2 wants times with units.
TAU = 10 * ms


def constants(drive: float, threshold: float) -> dict:
    """What the network gives to the equations."""
    return {"tau": TAU, "drive": drive, "theta": threshold}


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
    _check_step(dt, memory.params.duration)
    n_neurons, n_copies = memory.params.n_neurons, len(starts)
    with brian_backend(backend):
        # Names are part of the generated code: fixed ones let Brian2 find what it compiled before.
        clock = Clock(dt * TAU, name="lowrank_clock")
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
        if "v" not in neurons.variables or not neurons.variables["v"].dim.is_dimensionless:
            raise InputError(f"{model.place('model')}: it needs a variable v without units")
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
        fired = np.array(monitor.i)
        # A spike of step n was found after the state had been advanced to the end of that step.
        time = (np.round(np.array(monitor.t / clock.dt)) + 1) * dt
    copy = fired // n_neurons
    return [Spikes(fired[copy == c] % n_neurons, time[copy == c]) for c in range(n_copies)]


def _check_step(dt: float, duration: float) -> None:
    if not dt > 0:
        raise InputError(f"the clock step dt must be positive, not {dt}")
    n_steps = duration / dt
    # Decimal steps are off by rounding only.
    if not (n_steps >= 1 and math.isclose(n_steps, round(n_steps), rel_tol=1e-9)):
        raise InputError(f"the clock step dt = {dt} must divide the duration, {duration}")
