"""Parameters of a low-rank associative memory."""

import math
from dataclasses import dataclass

from brianmem.checks import whole_number
from brianmem.errors import InputError


@dataclass(frozen=True)
class LowRankParameters:
    """A low-rank associative memory; times are in units of the membrane time constant tau.

    Attributes
    ----------
    rule : name of a storage rule, see brianmem.lowrank.storage.RULES
    n_neurons : N, even; the network has K = N/2 latent dimensions
    n_patterns : p
    gamma : self-connection; None takes the one that suits the rule, see brianmem.lowrank.storage
    kappa : firing rate of the active neurons, in spikes per tau
    threshold : T
    duration : simulated time, in tau

    Symbols are those of Podlaski & Machens (2024). Raises InputError for values out of range.
    """

    rule: str = "optimised"
    n_neurons: int = 20
    n_patterns: int = 4
    gamma: float | None = None
    kappa: float = 5.0
    threshold: float = 1.0
    duration: float = 20.0

    def __post_init__(self):
        whole_number("n_neurons", self.n_neurons, least=1)
        if self.n_neurons < 4 or self.n_neurons % 2:
            raise InputError(f"n_neurons must be even and at least 4, not {self.n_neurons}")
        whole_number("n_patterns", self.n_patterns, least=1)
        for name in ("kappa", "duration"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} must be positive and finite, not {value}")
        for name in ("gamma", "threshold"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"{name} must be finite, not {value}")

    @property
    def n_latents(self) -> int:
        """K."""
        return self.n_neurons // 2

    @property
    def load(self) -> float:
        """p / N."""
        return self.n_patterns / self.n_neurons
