"""Where tasks are computed: in this process, in others on this machine, or on a Dask cluster.

Each function yields parts without their tables, in the order in which tasks end; the tables are in
the store by then.
"""

import logging
import os
import pickle
import signal
import sys
import threading
import time
import warnings
from collections.abc import Generator
from dataclasses import replace
from functools import cache
from pathlib import Path

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from brianmem import gpu
from brianmem.environment import handled
from brianmem.errors import InputError
from brianmem.progress import say
from protocols.sweep import running
from protocols.sweep.parts import Part, PartStore
from protocols.sweep.progress import every_second
from protocols.sweep.work import Work, compute, compute_and_keep

PAUSE = 1.0  # seconds between looks at whoever gave out the tasks
DIED = {
    "error": "WorkerDied",
    "message": "the task ended its process: out of memory, or a crash in compiled code",
    "traceback": "none",
}


def in_this_process(works: list[Work], store: PartStore) -> Generator[Part]:
    """Compute one task after another, and lose no Ctrl-C.

    Python drops a KeyboardInterrupt that falls into a destructor, with a message; Brian2 spends
    some of its time in them.
    """
    interrupted = False

    def interrupt(number, frame):
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    hook = sys.unraisablehook
    sys.unraisablehook = lambda dropped: None if interrupted else hook(dropped)
    try:
        with handled(signal.SIGINT, interrupt), running.watched() as folder:
            for work in works:
                part = _compute(work, store, folder)
                if interrupted:
                    raise KeyboardInterrupt
                (folder / work.key).unlink(missing_ok=True)
                yield part
    finally:
        sys.unraisablehook = hook


def in_processes(works: list[Work], store: PartStore, n_processes: int) -> Generator[Part]:
    """Compute on several processes of this machine.

    A process that dies takes the others with it. Those tasks that were being computed then are
    tried again one by one, and the one that kills its process a second time has failed.

    Raises InputError if processes die before they begin a task.
    """
    waiting = {work.key: work for work in works}
    try:
        while waiting:
            with running.watched() as begun:
                try:
                    for part in _pool(list(waiting.values()), store, n_processes, begun):
                        del waiting[part.key]
                        (begun / part.key).unlink(missing_ok=True)
                        yield part
                except TerminatedWorkerError:
                    suspects = [waiting[p.name] for p in begun.iterdir() if p.name in waiting]
                    if not suspects:
                        raise InputError("worker processes die before they begin a task") from None
                    for work in suspects:
                        del waiting[work.key]
                        yield _alone(work, store)
    finally:
        # What ends the sweep, an error of one task or Ctrl-C, kills others in the middle of a file.
        store.tidy()


def _alone(work: Work, store: PartStore) -> Part:
    with running.watched() as begun:
        try:
            [part] = _pool([work], store, 1, begun)
        except TerminatedWorkerError:
            part = Part(work.key, {}, error=DIED)
            store.write(part)
    return part


def _pool(works: list[Work], store: PartStore, n_processes: int, begun: Path) -> Generator[Part]:
    """Start processes that leave Ctrl-C, which reaches every process, to this one."""
    # Workers that are ended in their first moments leave semaphores for another one to report, and
    # those that have grown are replaced by new ones. Neither is the user's concern.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor")
    with handled(signal.SIGINT, signal.SIG_IGN):  # inherited by what starts now
        pool = Parallel(
            # For a single job joblib would start no process. One of two is busy at a time instead.
            n_jobs=max(2, n_processes),
            pre_dispatch=1 if n_processes == 1 else "2*n_jobs",
            batch_size=1 if n_processes == 1 else "auto",
            backend="loky",
            return_as="generator_unordered",
        )
        return pool(
            delayed(_in_process)(pickle.dumps(work), store, begun, n_processes) for work in works
        )


@cache
def _end_with(parent: int) -> None:
    """Watch from a thread whether the process that gives out the tasks is still there.

    A worker of one that was killed would wait for minutes, and hold its streams open.
    """

    def watch():
        while os.getppid() == parent:
            time.sleep(PAUSE)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _in_process(pickled: bytes, store: PartStore, begun: Path, n_processes: int) -> Part:
    _end_with(os.getppid())
    # With the work comes Brian2, whose import sets a handler that calls the one before.
    signal.signal(signal.SIGINT, lambda *_: None)
    work = pickle.loads(pickled)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for the programs that it starts, too
    gpu.share(n_processes)
    return _compute(work, store, begun)


def _compute(work: Work, store: PartStore, begun: Path) -> Part:
    with running.begun(begun / work.key):
        return compute_and_keep(work, store)


def on_cluster(works: list[Work], store: PartStore, address: str) -> Generator[Part]:
    """Compute on the workers of a Dask cluster; parts are written here, by this process.

    Raises InputError if there is no scheduler at this address, or no longer, or dask.distributed is
    missing.
    """
    try:
        from dask.distributed import Client
    except ImportError:
        raise InputError(
            "--scheduler needs dask.distributed: pip install 'brianmem[cluster]'"
        ) from None
    # What goes wrong with the cluster is said in one sentence.
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address} ({error})") from None
    with client, every_second(_Workers(client, address).look):
        suspects = []
        for work, part in _computed(client, works):
            if part is None:
                suspects.append(work)
            else:
                yield _keep(part, store)
        # Dask gives up all tasks that a worker held when it died; but one is to blame.
        for suspect in suspects:
            [(_, part)] = _computed(client, [suspect])
            yield _keep(part or Part(suspect.key, {}, error=DIED), store)


class _Workers:
    """Says when a cluster has no workers, yet or any more: nothing else would."""

    def __init__(self, client, address: str):
        self.client, self.address, self.n_before = client, address, 1

    def look(self) -> None:
        n_workers = len(self.client.scheduler_info()["workers"])
        if self.n_before and not n_workers:
            say(f"{self.address} has no workers: waiting (Ctrl-C ends, and what is done is kept)")
        self.n_before = n_workers


def _computed(client, works: list[Work]) -> Generator[tuple[Work, Part | None]]:
    """Works and their parts as they end, None where the workers died that tried."""
    from dask.distributed import CancelledError, KilledWorker, as_completed
    from distributed.comm import CommClosedError

    futures = client.map(compute, works, pure=False)
    by_key = {future.key: work for future, work in zip(futures, works, strict=True)}
    try:
        for future in as_completed(futures, loop=client.loop):
            died = isinstance(future.exception(), KilledWorker)
            yield by_key[future.key], None if died else future.result()
            future.release()
    except (CancelledError, CommClosedError):  # before the result was here, or in the middle of it
        raise InputError(
            "the Dask scheduler is gone: start another one, and the same command goes on"
        ) from None
    finally:
        client.cancel(futures)


def _keep(part: Part, store: PartStore) -> Part:
    store.write(part)
    return replace(part, tables={})
