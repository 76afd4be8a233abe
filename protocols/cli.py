"""The command line that all protocols share."""

import argparse
import functools
import importlib
import json
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from brianmem import runs, tables
from brianmem.backends import check_backend, default_backend, lacks
from brianmem.equations import Model, load_model
from brianmem.errors import InputError
from brianmem.terminal import duration, guard
from protocols.options import parser
from protocols.protocol import Block, Protocol, make_tasks, resolve_grid
from protocols.sweep import plan, results, workers
from protocols.sweep.progress import say, with_progress
from protocols.sweep.sweep import Sweep
from protocols.sweep.work import Work, configuration

MOST_WARNINGS = 5  # a sweep beyond capacity has one for each network


def main(protocol: Protocol, argv: list[str] | None = None) -> int:
    """Run a protocol as its command line says, and return the exit status."""
    protocol = _as_imported(protocol)
    arguments = parser(protocol).parse_args(argv)
    return guard(f"protocols.{protocol.name}", lambda: run(protocol, arguments))


def _as_imported(protocol: Protocol) -> Protocol:
    """The protocol of the module that workers import; as a script it has another name."""
    if protocol.run_task.__module__ != "__main__":
        return protocol
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    # Under a profiler, or as a file, __main__ is something else than the module.
    for name in (getattr(spec, "name", None) or "__main__", f"protocols.{protocol.name}"):
        with suppress(ImportError, AttributeError):
            imported = importlib.import_module(name).PROTOCOL
            if imported.name == protocol.name:
                return imported
    return protocol


def run(protocol: Protocol, arguments: argparse.Namespace) -> int:
    """Run the grid and write its tables; return 1 if a task failed.

    Raises BrianmemError for bad input, before anything is written.
    """
    check_backend(arguments.backend)
    if arguments.backend == default_backend() == "numpy":
        say(f"note: NumPy runs the networks, slowly: this machine lacks {lacks('cython')}")
    blocks = resolve_grid(protocol, arguments.grid, arguments.seed, arguments.set)
    model = None
    if getattr(arguments, "equations", None) is not None:
        model = load_model(arguments.equations, protocol.default_model)
        protocol.check_model(model)
    inputs = {
        name: getattr(arguments, name)
        for name in protocol.options or {}
        if getattr(arguments, name) is not None
    }
    equations = model or protocol.default_model
    settings = {
        "protocol": f"protocols.{protocol.name}",
        "grid": arguments.grid,
        "settings": arguments.set,
        "seed": arguments.seed,
        "options": {name: getattr(arguments, name) for name in protocol.options or {}},
        "equations": equations and asdict(equations),
    }
    folder = arguments.out or runs.default_folder(settings)
    sweep = make_sweep(protocol, blocks, model, arguments.backend, inputs, folder)
    if arguments.dry_run:
        _print_plan(protocol, sweep, arguments.jobs)
        return 0
    with tables.new_folder(folder):
        results.check(folder)
        about = settings | {"inputs": sweep.inputs}
        table = folder / f"{protocol.schemas[0].name}.csv"
        runs.check_replaced(table, about, lambda made: _holds(protocol, sweep, made))
        return _run(protocol, arguments, sweep, folder, about | {"blocks": blocks})


def _holds(protocol: Protocol, sweep: Sweep, made: dict) -> bool:
    """Whether a sweep has all the tasks behind a table, by its sidecar: a grid that has grown."""
    first = sweep.works[0].task
    common = {name: getattr(first, name, None) for name in ("backend", "model")}
    try:
        blocks = [{name: tuple(values) for name, values in b.items()} for b in made["blocks"]]
        before = make_tasks(protocol, blocks, **common | (made.get("options") or {}))
    except (KeyError, TypeError):  # a grid of another version
        return False
    told = {json.dumps(configuration(work.task)) for work in sweep.works}
    return {json.dumps(configuration(task)) for task in before} <= told


def _run(
    protocol: Protocol, arguments: argparse.Namespace, sweep: Sweep, folder: Path, about: dict
) -> int:
    unfit = sweep.look()
    if unfit:
        say(f"{unfit} parts are damaged or of another schema and are computed again")
    if arguments.merge is not None:
        sweep.adopt(arguments.merge)
    else:
        compute(protocol, sweep, _chosen(sweep, arguments), arguments.jobs, arguments.scheduler)
    if arguments.shard is not None:
        done = len(sweep.works) - len(sweep.unfinished())
        print(f"{done} of {len(sweep.works)} tasks are done; --merge makes the tables of all")
        return results.report_failures(sweep)
    missing = sweep.unfinished()
    if missing:
        raise InputError(
            f"{len(missing)} of {len(sweep.works)} tasks have not been run yet, the first is "
            f"{json.dumps(configuration(missing[0].task))}"
        )
    # Enough for protocols.rerun to make the tables again.
    about |= {
        "backend": arguments.backend,
        "code": sweep.works[0].code,
        "tasks": len(sweep.works),
        "failed_tasks": len(sweep.failed()),
    }
    return results.write(sweep, folder, tables.software() | about)


def _chosen(sweep: Sweep, arguments: argparse.Namespace) -> list[Work]:
    """The tasks that this command is to compute."""
    if arguments.retry_failed:
        return sweep.failed()
    if arguments.shard is None:
        return sweep.unfinished()
    number, count = arguments.shard
    mine = {work.key for work in sweep.works[number - 1 :: count]}
    return [work for work in sweep.unfinished() if work.key in mine]


def make_sweep(
    protocol: Protocol,
    blocks: list[Block],
    model: Model | None,
    backend: str,
    inputs: dict[str, str],
    folder: Path,
) -> Sweep:
    """The sweep of a grid's blocks, all of its tasks checked.

    Raises InputError if a task cannot run.
    """
    options = dict.fromkeys(protocol.options or {}) | inputs
    tasks = make_tasks(protocol, blocks, backend=backend, model=model, **options)
    for task in tasks:
        try:
            protocol.check_task(task)
            protocol.estimate(task)
        except OverflowError:
            raise InputError(
                f"numbers are too large to compute with: {json.dumps(configuration(task))}"
            ) from None
    files = {name: protocol.options[name].files(value) for name, value in inputs.items()}
    return Sweep(protocol.name, protocol.run_task, protocol.schemas, tasks, folder, files)


def compute(
    protocol: Protocol, sweep: Sweep, works: list[Work], jobs: int, scheduler: str | None = None
) -> None:
    """Compute tasks, on this machine or on the cluster of a scheduler, with progress.

    Raises InputError if they would not fit into this machine's memory.
    """
    if not works:
        return
    n_done = len(sweep.works) - len(works)
    runner = _runner(sweep, min(jobs, len(works)), scheduler)
    if scheduler is None:
        estimates = [protocol.estimate(work.task) for work in works]
        plan.check_memory(estimates, max(jobs, 1))
        if jobs > 1:
            works = [works[i] for i in plan.longest_first(estimates, jobs)]
    said = set()
    parts = sweep.compute(runner, works)
    try:
        for part in with_progress(parts, len(works), n_done, protocol.name):
            for message in part.warnings:
                if message not in said and len(said) < MOST_WARNINGS:
                    say(f"warning: {message}")
                said.add(message)
    except KeyboardInterrupt:
        warnings.simplefilter("ignore")  # joblib's, about the workers that it ends
        parts.close()
        raise KeyboardInterrupt(
            f"{len(sweep.works) - len(sweep.unfinished())} of {len(sweep.works)} tasks are done "
            "and kept: the same command goes on from there"
        ) from None
    if len(said) > MOST_WARNINGS:
        say(f"and {len(said) - MOST_WARNINGS} more warnings like these")


def _runner(sweep: Sweep, jobs: int, scheduler: str | None) -> Callable:
    if scheduler is not None:
        return functools.partial(workers.on_cluster, store=sweep.store, address=scheduler)
    if jobs == 0:
        return functools.partial(workers.in_this_process, store=sweep.store)
    return functools.partial(workers.in_processes, store=sweep.store, n_processes=jobs)


def _print_plan(protocol: Protocol, sweep: Sweep, jobs: int) -> None:
    """List the tasks with their state and estimated cost, and what is left to do."""
    sweep.look()
    measured = {
        number: sweep.parts[work.key].seconds
        for number, work in enumerate(sweep.works)
        if work.key in sweep.parts and not sweep.parts[work.key].error
    }
    raw = [protocol.estimate(work.task) for work in sweep.works]
    estimates = plan.calibrated(raw, measured)
    print("task  state   seconds  memory/MB  configuration")
    for number, (work, estimate) in enumerate(zip(sweep.works, estimates, strict=True)):
        state = "to do"
        if work.key in sweep.parts:
            state = "failed" if sweep.parts[work.key].error else "done"
        print(
            f"{number:4d}  {state:6s}  {estimate.seconds:7.2g}  {estimate.memory_mb:9.0f}  "
            f"{json.dumps(configuration(work.task))}"
        )
    left = [e for e, w in zip(estimates, sweep.works, strict=True) if w.key not in sweep.parts]
    n_processes = max(jobs, 1)
    print(
        f"{len(left)} of {len(sweep.works)} tasks to do: about "
        f"{duration(plan.total_seconds(left, n_processes))} with {n_processes} processes"
    )
    plan.check_memory(left, n_processes)
