"""Traces and rasters of the few runs that a figure shows."""

from collections.abc import Iterable

import numpy as np

from brianmem.lowrank import geometry, readout
from brianmem.lowrank.memory import LowRankMemory
from brianmem.spikes import Spikes
from protocols.lowrank.trials import Trial


def trace_rows(
    memory: LowRankMemory,
    trial: Trial,
    spikes: Spikes,
    vertices: Iterable[tuple[int | None, np.ndarray]],
    n_times: int,
) -> list[dict]:
    """Overlap with each of the numbered vertices, at so many times from 0 to the end."""
    times = np.linspace(0, memory.params.duration, n_times)
    y = readout.latents(memory, spikes, times, trial.start)
    return [
        {"pattern": number, "time": time, "overlap": readout.overlap(latents, vertex)}
        for number, vertex in vertices
        for time, latents in zip(times, y.T, strict=True)
    ]


def raster_rows(trial: Trial, spikes: Spikes) -> list[dict]:
    """The spikes, and whether their neurons are active in the target."""
    active = geometry.neural_patterns(trial.target[:, None])[:, 0] > 0
    return [
        {"time": time, "neuron": neuron, "active": active[neuron]}
        for neuron, time in zip(spikes.neuron, spikes.time, strict=True)
    ]
