"""Rasters with structure for delay networks to store: periodic ones, and travelling waves."""

import numpy as np

from brianmem.errors import InputError
from brianmem.patterns import check_fraction
from brianmem.raster import Raster


def repeat(rasters: Raster, n_steps: int) -> Raster:
    """Rasters that begin anew whenever they end, up to `n_steps` steps.

    With a period of T - D steps and n_steps = T, the last D steps are the first ones: a delay
    network that has recalled such a pattern is back at its cue, and goes on with the next period.
    """
    n_periods = -(-n_steps // rasters.n_steps)
    start = rasters.n_steps * np.repeat(np.arange(n_periods), len(rasters))
    step = np.tile(rasters.step, n_periods) + start
    pattern, neuron = np.tile(rasters.pattern, n_periods), np.tile(rasters.neuron, n_periods)
    there = step < n_steps
    events = pattern[there], neuron[there], step[there]
    return Raster(*events, rasters.n_patterns, rasters.n_neurons, n_steps)


def draw_periodic(
    n_patterns: int,
    n_neurons: int,
    n_steps: int,
    period: int,
    firing_prob: float,
    rng: np.random.Generator,
) -> Raster:
    """Periods in which each neuron fires in each step with this probability, repeated.

    Raises InputError for a period without steps, and a probability outside [0, 1].
    """
    if period < 1:
        raise InputError(f"the period must have at least 1 step, not {period}")
    check_fraction("firing_prob", firing_prob)
    drawn = rng.random((n_patterns, n_neurons, period)) < firing_prob
    return repeat(Raster.from_dense(drawn), n_steps)


def wave_speeds(n_patterns: int, speed: float) -> np.ndarray:
    """Speeds of waves that run up and down in turn, shape (n_patterns,), from `speed` to twice it.

    Evenly spaced on a logarithmic scale; a negative speed runs towards neuron 0.
    """
    n_speeds = -(-n_patterns // 2)
    steps = np.arange(n_patterns) // 2 / max(n_speeds - 1, 1)
    return speed * 2.0**steps * np.where(np.arange(n_patterns) % 2, -1, 1)


def travelling_waves(
    speeds,
    n_neurons: int,
    n_steps: int,
    wavelength: float,
    jitter: float,
    rng: np.random.Generator,
) -> Raster:
    """Waves that run across the neurons, each at its speed, shape (n_patterns,).

    A neuron at i fires when a crest meets it, at t = (i + (k + phase) wavelength) / speed for every
    whole k, with a phase for each wave; and normal jitter for each spike.

    Parameters
    ----------
    speeds : neurons per step; a negative one runs towards neuron 0
    wavelength : distance of the crests, in neurons. If it is larger than n_neurons, there are
        spells without a crest
    jitter : standard deviation, in steps

    Raises InputError for a speed of 0 and other values out of range.
    """
    if not (np.isfinite(wavelength) and wavelength > 0):
        raise InputError(f"wavelength must be positive and finite, not {wavelength}")
    if not (np.isfinite(jitter) and jitter >= 0):
        raise InputError(f"jitter must be finite and at least 0, not {jitter}")
    if not (np.isfinite(speeds).all() and np.all(speeds)):
        raise InputError("the speed of a wave must be finite and not 0")
    events = [_wave(speed, n_neurons, n_steps, wavelength, jitter, rng) for speed in speeds]
    return Raster.from_events(events, n_neurons, n_steps)


def _wave(speed: float, n_neurons: int, n_steps: int, wavelength: float, jitter: float, rng):
    """Neurons and steps of the spikes of one wave."""
    phase = rng.random()
    # All crests that are over a neuron in some step; more are drawn for jitter from outside.
    reach = n_steps * abs(speed) + n_neurons + 5 * jitter * abs(speed)
    crests = np.arange(-np.ceil(reach / wavelength) - 1, np.ceil(reach / wavelength) + 1)
    position = np.arange(n_neurons)[:, None]
    time = (position + (crests + phase) * wavelength) / speed
    step = np.rint(time + jitter * rng.standard_normal(time.shape)).astype(np.int64)
    neuron = np.broadcast_to(position, step.shape)
    there = (step >= 0) & (step < n_steps)
    # Spikes of two crests may meet in one step.
    return np.unique(np.stack([neuron[there], step[there]]), axis=1)


def longest_silence(rasters: Raster) -> np.ndarray:
    """Steps in a row without a spike, at most, between others that have one; shape (n_patterns,).

    A delay network forgets a pattern in D such steps.
    """
    longest = np.zeros(rasters.n_patterns, dtype=np.int64)
    for m in range(rasters.n_patterns):
        gaps = np.diff(rasters.select(m).step) - 1
        longest[m] = gaps.max(initial=0)
    return longest
