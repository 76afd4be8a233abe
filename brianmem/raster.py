"""Spike rasters in discrete time: events (pattern, neuron, step) and their dense array."""

from dataclasses import dataclass

import numpy as np

from brianmem.checks import whole_numbers
from brianmem.errors import InputError


@dataclass(frozen=True)
class Raster:
    """Events of `n_patterns` rasters, sorted by pattern, then step, then neuron.

    Attributes
    ----------
    pattern, neuron, step : int arrays, shape (n_events,)
    n_patterns, n_neurons, n_steps : int
    """

    pattern: np.ndarray
    neuron: np.ndarray
    step: np.ndarray
    n_patterns: int
    n_neurons: int
    n_steps: int

    def __post_init__(self):
        n_events = np.size(self.pattern)
        for name in ("n_patterns", "n_neurons", "n_steps"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
                raise InputError(f"{name} of a raster is a whole number, not {value!r}")
        for name, size in (
            ("pattern", self.n_patterns),
            ("neuron", self.n_neurons),
            ("step", self.n_steps),
        ):
            try:
                index = whole_numbers(name, getattr(self, name))
            except InputError as error:
                raise InputError(
                    f"{error}: a raster counts neurons and steps; of times, "
                    "np.floor(times / step) gives steps"
                ) from None
            if index.shape != (n_events,):
                raise InputError(f"a raster needs one {name} per event, not shape {index.shape}")
            if len(index) and (index.min() < 0 or index.max() >= size):
                raise InputError(f"a raster of {size} {name}s has an event outside them")
            object.__setattr__(self, name, index)
        if not self._ascends():
            order = np.lexsort((self.neuron, self.step, self.pattern))
            for name in ("pattern", "neuron", "step"):
                object.__setattr__(self, name, getattr(self, name)[order])
            if not self._ascends():
                raise InputError("a raster has at most one spike of a neuron in a step")

    def _ascends(self) -> bool:
        """Whether each event comes after the one before, by pattern, then step, then neuron."""
        pattern, step, neuron = map(np.diff, (self.pattern, self.step, self.neuron))
        return bool(
            ((pattern > 0) | ((pattern == 0) & ((step > 0) | ((step == 0) & (neuron > 0))))).all()
        )

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def from_dense(cls, dense) -> "Raster":
        """Events of a 0/1 array raster[pattern, neuron, step].

        Raises InputError if the array has another number of axes or other values.
        """
        dense = np.asarray(dense)
        if dense.ndim != 3:
            raise InputError(
                f"rasters are [pattern, neuron, step] arrays, not of shape {dense.shape}"
            )
        if not np.isin(dense, (0, 1)).all():
            raise InputError("rasters hold 0 and 1 only")
        return cls(*np.nonzero(dense), *dense.shape)

    def to_dense(self) -> np.ndarray:
        """Boolean array raster[pattern, neuron, step]."""
        dense = np.zeros((self.n_patterns, self.n_neurons, self.n_steps), dtype=bool)
        dense[self.pattern, self.neuron, self.step] = True
        return dense

    def select(self, pattern: int) -> "Raster":
        """The raster of one pattern."""
        return self.part(pattern, pattern + 1)

    @classmethod
    def from_events(cls, events, n_neurons: int, n_steps: int) -> "Raster":
        """A raster with a pattern for each pair of arrays (neurons, steps)."""
        pattern = np.repeat(np.arange(len(events)), [len(neuron) for neuron, _ in events])
        neuron, step = (
            np.concatenate([np.zeros(0, np.int64), *(pair[k] for pair in events)]) for k in (0, 1)
        )
        return cls(pattern, neuron, step, len(events), n_neurons, n_steps)

    @classmethod
    def joined(cls, rasters) -> "Raster":
        """The patterns of several rasters, those of one after another's.

        Raises InputError if there is none, or if they differ in the numbers of neurons or steps.
        """
        sizes = {(raster.n_neurons, raster.n_steps) for raster in rasters}
        if len(sizes) != 1:
            raise InputError(f"rasters of one size are joined, not of {sorted(sizes)}")
        events = [(part.neuron, part.step) for part in rasters]
        neuron, step = map(np.concatenate, zip(*events, strict=True))
        ends = np.cumsum([raster.n_patterns for raster in rasters])
        pattern = np.concatenate(
            [part.pattern + end - part.n_patterns for part, end in zip(rasters, ends, strict=True)]
        )
        return cls(pattern, neuron, step, int(ends[-1]), *sizes.pop())

    def part(self, first: int, last: int) -> "Raster":
        """Patterns `first` to `last` - 1; beyond the last one there are patterns without events."""
        begin, end = np.searchsorted(self.pattern, (first, last))
        events = self.pattern[begin:end] - first, self.neuron[begin:end], self.step[begin:end]
        return Raster(*events, last - first, self.n_neurons, self.n_steps)

    def crop(self, last: int, first: int = 0) -> "Raster":
        """Steps `first` to `last` - 1 of every pattern, such as the cue of a delay network."""
        keep = (first <= self.step) & (self.step < last)
        events = self.pattern[keep], self.neuron[keep], self.step[keep] - first
        return Raster(*events, self.n_patterns, self.n_neurons, last - first)

    def take(self, patterns) -> "Raster":
        """The rasters of some patterns, one after another."""
        events = [(part.neuron, part.step) for part in map(self.select, patterns)]
        return Raster.from_events(events, self.n_neurons, self.n_steps)
