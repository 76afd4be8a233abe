"""Where the tables of a folder come from: their sidecars, what failed, and what it all took."""

import json
import shlex
from pathlib import Path

import pandas as pd

from brianmem import schemas, sidecar, tables
from brianmem.errors import InputError
from brianmem.tables import Schema
from brianmem.terminal import duration

RAW = {
    value.name: value
    for value in vars(schemas).values()
    if isinstance(value, Schema)
    and value not in (schemas.TIMINGS, schemas.ERRORS, schemas.COMPARISON)
}


def present(folder: Path) -> list[str]:
    """Names of the protocols' tables that are there, in the order of their schemas."""
    return [name for name in RAW if (folder / f"{name}.csv").exists()]


def sidecars(folder: Path, problems: list[str]) -> dict[str, dict]:
    """The sidecars of the folder's tables by the table's name; {} for one that cannot be used.

    Why it cannot is added to the problems, if it is there.
    """
    found = {}
    for path in sorted(folder.glob("*.csv")):
        found[path.stem] = {}
        try:
            found[path.stem] = sidecar.read(path)
        except InputError as error:
            if sidecar.beside(path).exists():
                problems.append(str(error))
    return found


def command(made: dict, folder: Path) -> str | None:
    """The command that makes a table; None if no protocol made it."""
    if "protocol" not in made or "grid" not in made:
        return None
    options = [("--grid", made["grid"])]
    options += [("--set", setting) for setting in made.get("settings") or []]
    options += [("--seed", made["seed"])] if made.get("seed") else []
    given = made.get("options") or {}
    options += [(f"--{name}", value) for name, value in given.items() if value is not None]
    source = (made.get("equations") or {}).get("source")
    options += [("--equations", source)] if source else []
    options += [("--backend", made.get("backend")), ("--out", folder)]
    lines = [shlex.join([name, str(value)]) for name, value in options]
    return " \\\n  ".join([f"python -m {shlex.quote(str(made['protocol']))}", *lines])


def _value(value) -> str:
    return "auto" if value is None else str(value)


def grid(made: dict) -> list[list[tuple[str, str]]]:
    """The values of each block of the grid by name, as text."""
    return [
        [(name, ", ".join(map(_value, values))) for name, values in block.items()]
        for block in made.get("blocks") or []
    ]


def software(found: dict[str, dict]) -> list[dict]:
    """Versions, commit, compiler and platform, and the tables that were made with them."""
    kinds = {}
    for name, made in found.items():
        if "versions" not in made:
            continue
        clean = {True: "", False: ", with changes"}.get(made.get("git_clean"), "")
        what = {
            "commit": f"{made.get('git_commit') or 'unknown'}{clean}",
            "versions": ", ".join(f"{k} {v}" for k, v in made["versions"].items() if v),
            "compiler": made.get("compiler") or "none",
            "platform": made.get("platform") or "unknown",
        }
        kinds.setdefault(tuple(what.items()), []).append(name)
    return [dict(what) | {"tables": names} for what, names in kinds.items()]


def failed_tasks(folder: Path) -> pd.DataFrame | None:
    """The table of errors; None if there is none. Raises InputError if it cannot be read."""
    return _read(schemas.ERRORS, folder)


def timings(folder: Path) -> pd.DataFrame:
    """What each task took; no row if there is no such table."""
    found = _read(schemas.TIMINGS, folder)
    return tables.from_rows(schemas.TIMINGS, []) if found is None else found


def times(folder: Path) -> pd.DataFrame | None:
    """Tasks, their time and memory, by protocol; None if nothing was timed."""
    tasks = timings(folder)
    if not len(tasks):
        return None
    rows = [_row(name, own) for name, own in tasks.groupby("protocol")]
    of_paper = tasks[tasks["protocol"].isin(FIG_4_PROTOCOLS)]
    of_paper = of_paper[of_paper["configuration"].map(_is_of_fig_4).astype(bool)]
    if len(of_paper):
        rows.append(_row(FIG_4, of_paper))
    return pd.DataFrame([*rows, _row("all", tasks)])


FIG_4 = "of these, Figs. 4b to 4d of the low-rank paper, N = 400, 800, 1600"
FIG_4_PROTOCOLS = ("lowrank.capacity", "lowrank.completion")
FIG_4_RULES = ("pseudo_inverse", "pseudo_inverse_zeroed", "optimised")


def _is_of_fig_4(configuration: str) -> bool:
    """Whether a task belongs to these: the paper's rules and sizes at one rate."""
    task = parameters(configuration)
    sizes = task.get("n_neurons") in (400, 800, 1600) and task.get("correlation") == 0
    return sizes and task.get("rule") in FIG_4_RULES and task.get("kappa") in (2, 3)


def parameters(configuration: str) -> dict:
    """Those of a task, from a cell of a table. Raises InputError for any other text."""
    try:
        found = json.loads(configuration)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"the configuration of a task is '{configuration[:40]}'")
    return found


def _row(name: str, tasks: pd.DataFrame) -> dict:
    return {
        "protocol": name,
        "tasks": len(tasks),
        "failed": int(tasks["failed"].sum()),
        "CPU seconds": round(float(tasks["seconds"].sum()), 1),
        "in words": duration(float(tasks["seconds"].sum())),
        "longest task": duration(float(tasks["seconds"].max())),
        "largest memory (MB)": round(float(tasks["peak_memory_mb"].max())),
    }


def _read(schema: Schema, folder: Path) -> pd.DataFrame | None:
    return tables.read(schema, folder) if (folder / f"{schema.name}.csv").exists() else None
