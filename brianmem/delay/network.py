"""The delay network in Brian2: equations as text, one table of weights for all trials."""

import re
from dataclasses import dataclass

import numpy as np
from brian2 import Clock, Network, NeuronGroup, TimedArray

from brianmem.backends import brian_backend
from brianmem.delay.drive import Drive, cued
from brianmem.delay.equations import LIF
from brianmem.delay.parameters import DelayParameters, check_sizes
from brianmem.delay.units import STEP, constants
from brianmem.delay.weights import DelayWeights
from brianmem.engine import DelayStep
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InputError
from brianmem.raster import Raster


@dataclass(frozen=True)
class Run:
    """What the network did.

    Attributes
    ----------
    raster : all spikes, a pattern for each trial
    ran_away : whether a trial was stopped for its many spikes, boolean, shape (n_trials,)
    """

    raster: Raster
    ran_away: np.ndarray


def recall(
    weights: DelayWeights,
    cues: Raster,
    params: DelayParameters,
    threshold: float,
    model: Model = LIF,
    backend: str = "numpy",
) -> Raster:
    """Clamp the network to each cue, let it run freely, and return what it fires.

    Parameters
    ----------
    weights : learned weights
    cues : one raster per recall; all of its steps are clamped
    params : sizes, beta and length of the recall
    threshold : theta
    model : the equations
    backend : one of brianmem.backends.BACKENDS

    Equal, spike for spike, to brianmem.delay.reference.recall for the built-in equations, and to
    brianmem.delay.synapses.recall for all that both can run. Raises InputError if the sizes of
    weights, cues and params differ, and for pulses that need Synapses.
    """
    check_sizes(weights, cues, params)
    return run(weights, cued(cues, params.n_steps), params, threshold, model, backend).raster


def run(
    weights: DelayWeights,
    drive: Drive,
    params: DelayParameters,
    threshold: float,
    model: Model = LIF,
    backend: str = "numpy",
    most_spikes: int | None = None,
) -> Run:
    """Run a copy of the network for each trial of a drive; all copies share the weights.

    Parameters
    ----------
    params : beta; sizes and length are those of weights and drive
    most_spikes : of a trial, after which it falls silent; None for no limit
    others : as for `recall`

    Raises InputError if weights and drive have other sizes, and for pulses that need Synapses.
    """
    variable = driven_variable(model)
    if variable is None:
        raise InputError(
            f"{model.place('pulse', model.pulse)}: '{model.pulse}' does more than to add w to a "
            "variable, and runs with brianmem.delay.synapses only"
        )
    forced = drive.forced
    most_of_trial = weights.n_neurons * forced.n_steps
    if most_spikes is not None:  # it may be exceeded within one step
        most_of_trial = min(most_of_trial, most_spikes + weights.n_neurons)
    with brian_backend(backend):
        # Names are part of the generated code: fixed ones let Brian2 find what it compiled before.
        neurons = NeuronGroup(
            forced.n_patterns * weights.n_neurons,
            model.model,
            threshold=model.threshold,
            reset=model.reset,
            refractory=model.refractory,
            method=INTEGRATORS,
            clock=Clock(STEP, name="delay_clock"),
            namespace=model.namespace(constants(params, threshold)),
            name="delay_neurons",
        )
        if drive.noise is not None:
            _add_noise(neurons, variable, drive.noise)
        step = DelayStep(
            neurons,
            weights.table,
            variable,
            forced=forced,
            clamped=drive.clamped,
            lost=drive.lost,
            most_spikes=most_spikes,
            monitored=False,
            spike_room=forced.n_patterns * most_of_trial,
            name="delay_step",
        )
        Network(neurons, step).run(forced.n_steps * STEP)
        return Run(step.raster(forced.n_steps), step.ran_away)


def _add_noise(neurons: NeuronGroup, variable: str, noise: np.ndarray) -> None:
    by_step = noise.reshape(len(neurons), -1).T
    neurons.namespace["brianmem_noise"] = TimedArray(by_step, dt=STEP, name="delay_noise")
    neurons.run_regularly(
        f"{variable} += brianmem_noise(t, i)", when="groups", order=1, name="delay_add_noise"
    )


def driven_variable(model: Model) -> str | None:
    """The variable that a pulse adds the weight to; None for any other pulse."""
    found = re.fullmatch(r"\s*(\w+)_post\s*\+=\s*w\s*", model.pulse)
    return found.group(1) if found else None


def required_variable(model: Model, what: str) -> str:
    """The same for what can do with no other pulse; InputError, which names it, for others."""
    variable = driven_variable(model)
    if variable is None:
        raise InputError(
            f"{model.place('pulse', model.pulse)}: {what} needs a pulse that adds w to a variable, "
            f"not '{model.pulse}'"
        )
    return variable
