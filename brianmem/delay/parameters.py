"""Parameters of a delay network."""

import math
from dataclasses import dataclass

from brianmem.checks import whole_number
from brianmem.errors import InputError

RUNAWAY = 6  # times the spikes that are expected: beyond, a recall is stopped


@dataclass(frozen=True)
class DelayParameters:
    """A recurrent network with one weight per pair of neurons and delay; time runs in steps.

    Attributes
    ----------
    learner : name of a learning rule, see brianmem.delay.learning.LEARNERS
    n_neurons : N
    n_delays : D; delays are 1 to D steps, and the cue lasts D steps
    n_steps : T, length of a pattern
    n_patterns : M
    firing_prob : p_A, probability of a spike per neuron and step
    beta : decay of the potential per step, exp(-step/tau)
    threshold : theta; None leaves it to learning: that of the rule, or where the patterns are
        recalled best. `fit` tells it, and recalls are told
    gain : factor on the weights; at 1 a neuron's drive at its target is about 1

    Symbols are those of Perrinet (2026). Raises InputError for values out of range.
    """

    learner: str = "deconvolved"
    n_neurons: int = 512
    n_delays: int = 41
    n_steps: int = 1000
    n_patterns: int = 16
    firing_prob: float = 1e-3
    beta: float = 0.7
    threshold: float | None = None
    gain: float = 1.0

    def __post_init__(self):
        for name in ("n_neurons", "n_delays", "n_patterns", "n_steps"):
            whole_number(name, getattr(self, name), least=1)
        if self.n_steps <= self.n_delays:
            raise InputError(
                f"n_steps ({self.n_steps}) must be larger than n_delays ({self.n_delays}), "
                "the length of the cue"
            )
        for name in ("firing_prob", "beta"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise InputError(f"{name} must lie strictly between 0 and 1, not {value}")
        for name in ("threshold", "gain"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} must be positive and finite, not {value}")

    @property
    def tau_steps(self) -> float:
        """Membrane time constant, in steps: -1 / ln beta."""
        return -1 / math.log(self.beta)


def chosen_threshold(params: DelayParameters, threshold: float | None) -> float:
    """The threshold of a recall: the one given, or else that of the parameters.

    Raises InputError if there is none, two that differ, or one that is not finite.
    """
    if threshold is None:
        threshold = params.threshold
    if threshold is None:
        raise InputError("a recall needs a threshold, such as info['threshold'] of fit")
    if params.threshold not in (None, threshold):
        raise InputError(
            f"the parameters have the threshold {params.threshold}, and {threshold} was given"
        )
    if not math.isfinite(threshold):
        raise InputError(f"threshold must be finite, not {threshold}")
    return threshold


def check_sizes(weights, cues, params: DelayParameters) -> None:
    """Raise InputError for DelayWeights or a Raster of cues with other sizes."""
    for name, given in (("weights", weights.n_neurons), ("cues", cues.n_neurons)):
        if given != params.n_neurons:
            raise InputError(f"{name} are for {given} neurons, but n_neurons = {params.n_neurons}")
    if weights.n_delays != params.n_delays:
        raise InputError(
            f"weights have {weights.n_delays} delays, but n_delays = {params.n_delays}"
        )
    if not 0 < cues.n_steps <= params.n_steps:
        raise InputError(f"a cue lasts 1 to n_steps = {params.n_steps} steps, not {cues.n_steps}")
