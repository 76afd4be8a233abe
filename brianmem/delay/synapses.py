"""The delay network with Brian2's own Synapses, one for each weight and copy.

Slower than brianmem.delay.network and larger, and open to everything that Synapses can do: pulses
that do more than add a weight, equations of synapses, plasticity.
"""

import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, TimedArray

from brianmem.brian import brian_backend, synapses_clock
from brianmem.delay.equations import LIF
from brianmem.delay.parameters import DelayParameters, check_sizes, chosen_threshold
from brianmem.delay.units import STEP, constants
from brianmem.delay.weights import DelayWeights
from brianmem.equations import INTEGRATORS, Model
from brianmem.raster import Raster

# The recursion decays, adds the input, and only then compares with the threshold. In Brian2's
# default order the threshold comes before the input, which the reset would then wipe out.
SCHEDULE = ["start", "groups", "synapses", "thresholds", "resets", "end"]


def recall(
    weights: DelayWeights,
    cues: Raster,
    params: DelayParameters,
    threshold: float | None = None,
    model: Model = LIF,
    backend: str = "numpy",
) -> Raster:
    """Clamp the network to each cue, let it run freely, and return what it fires.

    Parameters
    ----------
    weights : learned weights
    cues : one raster per recall; all of its steps are clamped. Each recall has a copy of the
        network of its own, and all copies run side by side.
    params : sizes, beta and length of the recall
    threshold : theta; None takes that of `params`
    model : the equations
    backend : one of brianmem.backends.BACKENDS

    Equal, spike for spike, to brianmem.delay.reference.recall for the built-in equations. A
    refractory neuron cannot be clamped to a spike.
    Raises InputError if the sizes of weights, cues and params differ.
    """
    check_sizes(weights, cues, params)
    threshold = chosen_threshold(params, threshold)
    n_copies, n_neurons = cues.n_patterns, params.n_neurons
    with brian_backend(backend):
        # Names are part of the generated code: fixed ones let Brian2 find what it compiled before.
        clock = synapses_clock(STEP, "delay_clock")
        clamped = cues.to_dense().transpose(2, 0, 1).reshape(cues.n_steps, -1).astype(float)
        namespace = model.namespace(constants(params, threshold)) | {
            "brianmem_cue": TimedArray(clamped, dt=STEP, name="delay_cue"),
            "brianmem_cue_steps": cues.n_steps,
        }
        neurons = NeuronGroup(
            n_copies * n_neurons,
            model.model,
            threshold=(
                "(t_in_timesteps < brianmem_cue_steps and brianmem_cue(t, i) > 0.5) or "
                f"(t_in_timesteps >= brianmem_cue_steps and ({model.threshold}))"
            ),
            reset=model.reset,
            refractory=model.refractory,
            method=INTEGRATORS,
            clock=clock,
            namespace=namespace,
            name="delay_neurons",
        )
        monitor = SpikeMonitor(neurons, name="delay_spikes")
        network = Network(neurons, monitor)
        if len(weights):  # Brian2 has no Synapses without a synapse
            network.add(_synapses(neurons, weights, n_copies, model))
        network.schedule = SCHEDULE
        network.run(params.n_steps * STEP)
        fired, steps = np.array(monitor.i), np.round(np.array(monitor.t / STEP)).astype(np.int64)
    return Raster(fired // n_neurons, fired % n_neurons, steps, n_copies, n_neurons, params.n_steps)


def _synapses(neurons: NeuronGroup, weights: DelayWeights, n_copies: int, model: Model) -> Synapses:
    synapses = Synapses(
        neurons,
        neurons,
        "w : 1",
        on_pre=model.pulse,
        clock=neurons.clock,
        namespace=neurons.namespace,
        name="delay_synapses",
    )
    post, pre, delay_steps, value = weights.synapses()
    first = np.repeat(np.arange(n_copies) * weights.n_neurons, len(value))
    synapses.connect(i=np.tile(pre, n_copies) + first, j=np.tile(post, n_copies) + first)
    synapses.w = np.tile(value, n_copies)
    # Synapses look at the spikes of the step before, which is one step of delay already.
    synapses.delay = (np.tile(delay_steps, n_copies) - 1) * STEP
    return synapses
