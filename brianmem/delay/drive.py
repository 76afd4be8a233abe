"""What a delay network is driven by, beside its own spikes: one trial after another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brianmem.errors import InputError
from brianmem.raster import Raster


@dataclass(frozen=True)
class Drive:
    """Trials of one length, each with a copy of the network of its own.

    Attributes
    ----------
    forced : Raster of the whole trials, a pattern for each: spikes that come in any case
    clamped : boolean, shape (n_trials, n_steps): steps in which there are no other spikes
    lost : Raster of the same shape: spikes that no neuron hears, if they come; None for none
    noise : what is added to the driven variable in each step, before the spikes that arrive, shape
        (n_trials, n_neurons, n_steps); None for nothing

    Raises InputError if the shapes differ.
    """

    forced: Raster
    clamped: np.ndarray
    lost: Raster | None = None
    noise: np.ndarray | None = None

    def __post_init__(self):
        forced, lost = self.forced, self.lost
        if self.clamped.shape != (forced.n_patterns, forced.n_steps) or self.clamped.dtype != bool:
            raise InputError(
                f"clamped is a boolean array {(forced.n_patterns, forced.n_steps)}, not "
                f"{self.clamped.dtype} {self.clamped.shape}"
            )
        if lost is not None and _shape(lost) != _shape(forced):
            raise InputError(f"lost spikes are of a raster {_shape(forced)}, not {_shape(lost)}")
        if self.noise is not None and self.noise.shape != _shape(forced):
            raise InputError(f"noise is an array {_shape(forced)}, not {self.noise.shape}")

    def part(self, first: int, last: int) -> "Drive":
        """Trials `first` to `last` - 1; beyond the last one, trials in which nothing happens."""
        n_more = max(0, last - self.forced.n_patterns)
        noise = self.noise
        if noise is not None:
            noise = np.pad(noise[first:last], ((0, n_more), (0, 0), (0, 0)))
        return Drive(
            self.forced.part(first, last),
            np.pad(self.clamped[first:last], ((0, n_more), (0, 0))),
            None if self.lost is None else self.lost.part(first, last),
            noise,
        )


def joined(drives: Sequence[Drive]) -> Drive:
    """The trials of several drives of one size, one drive's after another's.

    Raises InputError if they differ in size, or if one of several has lost spikes or noise.
    """
    if len(drives) == 1:
        return drives[0]
    if any(drive.lost is not None or drive.noise is not None for drive in drives):
        raise InputError("drives with lost spikes or noise are not joined with others")
    forced = Raster.joined([drive.forced for drive in drives])
    return Drive(forced, np.concatenate([drive.clamped for drive in drives]))


def cued(cues: Raster, n_steps: int) -> Drive:
    """Clamp a network to each cue, and let it run freely up to `n_steps` steps."""
    events = cues.pattern, cues.neuron, cues.step
    clamped = np.tile(np.arange(n_steps) < cues.n_steps, (cues.n_patterns, 1))
    return Drive(Raster(*events, cues.n_patterns, cues.n_neurons, n_steps), clamped)


def _shape(raster: Raster) -> tuple[int, int, int]:
    return raster.n_patterns, raster.n_neurons, raster.n_steps
