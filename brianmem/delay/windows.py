"""What the windows before the steps of a raster tell of these steps, whatever the learning rule."""

from dataclasses import dataclass

import numpy as np

from brianmem.raster import Raster


@dataclass(frozen=True)
class Untold:
    """What no weights can recall, since it depends on the last D steps alone.

    Attributes
    ----------
    empty_pattern, empty_step : of each spike that follows D steps without any; such a neuron's
        potential only decays
    alike : pairs of (pattern, step) with the same non-empty D steps before them and other spikes,
        shape (n, 2, 2). What is left of earlier potentials may still tell them apart
    """

    empty_pattern: np.ndarray
    empty_step: np.ndarray
    alike: np.ndarray

    def __str__(self) -> str:
        parts = []
        if len(self.empty_step):
            parts.append(
                f"spikes after windows without any: {len(self.empty_step)} (the first in pattern "
                f"{self.empty_pattern[0]}, step {self.empty_step[0]})"
            )
        if len(self.alike):
            (pattern, step), (other, later) = self.alike[0]
            parts.append(
                f"steps after the same windows as others, and unlike them: {len(self.alike)} (such "
                f"as pattern {other}, step {later}, and pattern {pattern}, step {step})"
            )
        return "; ".join(parts)


def untold(patterns: Raster, n_delays: int) -> Untold:
    """What the windows of D = n_delays steps do not tell, from step D on."""
    n_patterns, n_steps = patterns.n_patterns, patterns.n_steps
    # Sums of random numbers stand for sets of spikes: that two unlike ones agree has odds of 2^-64.
    code = np.random.default_rng(0).integers(
        2**64, size=(patterns.n_neurons, n_delays + 1), dtype=np.uint64
    )
    window = np.zeros((n_patterns, n_steps), dtype=np.uint64)
    count = np.zeros((n_patterns, n_steps), dtype=np.int64)
    output = np.zeros_like(window)
    np.add.at(output, (patterns.pattern, patterns.step), code[patterns.neuron, 0])
    for delay in range(1, n_delays + 1):
        within = patterns.step + delay < n_steps
        at = patterns.pattern[within], patterns.step[within] + delay
        np.add.at(window, at, code[patterns.neuron[within], delay])
        np.add.at(count, at, 1)
    late = patterns.step >= n_delays
    late &= count[patterns.pattern, patterns.step] == 0
    return Untold(
        patterns.pattern[late],
        patterns.step[late],
        _alike(window[:, n_delays:], output[:, n_delays:], count[:, n_delays:] > 0, n_delays),
    )


def _alike(window: np.ndarray, output: np.ndarray, told: np.ndarray, first: int) -> np.ndarray:
    """Of each window that came before with another output: where it came first, and where now."""
    pattern, step = np.nonzero(told)
    _, firsts, group = np.unique(window[told], return_index=True, return_inverse=True)
    before = firsts[group]
    unlike = output[told] != output[told][before]
    places = np.stack([pattern, step + first], axis=1)
    return np.stack([places[before[unlike]], places[unlike]], axis=1)
