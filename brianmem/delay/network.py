"""The delay network in Brian2: equations as text, one table of weights for all trials."""

import math
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from brian2 import Clock, Equations, Network, NeuronGroup, TimedArray

from brianmem.brian import brian_backend
from brianmem.delay.drive import Drive, cued
from brianmem.delay.equations import LIF
from brianmem.delay.parameters import (
    RUNAWAY,
    DelayParameters,
    check_sizes,
    chosen_threshold,
)
from brianmem.delay.units import STEP, constants
from brianmem.delay.weights import DelayWeights
from brianmem.engine import DelayStep, gpu_memory
from brianmem.equation_check import check_model as check_equations
from brianmem.equation_check import check_trial
from brianmem.equations import INTEGRATORS, Model
from brianmem.errors import InputError, RunawayWarning
from brianmem.raster import Raster

# As a constant it would be part of a compiled program, which so serves networks of all thresholds.
THETA = Equations("theta : 1 (constant, shared)")


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

    def part(self, first: int, last: int) -> "Run":
        """Trials `first` to `last` - 1."""
        return Run(self.raster.part(first, last), self.ran_away[first:last])


def recall(
    weights: DelayWeights,
    cues: Raster,
    params: DelayParameters,
    threshold: float | None = None,
    model: Model = LIF,
    backend: str = "numpy",
    most_spikes: int | None = None,
) -> Raster:
    """Clamp the network to each cue, let it run freely, and return what it fires.

    Parameters
    ----------
    weights : learned weights
    cues : one raster per recall; all of its steps are clamped
    params : sizes, beta and length of the recall
    threshold : theta; None takes that of `params`
    model : the equations
    backend : one of brianmem.backends.BACKENDS
    most_spikes : of a recall, after which it falls silent, with a RunawayWarning; None for six
        times what firing_prob, or the rate of the busiest cue, let expect

    Equal, spike for spike, to brianmem.delay.reference.recall for the built-in equations, and to
    brianmem.delay.synapses.recall for all that both can run. Raises InputError if the sizes of
    weights, cues and params differ, and for pulses that need Synapses.
    """
    check_sizes(weights, cues, params)
    if most_spikes is None:
        busiest = np.bincount(cues.pattern, minlength=1).max() / cues.n_steps
        rate = max(params.firing_prob * params.n_neurons, busiest)
        most_spikes = math.ceil(RUNAWAY * max(rate, 1) * params.n_steps)
    drive = cued(cues, params.n_steps)
    threshold = chosen_threshold(params, threshold)
    found = run(weights, drive, params, threshold, model, backend, most_spikes)
    if found.ran_away.any():
        stopped = np.flatnonzero(found.ran_away)
        warnings.warn(
            f"{len(stopped)} of {cues.n_patterns} recalls, the first of cue {stopped[0]}, fired "
            f"more than {most_spikes} times and were stopped: the threshold {threshold:.4g} may be "
            "too low",
            RunawayWarning,
            stacklevel=2,
        )
    return found.raster


def run(
    weights: DelayWeights,
    drive: Drive,
    params: DelayParameters,
    threshold: float,
    model: Model = LIF,
    backend: str = "numpy",
    most_spikes: int | np.ndarray | None = None,
) -> Run:
    """Run a copy of the network for each trial of a drive; all copies share the weights.

    On a GPU, trials that do not fit into its memory together run in several parts.

    Parameters
    ----------
    params : beta; sizes and length are those of weights and drive
    most_spikes : of a trial, or of each one, after which it falls silent; None for no limit
    others : as for `recall`

    Raises InputError if weights, drive and most_spikes have other sizes, and for pulses that need
    Synapses.
    """
    variable = driven_variable(model)
    if variable is None:
        raise InputError(
            f"{model.place('pulse', model.pulse)}: '{model.pulse}' does more than to add w to a "
            "variable, and runs with brianmem.delay.synapses only"
        )
    n_trials, n_steps = drive.clamped.shape
    room = weights.n_neurons * n_steps  # for the spikes of a trial
    if most_spikes is not None:  # it may be exceeded within one step
        if np.shape(most_spikes) not in ((), (n_trials,)):
            raise InputError(
                f"most_spikes is a number, or one for each of {n_trials} trials, not of shape "
                f"{np.shape(most_spikes)}"
            )
        most_spikes = np.broadcast_to(most_spikes, n_trials)
        room = min(room, int(most_spikes.max()) + weights.n_neurons)
    settings = weights, params, threshold, model, variable, backend, room
    if backend == "cuda_standalone":
        at_once = _at_once(weights, drive, model, room)
        if at_once < n_trials:
            return _in_parts(drive, most_spikes, at_once, lambda *part: _run(*part, *settings))
    return _run(drive, most_spikes, *settings)


def _in_parts(
    drive: Drive,
    most_spikes: np.ndarray | None,
    at_once: int,
    run: Callable[[Drive, np.ndarray | None], Run],
) -> Run:
    """Some trials after the others, as if they had run together."""
    parts = []
    for first in range(0, len(drive.clamped), at_once):
        some = range(first, first + at_once)
        most = None if most_spikes is None else most_spikes.take(some, mode="clip")
        parts.append(run(drive.part(first, first + at_once), most))
    raster = Raster.joined([part.raster for part in parts])
    ran_away = np.concatenate([part.ran_away for part in parts])
    return Run(raster, ran_away).part(0, len(drive.clamped))


def _at_once(weights: DelayWeights, drive: Drive, model: Model, room: int) -> int:
    """How many trials run together on a GPU: parts of one size, which one program serves."""
    n_trials, n_steps = drive.clamped.shape
    n_variables = len(Equations(model.model).names) + 4  # and what Brian2 adds to a group
    of_neuron = 16 * n_variables + 4 * weights.n_delays
    values = weights.n_delays  # of a neuron, in the largest array: what is sent
    if drive.noise is not None:
        of_neuron += 8 * n_steps
        values = max(values, n_steps)
    of_trial = weights.n_neurons * of_neuron + n_steps + gpu_memory.SPIKE_BYTES * room
    largest = max(room, weights.n_neurons * values)
    fit = gpu_memory.fitting(2 * weights.n_bytes, of_trial, largest)
    if fit >= n_trials:
        return n_trials
    n_parts = -(-n_trials // max(1, fit))
    return -(-n_trials // n_parts)


def _run(
    drive: Drive,
    most_spikes: np.ndarray | None,
    weights: DelayWeights,
    params: DelayParameters,
    threshold: float,
    model: Model,
    variable: str,
    backend: str,
    room: int,
) -> Run:
    forced = drive.forced
    namespace = model.namespace(constants(params, threshold))
    theta = namespace.pop("theta")
    equations = Equations(model.model)
    own_theta = "theta" in equations.names
    with brian_backend(backend):
        # Names are part of the generated code: fixed ones let Brian2 find what it compiled before.
        neurons = NeuronGroup(
            forced.n_patterns * weights.n_neurons,
            equations if own_theta else equations + THETA,
            threshold=model.threshold,
            reset=model.reset,
            refractory=model.refractory,
            method=INTEGRATORS,
            clock=Clock(STEP, name="delay_clock"),
            namespace=namespace,
            name="delay_neurons",
        )
        if not own_theta:
            neurons.theta = theta
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
            schedule="recursion",
            monitored=False,
            spike_room=forced.n_patterns * room,
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


def check_model(model: Model) -> None:
    """Raise InputError, with the line and the reason, for equations that cannot run."""
    params = DelayParameters(n_neurons=2, n_delays=1, n_steps=3, n_patterns=1)
    check_equations(model, constants(params, 0.5))
    if driven_variable(model) is not None:
        weights, cue = DelayWeights.from_dense(np.zeros((2, 2, 1))), Raster([0], [1], [0], 1, 2, 1)
        check_trial(model, lambda: recall(weights, cue, params, 0.5, model))


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
