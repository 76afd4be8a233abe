"""Where tasks are computed: in this process, in others on this machine, or on a Dask cluster.

Each function yields parts without their tables, in the order in which tasks end; the tables are in
the store by then.
"""

import logging
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from brianmem import gpu
from brianmem.errors import InputError
from protocols.sweep import running
from protocols.sweep.parts import Part, PartStore
from protocols.sweep.work import Work, compute, compute_and_keep

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

    handler, hook = signal.signal(signal.SIGINT, interrupt), sys.unraisablehook
    sys.unraisablehook = lambda dropped: None if interrupted else hook(dropped)
    try:
        with running.watched() as folder:
            for work in works:
                part = _compute(work, store, folder)
                if interrupted:
                    raise KeyboardInterrupt
                (folder / work.key).unlink(missing_ok=True)
                yield part
    finally:
        signal.signal(signal.SIGINT, handler)
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
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited by what starts now
    try:
        pool = Parallel(
            # For a single job joblib would start no process. One of two is busy at a time instead.
            n_jobs=max(2, n_processes),
            pre_dispatch=1 if n_processes == 1 else "2*n_jobs",
            batch_size=1 if n_processes == 1 else "auto",
            backend="loky",
            return_as="generator_unordered",
        )
        parts = pool(
            delayed(_in_process)(pickle.dumps(work), store, begun, n_processes) for work in works
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    return parts


def _in_process(pickled: bytes, store: PartStore, begun: Path, n_processes: int) -> Part:
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
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address} ({error})") from None
    with client:
        if not client.scheduler_info()["workers"]:
            print(f"{address} has no workers yet: waiting", file=sys.stderr, flush=True)
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
