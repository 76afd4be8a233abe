"""What the papers report, and for which parameters: their figures, their text and their scans."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reported:
    """A paper's result in words, and as a number if it gives one."""

    text: str
    value: float | None = None


NOT_SHOWN = Reported("not shown")

# Podlaski & Machens (2024). Figs. 3 and 5 show one network of each rule.
FIG_3 = {"n_neurons": 20, "n_patterns": 4}
FIG_3_SHOWN = {
    "hebbian": Reported("none (of one)", 0.0),
    "pseudo_inverse": Reported("all (of one)", 1.0),
    "optimised": Reported("all (of one)", 1.0),
}
# Sec. 3.2 and Fig. 4b, N = 400, 800 and 1600; which reading of the pseudo-inverse is not said.
CAPACITY = {
    "pseudo_inverse": Reported("about 0.3", 0.3),
    "pseudo_inverse_zeroed": Reported("about 0.3", 0.3),
    "optimised": Reported("about 0.5", 0.5),
}
# Sec. 3.2 and Fig. 4d: the completed part of flips falls linearly with the load.
LOW_LOAD = 0.1
COMPLETED_AT_LOW_LOAD = Reported("about 0.3 at low loads", 0.3)
COMPLETED_AT_CAPACITY = Reported("none at capacity", 0.0)
FIG_4E_STORED, FIG_4E_PIXELS, FIG_4E_FLIPS = 10, 784, 118
FIG_4E_SHOWN = Reported("all shown (rule not named)", 1.0)

# Perrinet (2026).
BENCHMARK = {
    "n_delays": 41,
    "n_steps": 1000,
    "n_patterns": 16,
    "firing_prob": 1e-3,
    "beta": 0.7,
}
BENCHMARK_SHOWN = {
    512: Reported("1.0 after gradient training", 1.0),
    1024: Reported("1.0 before training", 1.0),
}
# F1 where N differs, or one other parameter: of trained networks as the text has it, and of weights
# before training as the scans that came with the code print it (1 - loss).
BENCHMARK_SHOWN |= {
    n_neurons: Reported(f"{value:.4g} before training", value)
    for n_neurons, value in {316: 0.05, 430: 0.2, 584: 0.83, 795: 0.9998, 1081: 0.9999}.items()
}
AFTER_TRAINING = {
    (512, "n_delays"): {3: 0.15, 127: 1.0},
    (512, "n_steps"): {64: 0.996, 2048: 0.92},
}
BEFORE_TRAINING = {
    (1024, "n_delays"): {5: 0.0, 10: 0.005, 15: 0.039, 20: 0.215, 25: 0.89, 30: 0.9997},
    (1024, "n_patterns"): {8: 0.9994, 13: 1.0, 17: 0.9999, 20: 0.9998, 25: 0.9993, 30: 0.93},
    (1024, "n_steps"): {547: 0.9995, 727: 1.0, 965: 0.9999, 1281: 0.9997, 1701: 0.978, 2259: 0.47},
}
SCANS = {
    (*network, point): Reported(f"{value:.4g} {when} training", value)
    for when, scans in (("after", AFTER_TRAINING), ("before", BEFORE_TRAINING))
    for network, curve in scans.items()
    for point, value in curve.items()
}
# Damaged cues, N = 1024, M = 16, trained by gradient: F1 by kind and strength. Its bit flips are
# bits drawn anew.
DELAY_DAMAGE = {
    "resampled": {0.25: 0.967},
    "cue_length": {0.75: 0.862},
    "silenced": {0.125: 1.0},
}
# How F1 changes with a parameter, from its lowest to its highest value.
TRENDS = {"n_delays": Reported("rises (trained)"), "n_steps": Reported("falls (trained)")}


def completed(rule: str, load: float) -> Reported:
    """Largest part of flipped latents that the paper's networks complete at a load."""
    if rule not in CAPACITY:
        return NOT_SHOWN
    if np.isclose(load, CAPACITY[rule].value):
        return COMPLETED_AT_CAPACITY
    return COMPLETED_AT_LOW_LOAD if load <= LOW_LOAD else NOT_SHOWN


def f1_points(parameter: str) -> dict[str, dict[float, float]]:
    """F1 along one scanned parameter, by when and at which N the paper has it."""
    if parameter == "n_neurons":
        shown = {n: r.value for n, r in BENCHMARK_SHOWN.items() if "before" in r.text}
        return {"before training": shown}
    return {
        f"{when} training, N = {n}": points
        for when, scans in (("before", BEFORE_TRAINING), ("after", AFTER_TRAINING))
        for (n, name), points in scans.items()
        if name == parameter
    }


def f1(setting: dict) -> Reported:
    """F1 that the paper reports for a delay network with these parameters."""
    n_neurons = setting["n_neurons"]
    other = [name for name, value in BENCHMARK.items() if setting[name] != value]
    if not other:
        return BENCHMARK_SHOWN.get(n_neurons, NOT_SHOWN)
    if len(other) > 1:
        return NOT_SHOWN
    return SCANS.get((n_neurons, other[0], setting[other[0]]), NOT_SHOWN)
