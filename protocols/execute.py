"""Run tasks on one or several processes, in order, with progress on standard error."""

import json
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
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
    results = (_in_workers if jobs > 1 else _in_this_process)(run_task, tasks, jobs)
    outcomes, said = [], set()
    try:
        for outcome in _with_progress(results, len(tasks), label):
            outcomes.append(outcome)
            for message in outcome.warnings:
                if message not in said:
                    said.add(message)
                    tqdm.write(f"warning: {message}", file=sys.stderr)
    except KeyboardInterrupt:
        warnings.simplefilter("ignore")  # joblib's, about the workers that it ends
        results.close()
        raise KeyboardInterrupt("no table was written") from None
    return outcomes


@contextmanager
def interrupt_put_off():
    """Let Ctrl-C wait until the block is done, so that it does not leave half of the tables."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _in_this_process(run_task: Callable, tasks: list, jobs: int) -> Generator:
    """Run the tasks one after another, and lose no Ctrl-C.

    Python drops a KeyboardInterrupt that falls into a destructor, with a message; Brian2 spends
    some of its time in them.
    """
    interrupted = False

    def interrupt(number, frame):
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    handler, hook = signal.signal(signal.SIGINT, interrupt), sys.unraisablehook
    sys.unraisablehook = lambda dropped: None if interrupted else hook(dropped)
    try:
        for task in tasks:
            outcome = _run(run_task, task)
            if interrupted:
                raise KeyboardInterrupt
            yield outcome
    finally:
        signal.signal(signal.SIGINT, handler)
        sys.unraisablehook = hook


def _in_workers(run_task: Callable, tasks: list, jobs: int) -> Generator:
    """Start worker processes that leave Ctrl-C, which reaches every process, to this one."""
    # Workers that are ended in their first moments leave semaphores for another one to report.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited by what starts now
    try:
        pool = Parallel(n_jobs=jobs, return_as="generator")
        return pool(delayed(_run_in_worker)(run_task, task) for task in tasks)
    finally:
        signal.signal(signal.SIGINT, handler)


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Brian2 sets a handler when it is imported
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
