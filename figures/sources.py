"""Where the tables of a folder come from: their sidecars, what failed, and what it all took."""

import json
import shlex
from pathlib import Path

import pandas as pd

from brianmem import schemas, tables
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


def sidecars(folder: Path) -> dict[str, dict]:
    """The sidecars of the folder's tables by the table's name; {} for one that cannot be read."""
    found = {}
    for path in sorted(folder.glob("*.csv")):
        try:
            sidecar = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            sidecar = {}
        found[path.stem] = sidecar if isinstance(sidecar, dict) else {}
    return found


def command(sidecar: dict, folder: Path) -> str | None:
    """The command that makes a table; None if no protocol made it."""
    if "protocol" not in sidecar or "grid" not in sidecar:
        return None
    options = [("--grid", sidecar["grid"])]
    options += [("--set", setting) for setting in sidecar.get("settings") or []]
    options += [("--seed", sidecar["seed"])] if sidecar.get("seed") else []
    given = sidecar.get("options") or {}
    options += [(f"--{name}", value) for name, value in given.items() if value is not None]
    source = (sidecar.get("equations") or {}).get("source")
    options += [("--equations", source)] if source else []
    options += [("--backend", sidecar.get("backend")), ("--out", folder)]
    lines = [shlex.join([name, str(value)]) for name, value in options]
    return " \\\n  ".join([f"python -m {shlex.quote(str(sidecar['protocol']))}", *lines])


def _value(value) -> str:
    return "auto" if value is None else str(value)


def grid(sidecar: dict) -> list[list[tuple[str, str]]]:
    """The values of each block of the grid by name, as text."""
    return [
        [(name, ", ".join(map(_value, values))) for name, values in block.items()]
        for block in sidecar.get("blocks") or []
    ]


def software(found: dict[str, dict]) -> list[dict]:
    """Versions, commit, compiler and platform, and the tables that were made with them."""
    kinds = {}
    for name, sidecar in found.items():
        if "versions" not in sidecar:
            continue
        clean = {True: "", False: ", with changes"}.get(sidecar.get("git_clean"), "")
        what = {
            "commit": f"{sidecar.get('git_commit') or 'unknown'}{clean}",
            "versions": ", ".join(f"{k} {v}" for k, v in sidecar["versions"].items() if v),
            "compiler": sidecar.get("compiler") or "none",
            "platform": sidecar.get("platform") or "unknown",
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
    task = json.loads(configuration)
    sizes = task.get("n_neurons") in (400, 800, 1600) and task["correlation"] == 0
    return sizes and task["rule"] in FIG_4_RULES and task["kappa"] in (2, 3)


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
