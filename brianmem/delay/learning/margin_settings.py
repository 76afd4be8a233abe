"""Settings of the margin rule, and sets of them that work."""

from dataclasses import dataclass

from brianmem.errors import InputError
from brianmem.patterns import check_fraction

SUPPORTS = ("auto", "hebbian", "full")


@dataclass(frozen=True)
class MarginSettings:
    """How a network is taught; potentials are in units of the threshold.

    Attributes
    ----------
    support : "hebbian" for the synapses that the Hebbian rule has, "full" for all; "auto" for the
        Hebbian ones at neurons that fire as they have to with these, and all at the others
    upper, lower : margins above the threshold at targets, and below it elsewhere
    taught_cue : last steps of the cue in which spikes are asked for, too: they teach the network to
        complete its cue
    n_sweeps : passes over all patterns, at most; a neuron that meets half of its margins has done
    rate, last_rate : part of what is lacking that a step mends, at the first and the last sweep; if
        weights diverge for one above 1, they are learned again with 1 at most
    start : factor on the Hebbian weights to start from
    n_heads : copies of each pattern in each sweep whose first D steps are corrupted; they teach the
        network to complete damaged cues
    head_steps : steps after the cue in which spikes are asked for in these copies
    head_upper, head_lower : their margins
    head_deletion, head_insertion : part of the cue's spikes that is deleted, and probability of a
        new one per neuron and step
    whole_deletion, whole_insertion : the same for whole patterns, in two of three sweeps: at full
        strength in one, at a random part of it in the other. They teach the network to bear noise
    n_averaged : last sweeps whose weights are averaged
    keep : part of all N D synapses of a neuron that is left to it: the strongest, which then learn
        again
    n_levels : number of values that the weights of a neuron can have, evenly spaced and symmetric
        about 0; they learn again, without noise. 2^b - 1 levels are b bits, 2 levels a bit; None
        for no limit
    """

    support: str = "auto"
    upper: float = 1.5
    lower: float = 0.5
    taught_cue: int = 0
    n_sweeps: int = 24
    rate: float = 1.0
    last_rate: float = 0.1
    start: float = 2.0
    n_heads: int = 0
    head_steps: int = 45
    head_upper: float = 0.5
    head_lower: float = 0.5
    head_deletion: float = 0.28
    head_insertion: float = 2.5e-4
    whole_deletion: float = 0.0
    whole_insertion: float = 0.0
    n_averaged: int = 1
    keep: float = 1.0
    n_levels: int | None = None

    def __post_init__(self):
        if self.support not in SUPPORTS:
            raise InputError(f"unknown support '{self.support}': choose from {', '.join(SUPPORTS)}")
        least = {"n_sweeps": 1, "n_averaged": 1, "n_heads": 0, "head_steps": 0, "taught_cue": 0}
        least |= {"n_levels": 2}
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise InputError(f"{name} must be at least {low}, not {value}")
        for name in ("upper", "lower", "head_upper", "head_lower", "rate", "last_rate", "keep"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} must be positive, not {getattr(self, name)}")
        for name in (
            "head_deletion",
            "head_insertion",
            "whole_deletion",
            "whole_insertion",
            "keep",
        ):
            check_fraction(name, getattr(self, name))


PRESETS = {
    "default": MarginSettings(),
    # Cues are completed even if patterns are many; there is nothing left for noise later on.
    "loaded": MarginSettings(
        "full",
        upper=0.2,
        lower=0.2,
        taught_cue=16,
        n_sweeps=28,
        rate=1.5,
        last_rate=0.2,
        n_heads=3,
        head_upper=0.45,
        head_lower=0.45,
        n_averaged=3,
    ),
    # All synapses, with margins that rounding and pruning can eat from.
    "dense": MarginSettings("full", 0.5, 0.4, n_sweeps=60, rate=1.0, last_rate=1.0),
    # Good at everything at once: damaged cues, and noise during recall.
    "robust": MarginSettings(
        "full",
        upper=1.4,
        lower=0.7,
        taught_cue=5,
        n_sweeps=36,
        n_heads=2,
        head_upper=1.4,
        head_lower=0.7,
        head_deletion=0.5,
        head_insertion=5e-4,
        whole_deletion=0.4,
        whole_insertion=2e-3,
        n_averaged=3,
    ),
    # Reflected at a margin instead of projected onto it, weights get where all margins are met in
    # a quarter of the sweeps.
    "capacity": MarginSettings(
        "full", 0.05, 0.05, n_sweeps=200, rate=2.0, last_rate=1.0, start=2.5
    ),
}
