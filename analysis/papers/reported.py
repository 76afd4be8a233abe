"""What the papers report, and for which parameters: their figures, their text and their scans."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Source:
    """Which networks a value is of, and where it stands.

    Attributes
    ----------
    networks : their size, and how many patterns they hold
    stage : of training, at which it was measured
    version : of the paper, or of its code
    place : text, figure or output
    read_off : whether it is not printed there, and was read off a figure
    """

    networks: str
    stage: str
    version: str
    place: str
    read_off: bool = False

    def __str__(self) -> str:
        place = f"read off {self.place}" if self.read_off else self.place
        return f"{self.networks}; {self.stage}; {place} of {self.version}"


@dataclass(frozen=True)
class Reported:
    """A paper's result in words, what it is of, and the number if there is one.

    Of what a paper does not show there is no source. Raises ValueError for a result without one.
    """

    text: str
    source: Source | None
    value: float | None = None

    def __post_init__(self):
        if (self.source is None) != (self.text == "not shown"):
            raise ValueError(f"the result '{self.text}' needs a source, and 'not shown' has none")

    @property
    def told_of(self) -> str:
        """The source in words; "" without one."""
        return "" if self.source is None else str(self.source)


NOT_SHOWN = Reported("not shown", None)

# Podlaski & Machens (2024): weights are those that a rule gives.
LOWRANK = "arXiv 2411.17485"
BY_RULE = "weights of the rule"
LARGE = "N = 400, 800 and 1600"
# Figs. 3 and 5 show one network of each rule.
FIG_3 = {"n_neurons": 20, "n_patterns": 4}
FIG_3_SHOWN = {
    rule: Reported(text, Source("N = 20, p = 4", BY_RULE, LOWRANK, figure, read_off=True), value)
    for rule, text, figure, value in (
        ("hebbian", "none (of one)", "Fig. 3", 0.0),
        ("pseudo_inverse", "all (of one)", "Fig. 5", 1.0),
        ("optimised", "all (of one)", "Fig. 3", 1.0),
    )
}
# Sec. 3.2 and Fig. 4b, N = 400, 800 and 1600; which reading of the pseudo-inverse is not said.
CAPACITY = {
    rule: Reported(f"about {value}", Source(LARGE, BY_RULE, LOWRANK, "Sec. 3.2"), value)
    for rule, value in (
        ("pseudo_inverse", 0.3),
        ("pseudo_inverse_zeroed", 0.3),
        ("optimised", 0.5),
    )
}
# Sec. 3.2 and Fig. 4d: the completed part of flips falls linearly with the load.
LOW_LOAD = 0.1
_COMPLETED = Source(LARGE, BY_RULE, LOWRANK, "Sec. 3.2")
COMPLETED_AT_LOW_LOAD = Reported("about 0.3 at low loads", _COMPLETED, 0.3)
COMPLETED_AT_CAPACITY = Reported("none at capacity", _COMPLETED, 0.0)
FIG_4E_STORED, FIG_4E_PIXELS, FIG_4E_FLIPS = 10, 784, 118
FIG_4E_SHOWN = Reported(
    "all shown (rule not named)",
    Source("N = 1568", BY_RULE, LOWRANK, "Fig. 4e", read_off=True),
    1.0,
)

# Perrinet (2026). The first version reports N = 512, later text N = 1024. Values that the code
# prints are of its scans, which train for 16 epochs before they measure.
FIRST, LATER = "arXiv 2604.14096v1", "later versions of arXiv 2604.14096"
CODE = "the paper's code, May 2026"
BEFORE, TRAINED, SCANNED = "before training", "after gradient training", "after 16 epochs"
BENCHMARK = {
    "n_delays": 41,
    "n_steps": 1000,
    "n_patterns": 16,
    "firing_prob": 1e-3,
    "beta": 0.7,
}


def _of_delays(n_neurons: int, stage: str, version: str, place: str, of="") -> Source:
    return Source(f"N = {n_neurons}{of}, M = 16", stage, version, place)


def _printed(value: float, n_neurons: int, parameter: str) -> Reported:
    networks = f"N = {n_neurons}" if parameter == "n_patterns" else f"N = {n_neurons}, M = 16"
    return Reported(f"{value:.4g}", Source(networks, SCANNED, CODE, "an output"), value)


BENCHMARK_SHOWN = {
    512: Reported("1.0", _of_delays(512, TRAINED, FIRST, "the text"), 1.0),
    1024: Reported("1.0", _of_delays(1024, BEFORE, LATER, "the text"), 1.0),
} | {
    n_neurons: _printed(value, n_neurons, "n_neurons")
    for n_neurons, value in {316: 0.05, 430: 0.2, 584: 0.83, 795: 0.9998, 1081: 0.9999}.items()
}
# F1 where one other parameter differs, as 1 - loss. The text has N = 512, but counts the inputs of
# its scan of delays (768 at D = 3) as if of 256 neurons.
TEXT_SCAN = _of_delays(512, TRAINED, FIRST, "the text", of=" (or 256)")
SCANS = {
    (512, parameter, point): Reported(f"{value:.4g}", TEXT_SCAN, value)
    for parameter, curve in {
        "n_delays": {3: 0.15, 127: 1.0},
        "n_steps": {64: 0.996, 2048: 0.92},
    }.items()
    for point, value in curve.items()
} | {
    (1024, parameter, point): _printed(value, 1024, parameter)
    for parameter, curve in {
        "n_delays": {5: 0.0, 10: 0.005, 15: 0.039, 20: 0.215, 25: 0.89, 30: 0.9997},
        "n_patterns": {8: 0.9994, 13: 1.0, 17: 0.9999, 20: 0.9998, 25: 0.9993, 30: 0.93},
        "n_steps": {
            547: 0.9995, 727: 1.0, 965: 0.9999, 1281: 0.9997, 1701: 0.978, 2259: 0.47,
        },
    }.items()
    for point, value in curve.items()
}  # fmt: skip
# Damaged cues: F1 by kind and strength. What the paper's noise does is near to bits drawn anew.
_DAMAGED = _of_delays(1024, TRAINED, LATER, "the text")
DELAY_DAMAGE = {
    kind: {strength: Reported(f"{value:.4g}", _DAMAGED, value)}
    for kind, strength, value in (
        ("resampled", 0.25, 0.967),
        ("cue_length", 0.75, 0.862),
        ("silenced", 0.125, 1.0),
    )
}
# How F1 changes with a parameter, from its lowest to its highest value.
TRENDS = {
    "n_delays": Reported("rises", TEXT_SCAN),
    "n_steps": Reported("falls", TEXT_SCAN),
}


def completed(rule: str, load: float) -> Reported:
    """Largest part of flipped latents that the paper's networks complete at a load."""
    if rule not in CAPACITY:
        return NOT_SHOWN
    if np.isclose(load, CAPACITY[rule].value):
        return COMPLETED_AT_CAPACITY
    return COMPLETED_AT_LOW_LOAD if load <= LOW_LOAD else NOT_SHOWN


def f1_points(parameter: str) -> dict[float, Reported]:
    """What the paper has along one scanned parameter, by the value of the parameter."""
    if parameter == "n_neurons":
        return {n: shown for n, shown in BENCHMARK_SHOWN.items() if shown.source.stage != TRAINED}
    return {point: shown for (_, name, point), shown in SCANS.items() if name == parameter}


def f1(setting: dict) -> Reported:
    """F1 that the paper reports for a delay network with these parameters."""
    n_neurons = setting["n_neurons"]
    other = [name for name, value in BENCHMARK.items() if setting[name] != value]
    if not other:
        return BENCHMARK_SHOWN.get(n_neurons, NOT_SHOWN)
    if len(other) > 1:
        return NOT_SHOWN
    return SCANS.get((n_neurons, other[0], setting[other[0]]), NOT_SHOWN)
