"""A delay network that learns rasters and recalls them, and the columns that every table has."""

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from brianmem.delay import network, synapses
from brianmem.delay.drive import cued
from brianmem.delay.equations import LIF
from brianmem.delay.learning import MARGIN_SETTINGS, check_learner, fit
from brianmem.delay.learning.pseudo_inverse import MOST_STEPS
from brianmem.delay.learning.surrogate_settings import SurrogateSettings
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.retraining import retrain
from brianmem.delay.scores import OUTCOMES, counts_by_pattern
from brianmem.delay.weights import DelayWeights
from brianmem.equations import Model
from brianmem.patterns import draw_rasters
from brianmem.progress import report
from brianmem.raster import Raster
from protocols.sweep.plan import COMPILER_MB, PROCESS_MB, Estimate

# The margin rule, and then its weights changed for the equations that the network runs with.
RETRAINED, TAUGHT_AS = "retrained", "margin"
MANY_PATTERNS = 32  # beyond which neurons of the margin rule need more than the Hebbian synapses
PARAMETERS = tuple(field.name for field in fields(DelayParameters))
TRAINING = ("n_synapses", "missed", "extra", "gap_low", "gap_high")
BENCHMARK = {
    "learner": ("hebbian", "deconvolved", "margin"),
    "n_neurons": (512,),
    "n_delays": (41,),
    "n_steps": (1000,),
    "n_patterns": (16,),
    "firing_prob": (1e-3,),
    "beta": (0.7,),
    "threshold": (None,),
    "gain": (1.0,),
}


@dataclass(frozen=True)
class DelayTask:
    """One network and its patterns; the columns of the grid, and how to run them."""

    learner: str
    n_neurons: int
    n_delays: int
    n_steps: int
    n_patterns: int
    firing_prob: float
    beta: float
    threshold: float | None
    gain: float
    seed: int
    backend: str
    model: Model | None


def parameters(task: DelayTask) -> DelayParameters:
    """The parameters of a task's network; InputError if one is out of range."""
    return DelayParameters(**{name: getattr(task, name) for name in PARAMETERS})


def check_task(task: DelayTask) -> None:
    """Raise InputError for values that no network can have."""
    params = parameters(task)
    check_learner(TAUGHT_AS if params.learner == RETRAINED else params.learner)
    if params.learner == RETRAINED:
        check_pulse(task, "retraining")


def check_pulse(task: DelayTask, what: str) -> None:
    """Raise InputError for equations whose pulse does more than to add a weight."""
    network.required_variable(task.model or LIF, what)


def estimate(task: DelayTask) -> Estimate:
    """What the task costs: synapses to learn, a threshold to place by recalls, a recall.

    The constants were measured on one core of 2020, with compiled code.
    """
    params = parameters(task)
    n_sites = params.n_patterns * params.n_neurons * params.n_steps
    n_spikes = n_sites * params.firing_prob
    pairs = n_spikes * params.n_neurons * params.n_delays * params.firing_prob
    n_synapses = min(2 * pairs, params.n_neurons**2 * params.n_delays)
    n_events = n_spikes * n_synapses / params.n_neurons
    # Rules that learn for a threshold need no place for all potentials, and no recalls.
    placed = params.learner not in (*MARGIN_SETTINGS, RETRAINED, "surrogate")
    megabytes = ((45 if placed else 0.25) * n_sites + 100 * n_synapses) / 2**20
    seconds = 0.3 + (2.5e-7 if placed else 5e-8) * n_sites + 3e-7 * n_synapses + 2e-9 * n_events
    if params.learner in MARGIN_SETTINGS:
        more_seconds, more_megabytes = _margin_costs(params)
        seconds, megabytes = seconds + more_seconds, megabytes + more_megabytes
    if params.learner == "surrogate":
        seconds += 0.2 * SurrogateSettings.n_epochs * 1.2e-7 * n_sites
        megabytes += 24 * n_sites / 2**20
    if params.learner == "pseudo_inverse":  # all synapses
        seconds += 1.2e-9 * _solver_steps(params) * params.n_neurons * n_spikes * params.n_delays
        megabytes += 8 * params.n_neurons**2 * params.n_delays / 2**20
    if task.model is not None and network.driven_variable(task.model) is None:  # plain Synapses
        n_copies = n_synapses * params.n_patterns
        seconds, megabytes = seconds + 3e-7 * n_copies, megabytes + 300 * n_copies / 2**20
    return Estimate(seconds, PROCESS_MB + COMPILER_MB + megabytes)


def _margin_costs(params: DelayParameters) -> tuple[float, float]:
    """Seconds and megabytes of the margin rule."""
    settings, n_delays, n_steps = MARGIN_SETTINGS[params.learner], params.n_delays, params.n_steps
    n, p, few = params.n_neurons, params.firing_prob, settings.support == "auto"
    n_inputs = n * n_steps * p
    # Seconds for a neuron to look at a pattern with all synapses, and to mend it. Noise is drawn
    # and counted first; of corrupted copies the first steps count.
    visit = 6e-9 * n_steps + 1.4e-8 * n_inputs
    noise = settings.whole_deletion + settings.whole_insertion > 0
    visits = (3 if noise else 1) + settings.n_heads / 6
    n_sweeps = settings.n_sweeps
    if not noise and settings.n_heads == 0:  # a neuron ends early, the less so the more patterns
        load = params.n_patterns / _capacity(params)
        n_sweeps = min(n_sweeps, 2 / (1 - load)) if load < 1 else n_sweeps
    seconds = 0.0 if few and params.n_patterns <= MANY_PATTERNS else n_sweeps * visits * visit
    if few:  # first on the Hebbian synapses
        arrivals = n_inputs * n_delays * min(params.n_patterns * n_steps * p**2, 1)
        seconds += settings.n_sweeps * (6e-9 * n_steps + 4e-9 * arrivals)
    dense = 4 * n**2 * n_delays / 2**20
    megabytes = 2 * dense if not few or params.n_patterns > MANY_PATTERNS else 0.0
    return n * params.n_patterns * seconds, megabytes


def _capacity(params: DelayParameters) -> float:
    """About as many patterns as perceptrons with rare outputs hold."""
    n_inputs, n_windows = params.n_neurons * params.n_delays, params.n_steps - params.n_delays
    p = params.firing_prob
    return 0.82 * n_inputs / (n_windows * p * -math.log(p))


def _solver_steps(params: DelayParameters) -> float:
    """Of the pseudo-inverse, which are most where there are as many windows as inputs."""
    n_windows = params.n_patterns * (params.n_steps - params.n_delays)
    distance = abs(1 - n_windows / (params.n_neurons * params.n_delays))
    return min(MOST_STEPS, 24 / distance) if distance else MOST_STEPS


def learn(task: DelayTask, **options) -> tuple[Raster, DelayWeights, dict]:
    """Draw rasters and learn them: the rasters, the weights, and what fit reports.

    `options` are those of the learning rule.
    """
    params = parameters(task)
    rng = np.random.default_rng(task.seed)
    patterns = draw_rasters(
        params.n_patterns, params.n_neurons, params.n_steps, params.firing_prob, rng
    )
    return patterns, *learned(task, patterns, params, **options)


def learned(
    task: DelayTask, patterns: Raster, params: DelayParameters, **options
) -> tuple[DelayWeights, dict]:
    """The weights by the task's learner, for its equations if they are retrained; as of fit."""
    rng = np.random.default_rng([task.seed, 1])
    if params.learner != RETRAINED:
        return fit(patterns, params, rng, progress=report, **options)
    leaky = replace(params, learner=TAUGHT_AS)
    weights, info = fit(patterns, leaky, rng, progress=report, **options)
    weights, course = retrain(
        weights,
        patterns,
        params,
        info["threshold"],
        task.model or LIF,
        task.backend,
        progress=report,
    )
    sizes = {"n_synapses": len(weights), "n_bytes": weights.n_bytes}
    return weights, info | course | sizes


def most_spikes(target: Raster, n_forced: int = 0) -> int:
    """Spikes of a recall, beyond which it has run away; n_forced come anyway, in all recalls."""
    return int((network.RUNAWAY * len(target) + n_forced) / target.n_patterns) + target.n_neurons


def learn_and_recall(task: DelayTask) -> tuple[Raster, network.Run, dict]:
    """Draw rasters, learn them, recall them from their cues: stored, recalled, what fit reports."""
    params = parameters(task)
    patterns, weights, info = learn(task)
    cues, most = patterns.crop(params.n_delays), most_spikes(patterns)
    model, threshold = task.model or LIF, info["threshold"]
    if network.driven_variable(model) is None:
        # Pulses that do more than to add a weight need Brian2's Synapses, which nothing stops.
        found = synapses.recall(weights, cues, params, threshold, model, task.backend)
        n_spikes = np.bincount(found.pattern, minlength=found.n_patterns)
        return patterns, network.Run(found, n_spikes > most), info
    drive = cued(cues, params.n_steps)
    run = network.run(weights, drive, params, threshold, model, task.backend, most)
    return patterns, run, info


def network_columns(task: DelayTask, info: dict) -> dict:
    """Columns that tell which network a row belongs to."""
    columns = {name: getattr(task, name) for name in (*PARAMETERS, "seed")}
    return columns | {"threshold": info["threshold"]}


def training_columns(task: DelayTask, info: dict) -> dict:
    """What learning gave."""
    columns = {name: info[name] for name in TRAINING}
    return columns | {"threshold_chosen": task.threshold is None}


def pattern_rows(task: DelayTask, patterns: Raster, run: network.Run, info: dict) -> list[dict]:
    """Right, extra and missing spikes of each pattern."""
    columns = network_columns(task, info) | {"backend": task.backend}
    columns |= training_columns(task, info)
    counts = counts_by_pattern(run.raster, patterns, task.n_delays)
    return [
        columns
        | {"pattern": m, "ran_away": run.ran_away[m]}
        | dict(zip(OUTCOMES, counts[:, m], strict=True))
        for m in range(task.n_patterns)
    ]


def check_model(model: Model) -> None:
    """Raise InputError if the network cannot run with these equations."""
    network.check_model(model)
