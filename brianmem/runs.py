"""Runs of protocols: what tells one from another, where each lies, and which there are."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from brianmem import schemas, sidecar, tables
from brianmem.compiled.cache import digest
from brianmem.errors import InputError
from brianmem.terminal import duration

# What two runs of one protocol may differ in; backend, versions and code change no table's place.
SETTINGS = ("protocol", "grid", "settings", "seed", "options", "equations")
GRID = {"grid", "settings", "seed"}  # of these, what a grid's tasks follow from
LONGEST_NAME = 120  # characters of settings in a folder's name


def default_folder(made: dict) -> Path:
    """Where the tables of a run go if nobody says so: each run with changes has its own place.

    Parameters
    ----------
    made : SETTINGS, as in a sidecar
    """
    source = _source(made)
    given = {name: value for name, value in made["options"].items() if value is not None}
    changes = [*map(_plain, made["settings"])]
    changes += [f"{name}={Path(value).name}" for name, value in given.items()]
    changes += [f"seed={made['seed']}"] if made["seed"] else []
    changes += [f"equations={Path(source).stem}"] if source else []
    if not changes:
        return Path("results", made["grid"], "tables")
    changes += [] if made["grid"] == "smoke" else [f"grid={made['grid']}"]
    readable = re.sub(r"[^\w.,=+-]+", "_", "-".join(changes))[:LONGEST_NAME]
    name = f"{made['protocol'].removeprefix('protocols.')}-{readable}"
    return Path("results", "runs", f"{name}-{digest(json.dumps(_identity(made)))[:6]}", "tables")


def check_replaced(table: Path, made: dict, holds: Callable[[dict], bool]) -> None:
    """Raise InputError if a table is there that is another run's, or nobody knows whose.

    Parameters
    ----------
    made : SETTINGS and inputs of the run that would replace it
    holds : whether the new run holds all tasks of a sidecar's: nothing is lost then
    """
    if not table.exists():
        return
    there = sidecar.read(table)
    ours, theirs = (_identity(run) | {"inputs": run.get("inputs")} for run in (made, there))
    differ = [key for key in ours if ours[key] != theirs[key]]
    if differ and not (set(differ) <= GRID and holds(there)):
        key = next((key for key in differ if key not in GRID), differ[0])
        raise InputError(
            f"{table} is the table of another run, with {key} {_text(theirs[key])} where this one "
            f"has {_text(ours[key])}: name another folder with --out, or remove that table"
        )


def _identity(made: dict) -> dict:
    """Of a run, by SETTINGS; of a file's equations the texts, and nothing of the built-in ones."""
    identity = {key: made.get(key) for key in SETTINGS}
    settings = dict(_plain(setting).split("=", 1) for setting in made.get("settings") or [])
    identity["settings"] = [f"{name}={value}" for name, value in sorted(settings.items())]
    identity["options"] = {k: v for k, v in (made.get("options") or {}).items() if v is not None}
    texts = {k: v for k, v in (made.get("equations") or {}).items() if k != "source"}
    identity["equations"] = texts if _source(made) else None
    return identity


def _source(made: dict) -> str | None:
    """The file of a run's equations; None for the built-in ones."""
    return (made.get("equations") or {}).get("source")


def _plain(setting: str) -> str:
    """NAME=VALUE,... however it is typed: without spaces, and numbers as Python writes them."""
    name, _, values = setting.partition("=")
    return f"{name.strip()}={','.join(map(_plain_value, values.split(',')))}"


def _plain_value(text: str) -> str:
    try:
        return f"{float(text):g}" if float(f"{float(text):g}") == float(text) else text.strip()
    except ValueError:
        return text.strip()


def _text(value) -> str:
    return json.dumps(value) if value else "none"


@dataclass(frozen=True)
class Run:
    """A protocol's run, by its main table.

    Attributes
    ----------
    table : the CSV
    made : its sidecar
    """

    table: Path
    made: dict

    @property
    def protocol(self) -> str:
        return self.made["protocol"].removeprefix("protocols.")

    @property
    def changes(self) -> str:
        """What differs from the grid as it is; empty for nothing."""
        identity = _identity(self.made)
        texts = [*identity["settings"]]
        texts += [f"{name}={value}" for name, value in identity["options"].items()]
        texts += [f"seed={identity['seed']}"] if identity["seed"] else []
        source = _source(self.made)
        return " ".join(texts + ([f"equations={source}"] if source else []))

    @property
    def seconds(self) -> float | None:
        """Of computing, of all tasks together; None if it is not known."""
        try:
            timings = tables.read_as_it_is(schemas.TIMINGS, self.table.with_name("timings.csv"))
        except InputError:
            return None
        return float(timings.loc[timings["protocol"] == self.protocol, "seconds"].sum())

    def scores(self) -> pd.Series:
        """The mean of each column of numbers that is not a column of the grid."""
        try:
            table = pd.read_csv(self.table)
        except (OSError, ValueError, OverflowError) as error:
            raise InputError(f"cannot read {self.table}: {error}") from None
        given = {name for block in self.made.get("blocks") or [] for name in block}
        numbers = table.select_dtypes(["number", "bool"])
        return numbers[[name for name in numbers if name not in given]].mean()


def find(root: Path) -> list[Run]:
    """The runs in a folder and those in it, by folder and protocol."""
    found = []
    for path in sorted(Path(root).rglob("*.csv")):
        if sidecar.beside(path).exists():
            try:
                run = opened(path)
            except InputError:  # of an analysis, or nobody's
                continue
            if run.protocol.replace(".", "_") == path.stem:
                found.append(run)
    return found


def opened(table: Path) -> Run:
    """The run behind a table. Raises InputError if no protocol made it."""
    made = sidecar.read(Path(table))
    if "protocol" not in made:
        raise InputError(f"{table} was not made by a protocol")
    return Run(Path(table), made)


def listed(runs: list[Run]) -> pd.DataFrame:
    """A row for each run, as `brianmem list` shows it."""
    return pd.DataFrame(
        [
            {
                "protocol": run.protocol,
                "grid": run.made.get("grid"),
                "changes": run.changes or "none",
                "rows": run.made.get("n_rows"),
                "failed": run.made.get("failed_tasks"),
                "computed": "" if run.seconds is None else duration(run.seconds),
                "written": datetime.fromtimestamp(run.table.stat().st_mtime).isoformat(
                    " ", "minutes"
                ),
                "table": str(run.table),
            }
            for run in runs
        ]
    )


def described(run: Run) -> pd.Series:
    """What the sidecar of a run says, and the means of its columns, by name."""
    blocks = run.made.get("blocks") or []
    about = listed([run]).iloc[0].to_dict() | _versions(run)
    for number, block in enumerate(blocks, 1):
        within = f"block {number}: " if len(blocks) > 1 else ""
        about |= {f"{within}{name}": ", ".join(map(str, values)) for name, values in block.items()}
    return pd.Series(about | {f"mean {name}": value for name, value in run.scores().items()})


def compared(one: Run, other: Run) -> pd.DataFrame:
    """In what two runs differ: settings, versions, and the means of their columns, side by side."""
    about = [_identity(run.made) | _versions(run) | _grid(run) for run in (one, other)]
    names = [name for name in {**about[0], **about[1]} if name != "settings"]
    rows = {
        name: [about[0].get(name), about[1].get(name)]
        for name in names
        if about[0].get(name) != about[1].get(name)
    }
    scores = [run.scores() for run in (one, other)]
    for name in dict.fromkeys([*scores[0].index, *scores[1].index]):
        rows[f"mean {name}"] = [series.get(name) for series in scores]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["one", "other"])


def _versions(run: Run) -> dict:
    named = run.made.get("versions") or {}
    return {"commit": run.made.get("git_commit"), **named, "code": run.made.get("code")}


def _grid(run: Run) -> dict:
    """The values of each column of the grid, over all blocks."""
    values: dict[str, list] = {}
    for block in run.made.get("blocks") or []:
        for name, given in block.items():
            values.setdefault(name, []).extend(v for v in given if v not in values.get(name, []))
    return values
