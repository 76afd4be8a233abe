"""What a simulator is given, and what it gives back: two files."""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np


class Record:
    """A dataclass of arrays and numbers that can be written and read."""

    def save(self, path: str | Path) -> None:
        np.savez(path, **asdict(self))

    @classmethod
    def load(cls, path: str | Path):
        with np.load(path) as arrays:
            return cls(**{name: arrays[name][()] for name in arrays.files})


@dataclass(frozen=True)
class Case(Record):
    """Recalls of a delay network.

    Attributes
    ----------
    row, post, value : weights as a csr array (N D, N), rows (pre, delay - 1), columns post; or, if
        `row` is empty, `value` is the array (N, D, N)
    pattern, neuron, step : spikes of the cues
    n_neurons, n_delays, n_patterns, n_cue_steps, n_steps : N, D, M, length of a cue and of a recall
    beta, threshold : decay per step, theta
    """

    row: np.ndarray
    post: np.ndarray
    value: np.ndarray
    pattern: np.ndarray
    neuron: np.ndarray
    step: np.ndarray
    n_neurons: int
    n_delays: int
    n_patterns: int
    n_cue_steps: int
    n_steps: int
    beta: float
    threshold: float

    @property
    def dense(self) -> bool:
        return self.row.size == 0

    def synapses(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """post, pre, delay in steps, weight: shape (n_synapses,) each."""
        if self.dense:
            pre, delay, post = np.nonzero(self.value)
            return post, pre, delay + 1, self.value[pre, delay, post].astype(float)
        row = np.repeat(np.arange(len(self.row) - 1), np.diff(self.row))
        pre, delay = np.divmod(row, self.n_delays)
        return self.post, pre, delay + 1, self.value.astype(float)

    def weights(self) -> np.ndarray:
        """W[post, pre, delay - 1], float32, as the equation has it."""
        weights = np.zeros((self.n_neurons, self.n_neurons, self.n_delays), dtype=np.float32)
        post, pre, delay, value = self.synapses()
        weights[post, pre, delay - 1] = value
        return weights


@dataclass
class Result(Record):
    """What a simulator did.

    Attributes
    ----------
    pattern, neuron, step : its spikes
    seconds : processor time of the loop over steps, once or several times
    setup_seconds : from weights in memory to the first step
    import_mb, peak_mb : memory of the process after imports, and at most
    program_mb : the same of a compiled program, if there is one
    version : of the simulator
    """

    pattern: np.ndarray
    neuron: np.ndarray
    step: np.ndarray
    seconds: np.ndarray
    setup_seconds: float
    version: str
    program_mb: float = float("nan")
    import_mb: float = field(default=float("nan"))
    peak_mb: float = field(default=float("nan"))

    def spikes(self) -> np.ndarray:
        """Rows pattern, step, neuron, in this order; shape (n_spikes, 3)."""
        spikes = np.stack([self.pattern, self.step, self.neuron], axis=1).astype(np.int64)
        return spikes[np.lexsort(spikes.T[::-1])]


def serve(recall: Callable[..., Result]) -> None:
    """Read the case that the command line names, recall, and write the result."""
    case_path, result_path, *how = sys.argv[1:]
    before = memory_mb("VmRSS")
    result = recall(Case.load(case_path), *how)
    result.import_mb, result.peak_mb = before, memory_mb("VmHWM")
    result.save(result_path)


def memory_mb(key: str) -> float:
    """Of this process: VmRSS for now, VmHWM for the most so far, in units of 2^20 bytes."""
    # Not getrusage: its peak begins with the memory of the process that started this one.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no {key}")


def cpu_seconds() -> float:
    """Processor time of this process and of what it started and waited for.

    On a core that is shared with others, this is what can be compared, not the time on the wall;
    and it is what Brian2's programs tell.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Stopwatch:
    """Processor seconds since it was made, or asked last."""

    def __init__(self):
        self.last = cpu_seconds()

    def lap(self) -> float:
        last, self.last = self.last, cpu_seconds()
        return self.last - last
