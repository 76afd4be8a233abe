"""The low-rank network with defects and noise in Brian2, by the event-driven engine."""

import numpy as np
from brian2 import Clock, Network, NeuronGroup, TimedArray

from brianmem.brian import brian_backend
from brianmem.engine import EventDriven
from brianmem.equations import INTEGRATORS
from brianmem.lowrank.equations import LIF
from brianmem.lowrank.memory import LowRankMemory
from brianmem.lowrank.network import TAU, spike_room
from brianmem.lowrank.perturbation import Defects
from brianmem.lowrank.reference import CAP_FACTOR, most_spikes
from brianmem.spikes import Spikes


def simulate(
    memory: LowRankMemory,
    defects: Defects,
    starts,
    kicks: np.ndarray | None = None,
    backend: str = "numpy",
) -> list[Spikes]:
    """Spikes of independent copies of a network with these defects, one per start.

    They are exact for the kicks given; networks whose neurons differ in nothing but their weights
    run in the engine's fast form.

    Parameters
    ----------
    memory : the network as it was designed
    defects : what is wrong with it, the same in all copies
    starts : sequence of (damaged) patterns of +-1, each of shape (K,)
    kicks : noise of each copy, in kappa q, shape (n_copies, n_steps, N), see
        perturbation.draw_kicks; None for none
    backend : one of brianmem.backends.BACKENDS

    Raises RunawayError if a copy has more than 20 times the spikes of the fixed point.
    """
    most_spikes(memory)
    # Nobody hears the dead: what is left is a smaller network.
    alive = np.flatnonzero(defects.alive)
    if not len(alive):
        return [Spikes(np.zeros(0, dtype=np.int64), np.zeros(0)) for _ in starts]
    duration = memory.params.duration * TAU
    with brian_backend(backend):
        group = _group(memory, defects, starts, duration / (1 if kicks is None else len(kicks[0])))
        if kicks is not None:
            _kick(group, memory.axis_drive * kicks[:, :, alive], duration)
        engine = EventDriven(
            group,
            (memory.weights * defects.weights)[np.ix_(alive, alive)],
            LIF.pulse,
            require_exact=True,
            max_rate=CAP_FACTOR * memory.params.kappa / (2 * TAU),
            monitored=False,
            spike_room=spike_room(memory.params, len(starts)),
            name="perturbed_events",
        )
        Network(group, engine).run(duration)
        runs = engine.spikes_by_block(TAU)
    return [Spikes(alive[spikes.neuron], spikes.time) for spikes in runs]


def _group(memory: LowRankMemory, defects: Defects, starts, step) -> NeuronGroup:
    """The living neurons of all copies at their starts."""
    alive, params = defects.alive, memory.params
    values = {
        "tau": defects.tau[alive] * TAU,
        "theta": params.threshold + memory.axis_drive * defects.threshold[alive],
    }
    # Shared variables tell the engine that it may use its fast form.
    shared = {name: (x == x[0]).all() for name, x in values.items()}
    kind = {name: "shared" if shared[name] else "constant" for name in values}
    group = NeuronGroup(
        len(starts) * alive.sum(),
        f"{LIF.model}\n"
        f"tau : second ({kind['tau']})\n"
        f"theta : 1 ({kind['theta']})\n"
        "drive : 1 (shared)",
        threshold=LIF.threshold,
        reset=LIF.reset,
        method=INTEGRATORS,
        clock=Clock(step, name="perturbed_clock"),
        namespace={},
        name="perturbed_neurons",
    )
    group.drive = memory.drive
    for name, x in values.items():
        setattr(group, name, x[0] if shared[name] else np.tile(x, len(starts)))
    group.v = np.concatenate([memory.start_potential(start)[alive] for start in starts])
    return group


def _kick(group: NeuronGroup, kicks: np.ndarray, duration) -> None:
    """Add the kicks, shape (n_copies, n_steps, n), to the potentials as each step begins."""
    n_steps = kicks.shape[1]
    in_time = np.moveaxis(kicks, 1, 0).reshape(n_steps, -1)
    group.namespace["kick"] = TimedArray(in_time, dt=duration / n_steps, name="perturbed_kicks")
    group.run_regularly("v += kick(t, i)", when="start", name="perturbed_noise")
