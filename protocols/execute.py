"""Run tasks on one or several processes, in order, with progress on standard error."""

import json
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from brianmem.errors import CapacityWarning


@dataclass(frozen=True)
class Outcome:
    """What a task gave: rows by table name, warnings, and its cost."""

    rows: dict[str, list[dict]]
    warnings: list[str]
    seconds: float
    peak_memory_mb: float


def execute(run_task: Callable, tasks: list, jobs: int, label: str) -> list[Outcome]:
    """Outcomes in the order of the tasks, whatever the number of processes."""
    if jobs == 1:
        results = (_run(run_task, task) for task in tasks)
    else:
        pool = Parallel(n_jobs=jobs, return_as="generator")
        results = pool(delayed(_run_in_worker)(run_task, task) for task in tasks)
    outcomes, said = [], set()
    for outcome in _with_progress(results, len(tasks), label):
        outcomes.append(outcome)
        for message in outcome.warnings:
            if message not in said:
                said.add(message)
                tqdm.write(f"warning: {message}", file=sys.stderr)
    return outcomes


def configuration(task) -> str:
    """A task's own parameters as JSON, without the equations."""
    return json.dumps({name: value for name, value in asdict(task).items() if name != "model"})


def _run(run_task: Callable, task) -> Outcome:
    begin = time.perf_counter()
    # One thread: sums in linear algebra, and so spikes, must not depend on the number of workers.
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1):
        warnings.simplefilter("always", CapacityWarning)
        rows = run_task(task)
    peak = sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    messages = [str(w.message) for w in caught if issubclass(w.category, CapacityWarning)]
    return Outcome(rows, messages, time.perf_counter() - begin, peak / 1024)


def _run_in_worker(run_task: Callable, task) -> Outcome:
    # Ctrl-C reaches all processes; only the first one may act on it, and ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _run(run_task, task)


def _with_progress(results: Iterator, total: int, label: str) -> Iterator:
    if sys.stderr.isatty():
        yield from tqdm(results, total=total, desc=label, unit="task", file=sys.stderr)
        return
    begin = said = time.monotonic()
    for done, result in enumerate(results, 1):
        now = time.monotonic()
        if done == total or now - said > 5:
            print(
                f"{label}: {done}/{total} tasks, {now - begin:.0f} s", file=sys.stderr, flush=True
            )
            said = now
        yield result
