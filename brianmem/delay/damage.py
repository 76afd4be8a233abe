"""Recalls that are made difficult: damaged cues, and noise while the network runs freely."""

from dataclasses import dataclass, fields

import numpy as np

from brianmem.delay.drive import Drive
from brianmem.errors import InputError
from brianmem.patterns import check_fraction
from brianmem.raster import Raster


@dataclass(frozen=True)
class Damage:
    """What is wrong with a recall.

    Attributes
    ----------
    resampled : part of the cue's bits that are drawn anew, spikes with the pattern's probability.
        Where spikes are rare, this mostly deletes them; it is what Perrinet (2026) calls bit flips
    flipped : part of the cue's bits that are inverted: where spikes are rare, mostly new ones
    cue_length : part of the D steps that is given; then the network runs freely
    silenced : part of the neurons whose spikes are left out of the cue
    spurious : probability of an extra spike, per neuron and free step
    lost : probability that a spike of a free step is heard by no neuron
    membrane_noise : standard deviation of what is added to each potential in each free step
    cue_start : step of the pattern at which the cue begins

    Raises InputError for values out of range.
    """

    resampled: float = 0.0
    flipped: float = 0.0
    cue_length: float = 1.0
    silenced: float = 0.0
    spurious: float = 0.0
    lost: float = 0.0
    membrane_noise: float = 0.0
    cue_start: int = 0

    def __post_init__(self):
        for name in ("resampled", "flipped", "cue_length", "silenced", "spurious", "lost"):
            check_fraction(name, getattr(self, name))
        if not (np.isfinite(self.membrane_noise) and self.membrane_noise >= 0):
            raise InputError(
                f"membrane_noise must be finite and at least 0, not {self.membrane_noise}"
            )
        if self.cue_start < 0:
            raise InputError(f"cue_start must be at least 0, not {self.cue_start}")


NAMES = tuple(field.name for field in fields(Damage))


def asked_for(patterns: Raster, damage: Damage, n_delays: int) -> Raster:
    """The patterns from the beginning of the cue on: what an undamaged recall would fire.

    Raises InputError if no step is left after the cue.
    """
    if damage.cue_start + n_delays >= patterns.n_steps:
        raise InputError(
            f"a cue of {n_delays} steps from step {damage.cue_start} on leaves nothing of "
            f"{patterns.n_steps} steps to recall"
        )
    return patterns.crop(patterns.n_steps, damage.cue_start)


def damaged(target: Raster, damage: Damage, n_delays: int, firing_prob: float, rngs: list) -> Drive:
    """The recall of each pattern of a raster, with this damage.

    Parameters
    ----------
    target : what `asked_for` gives: the cue is the first `n_delays` steps
    firing_prob : probability of a spike per neuron and step, for bits that are drawn anew
    rngs : a numpy Generator for each pattern

    The same generators damage the same bits, and more of them at a higher strength.
    """
    parts = [
        _damaged(target.select(m), damage, n_delays, firing_prob, rng) for m, rng in enumerate(rngs)
    ]
    clamped_steps = round(damage.cue_length * n_delays)
    clamped = np.tile(np.arange(target.n_steps) < clamped_steps, (target.n_patterns, 1))
    forced, lost, noise = zip(*parts, strict=True)
    return Drive(
        Raster.from_events(forced, target.n_neurons, target.n_steps),
        clamped,
        Raster.from_events(lost, target.n_neurons, target.n_steps) if damage.lost else None,
        np.array(noise) if damage.membrane_noise else None,
    )


def _damaged(target: Raster, damage: Damage, n_delays: int, firing_prob: float, rng):
    """Forced and lost spikes (neurons, steps), and noise (N, n_steps), of one pattern."""
    n_neurons, n_steps = target.n_neurons, target.n_steps
    n_given = round(damage.cue_length * n_delays)
    of_cue, of_silence, of_spurious, of_lost, of_noise = rng.spawn(5)
    cue = target.crop(n_delays).to_dense()[0]
    chosen, drawn, inverted = of_cue.random((3, *cue.shape))
    cue = np.where(chosen < damage.resampled, drawn < firing_prob, cue)
    cue ^= inverted < damage.flipped
    silenced = of_silence.permutation(n_neurons)[: round(damage.silenced * n_neurons)]
    cue[silenced] = False
    given = np.nonzero(cue[:, :n_given])
    spurious = _draw(damage.spurious, n_neurons, n_given, n_steps, of_spurious)
    lost = _draw(damage.lost, n_neurons, n_given, n_steps, of_lost)
    noise = None
    if damage.membrane_noise:
        noise = damage.membrane_noise * of_noise.standard_normal((n_neurons, n_steps))
        noise[:, :n_given] = 0
    forced = tuple(np.concatenate(pair) for pair in zip(given, spurious, strict=True))
    return forced, lost, noise


def _draw(probability: float, n_neurons: int, first: int, n_steps: int, rng):
    """Neurons and steps, from `first` on, of events with this probability each."""
    if not probability:
        return np.zeros((2, 0), dtype=np.int64)
    neuron, step = np.nonzero(rng.random((n_neurons, n_steps - first)) < probability)
    return neuron, step + first
