"""A task on its way to a worker, and what the worker does with it."""

import gc
import hashlib
import json
import resource
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController

from brianmem.errors import CapacityWarning, InputError, reason
from brianmem.tables import Schema
from protocols.sweep.code import code_version
from protocols.sweep.parts import Part, PartStore, as_columns

# Brian2 keeps its settings in globals: a worker with several threads computes one task at a time.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Work:
    """A task with all that is needed to compute it anywhere.

    Attributes
    ----------
    key : hash of the protocol, its code, the contents of its input files and the configuration
    task : frozen dataclass
    run_task : task -> rows by table name; pure, and known by its name in an importable module
    schemas : of the tables
    code : version of the code behind run_task
    """

    key: str
    task: Any
    run_task: Callable[[Any], dict[str, list[dict]]]
    schemas: tuple[Schema, ...]
    code: str


def configuration(task) -> dict:
    """All of a task's parameters; of edited equations the texts, not the file they come from."""
    values = asdict(task)
    if values.get("model") is None:
        values.pop("model", None)
    else:
        del values["model"]["source"]
    return values


def make_work(name: str, run_task: Callable, schemas, task, inputs: dict[str, str]) -> Work:
    """Give a task its key. `inputs` are hashes of the files that the tasks read, by option."""
    code = code_version(run_task.__module__)
    identity = json.dumps([name, code, inputs, configuration(task)], sort_keys=True)
    key = hashlib.sha256(identity.encode()).hexdigest()[:32]
    return Work(key, task, run_task, schemas, code)


def compute(work: Work) -> Part:
    """Run a task; what it raises becomes the part's error.

    Raises InputError if this worker has other code than who sent the task.
    """
    if code_version(work.run_task.__module__) != work.code:
        raise InputError(
            "a worker has another version of the code or of its libraries, or lacks rules that "
            "were added to the package's: these run with --jobs 0"
        )
    _freeze_what_was_imported(len(sys.modules))
    begin = time.perf_counter()
    tables, error = {}, None
    # One thread: sums in linear algebra, and so spikes, must not depend on the number of workers.
    one_thread = _threads(len(sys.modules)).limit(limits=1)
    with _ONE_AT_A_TIME, warnings.catch_warnings(record=True) as caught, one_thread:
        warnings.simplefilter("always", CapacityWarning)
        try:
            tables = as_columns(work.schemas, work.run_task(work.task))
        except Exception as raised:
            error = _describe(raised)
    return Part(
        work.key,
        tables,
        [str(w.message) for w in caught if issubclass(w.category, CapacityWarning)],
        round(time.perf_counter() - begin, 4),
        round(_peak_memory_mb(), 1),
        error,
    )


@lru_cache(maxsize=1)
def _freeze_what_was_imported(n_modules: int) -> None:
    """Brian2 collects garbage before every run: a tenth of a second, most of it for modules.

    Again after an import: a task that compiles brings all of Cython along.
    """
    gc.collect()
    gc.freeze()


@lru_cache(maxsize=1)
def _threads(n_modules: int) -> ThreadpoolController:
    """Looks for the libraries that are loaded, which takes milliseconds: again after an import."""
    return ThreadpoolController()


def compute_and_keep(work: Work, store: PartStore) -> Part:
    """Run a task and write its part, unless another sweep has meanwhile; return it without tables.

    Raises InputError if the part cannot be written.
    """
    part = store.read(work.key)
    if part is None or part.error is not None:
        part = compute(work)
        store.write(part)
    return replace(part, tables={})


def _describe(error: Exception) -> dict[str, str]:
    return {
        "error": type(error).__name__,
        "message": reason(error),
        "traceback": traceback.format_exc(),
    }


def _peak_memory_mb() -> float:
    used = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss for who in used) / 1024
