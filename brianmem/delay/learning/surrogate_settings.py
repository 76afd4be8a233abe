"""Settings of the surrogate-gradient rule, and sets of them that work."""

import math
from dataclasses import dataclass

from brianmem.errors import InputError

CHOICES = {
    "support": ("hebbian", "full"),
    "start": ("hebbian", "random_positive", "random"),
    "surrogate": ("windowed", "one_sided", "full"),
}


@dataclass(frozen=True)
class SurrogateSettings:
    """How a network is taught; potentials are in units of the threshold.

    Attributes
    ----------
    support : "hebbian" for the synapses that the Hebbian rule has, "full" for all
    start : weights to start from. "hebbian": those of the Hebbian rule. "random_positive": uniform,
        with mean scale / (N D p_A). "random": normal, with sd scale sqrt((1 - beta^2) / (N D p_A))
    scale : how strong they are. A neuron that all synapses reach, in a network that fires at p_A,
        is driven by scale in each step (Hebbian weights: only at its targets), and with normal
        weights has potentials of sd scale. On the full support, positive weights fall silent
        for scale well below 1 - beta and run away above; normal ones at about 1/3, where the
        threshold is exceeded with probability p_A = 1e-3
    surrogate : "windowed" for a derivative only where |u - 1| < width; "one_sided" for this, and
        everywhere where a spike is wanted; "full" for everywhere
    slope, width : of the derivative
    through_reset : whether gradients go through the reset, (1 - s(t-1)) in u(t), too; otherwise it
        counts as given (detached)
    n_epochs : gradient steps, each over all patterns, at most; learning ends when the loss is 0
    rate : learning rate of AdamW, after a linear rise over `warm_up` steps; it then falls to 0 with
        half a cosine
    warm_up : steps
    betas : decays of Adam's moments
    weight_decay : part of a weight that is lost in a step, per rate
    dropout : part of the inputs s_i(t - d), and of the currents of a neuron in a step, that is left
        out while learning; the loss is measured without
    most_spikes : times the mean number of a pattern, beyond which a recall is stopped
    n_bins : windows in time in which F1 is measured
    """

    support: str = "hebbian"
    start: str = "hebbian"
    scale: float = 2.2
    surrogate: str = "one_sided"
    slope: float = 15.0
    width: float = 0.405
    through_reset: bool = False
    n_epochs: int = 128
    rate: float = 5e-3
    warm_up: int = 4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    dropout: float = 0.0
    most_spikes: float = 6.0
    n_bins: int = 24

    def __post_init__(self):
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InputError(f"unknown {name} '{value}': choose from {', '.join(choices)}")
        for name, least in {"n_epochs": 0, "warm_up": 0, "n_bins": 1}.items():
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}, not {getattr(self, name)}")
        for name in ("scale", "slope", "width", "rate", "most_spikes"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} must be positive and finite, not {value}")
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must lie in [0, 1), not {self.dropout}")
        if len(self.betas) != 2 or not all(0 <= decay < 1 for decay in self.betas):
            raise InputError(f"betas must be two numbers in [0, 1), not {self.betas}")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InputError(f"weight_decay must not be negative, not {self.weight_decay}")

    @property
    def widths(self) -> tuple[float, float]:
        """Of the derivative where a spike is wanted, and where it is not."""
        return (
            self.width if self.surrogate == "windowed" else math.inf,
            math.inf if self.surrogate == "full" else self.width,
        )


PRESETS = {
    "default": SurrogateSettings(),
    "windowed": SurrogateSettings(surrogate="windowed"),
    "paper": SurrogateSettings(surrogate="full", rate=1e-3, warm_up=16, dropout=0.37),
}
