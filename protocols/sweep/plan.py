"""What a sweep will cost, before it starts: time, and whether its workers fit into memory."""

import heapq
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from brianmem.errors import InputError

PROCESS_MB = 400.0  # a process with Brian2 in it
COMPILER_MB = 350.0  # g++ beside it
# cgroup v2 and v1: the limit and the use of what holds this process, a container or a SLURM job.
_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)


@dataclass(frozen=True)
class Estimate:
    """What a task is expected to take on one core, rightly to within a factor of three or so.

    Attributes
    ----------
    seconds : wall-clock time
    memory_mb : largest memory of its process
    """

    seconds: float
    memory_mb: float


def calibrated(estimates: Sequence[Estimate], measured: dict[int, float]) -> list[Estimate]:
    """Estimates with their times scaled by what tasks took that are done.

    Parameters
    ----------
    estimates : one per task
    measured : seconds by number of the task
    """
    ratios = [measured[i] / estimates[i].seconds for i in measured if estimates[i].seconds > 0]
    factor = statistics.median(ratios) if ratios else 1.0
    return [Estimate(e.seconds * factor, e.memory_mb) for e in estimates]


def total_seconds(estimates: Sequence[Estimate], n_processes: int) -> float:
    """Time of all tasks on so many processes; the longest task is a lower bound."""
    seconds = [e.seconds for e in estimates]
    return max(sum(seconds) / n_processes, max(seconds, default=0.0))


def longest_first(estimates: Sequence[Estimate], n_processes: int) -> list[int]:
    """An order of tasks in which those come first that the others would wait for in the end.

    They take more than a tenth of what a process has to do. All others stay as they are.
    """
    seconds = [e.seconds for e in estimates]
    long = sum(seconds) / n_processes / 10
    return sorted(range(len(seconds)), key=lambda i: -seconds[i] if seconds[i] > long else 0.0)


def check_memory(estimates: Sequence[Estimate], n_processes: int) -> None:
    """Raise InputError if the largest tasks that may run at once do not fit into free memory."""
    largest = heapq.nlargest(n_processes, (e.memory_mb for e in estimates))
    needed, free = sum(largest), free_memory_mb()
    if needed <= free:
        return
    fitting = sum(sum(largest[: n + 1]) <= free for n in range(len(largest)))
    advice = f"use --jobs {fitting}" if fitting else "a single task is too large"
    raise InputError(
        f"{len(largest)} tasks at once need about {needed / 1024:.1f} GB of memory and "
        f"{free / 1024:.1f} GB are free: {advice}"
    )


def free_memory_mb() -> float:
    """Memory that can be used without swapping, within the limit of a container or job."""
    free = psutil.virtual_memory().available
    for limit, used in _LIMITS:
        try:
            free = min(free, int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):
            continue  # not there, or "max"
    return free / 2**20
