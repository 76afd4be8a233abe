"""Tables on disk: a CSV with the columns of a schema, and a JSON sidecar on how it was made."""

import hashlib
import importlib.metadata
import io
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from brianmem import sidecar
from brianmem.environment import compiler_words
from brianmem.errors import InputError
from brianmem.progress import say

SCHEMA_VERSION = 3
PACKAGES = (
    "brianmem",
    "brian2",
    "cython",
    "elephant",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "statsmodels",
)
ROUNDING = 1e-9
MOST_NAMED = 5  # columns in a message


@dataclass(frozen=True)
class Column:
    """Name, type (int, float, bool or str), unit, meaning and allowed values of a column.

    Attributes
    ----------
    optional : whether cells may be empty
    one_of : the allowed strings; () for any
    least, most : limits of numbers; None for no limit
    """

    name: str
    type: type
    unit: str
    meaning: str
    optional: bool = False
    one_of: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    @property
    def allowed(self) -> str:
        """The allowed values in words; "" if there is no limit."""
        if self.one_of:
            return ", ".join(self.one_of)
        if self.least is None and self.most is None:
            return ""
        if self.most is None:
            return f"at least {self.least:g}"
        return f"{self.least:g} to {self.most:g}"

    def check(self, values: pd.Series, place: str) -> None:
        """Raise InputError unless the values have this column's type and are allowed."""
        if not self.optional and values.isna().any():
            raise InputError(f"{place}: {self.name} has empty cells")
        if not _IS_TYPE[self.type](values):
            raise InputError(f"{place}: {self.name} is not {self.type.__name__}")
        there = values.dropna()
        wrong = pd.Series(False, there.index)
        if self.one_of:
            wrong |= ~there.isin(self.one_of)
        # A cosine of 1 + 2e-16 is rounding.
        if self.least is not None:
            wrong |= there < self.least - ROUNDING
        if self.most is not None:
            wrong |= there > self.most + ROUNDING
        if wrong.any():
            raise InputError(
                f"{place}: {self.name} is {there[wrong].iloc[0]} in row {wrong.idxmax()}; allowed: "
                f"{self.allowed}"
            )


@dataclass(frozen=True)
class Schema:
    """A table's name and its columns, in order."""

    name: str
    columns: tuple[Column, ...]

    def check(self, table: pd.DataFrame, place: str) -> None:
        """Raise InputError unless the table has exactly these columns, and these values in them."""
        names = [column.name for column in self.columns]
        if list(table.columns) != names:
            odd = sorted(set(table.columns) ^ set(names)) or ["the order"]
            more = f" and {len(odd) - MOST_NAMED} more" if len(odd) > MOST_NAMED else ""
            odd = ", ".join(odd[:MOST_NAMED])
            raise InputError(f"{place} is no {self.name} table: it differs in {odd}{more}")
        for column in self.columns:
            column.check(table[column.name], place)


_IS_TYPE = {
    int: pd.api.types.is_integer_dtype,
    float: pd.api.types.is_numeric_dtype,
    bool: pd.api.types.is_bool_dtype,
    str: pd.api.types.is_string_dtype,
}


def _storage_types(schema: Schema) -> dict:
    """pandas types of the columns; integers with empty cells need a type of their own."""
    return {
        c.name: "Int64" if c.type is int and c.optional else {str: "str"}.get(c.type, c.type)
        for c in schema.columns
    }


def from_rows(schema: Schema, rows: list[dict]) -> pd.DataFrame:
    """Rows as a table with the schema's columns in order, checked."""
    return from_columns(schema, {c.name: [row.get(c.name) for row in rows] for c in schema.columns})


def from_columns(schema: Schema, columns: dict[str, list]) -> pd.DataFrame:
    """Columns by name as a table with the schema's columns in order, checked."""
    table = pd.DataFrame(columns, columns=[column.name for column in schema.columns])
    table = table.astype(_storage_types(schema))
    schema.check(table, f"a new {schema.name} table")
    return table


def write(table: pd.DataFrame, schema: Schema, folder: Path, provenance: dict) -> Path:
    """Write NAME.csv and NAME.json into a folder, each in one piece or not at all.

    Raises InputError if the folder cannot be written to or the table does not fit the schema.
    """
    schema.check(table, schema.name)
    path = folder / f"{schema.name}.csv"
    content = table.to_csv(index=False, lineterminator="\n").encode()
    about = {
        "table": schema.name,
        "schema_version": SCHEMA_VERSION,
        "sha256": _digest(content),
        "n_rows": len(table),
        "columns": [asdict(c) | {"type": c.type.__name__} for c in schema.columns],
    } | provenance
    try:
        said = json.dumps(about, indent=1, default=str) + "\n"
        _write_whole(sidecar.beside(path), said.encode())
        _write_whole(path, content)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    return path


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(schema: Schema, folder) -> pd.DataFrame:
    """Read NAME.csv from a folder, as it was written.

    A table without a sidecar, such as some rows of another one that pandas has written, is taken as
    it is, and that is said.

    Raises InputError if the table is missing, does not fit the schema, or is not the one that its
    sidecar was written with.
    """
    path = Path(folder) / f"{schema.name}.csv"
    content = _content(path)
    if not sidecar.beside(path).exists():
        say(f"note: {path} has no sidecar and is taken as it is")
    elif not is_unchanged(path, content):
        raise InputError(
            f"{path} is not the table that its sidecar was written with: make it again, or delete "
            f"{sidecar.beside(path).name} to have it taken as it is"
        )
    return _parsed(schema, path, content)


def read_as_it_is(schema: Schema, path: Path) -> pd.DataFrame:
    """Read a table, whatever its sidecar says.

    Raises InputError if it is missing or does not fit the schema.
    """
    return _parsed(schema, path, _content(path))


def is_unchanged(path: Path, content: bytes) -> bool:
    """Whether a table's sidecar was written with this content. Raises InputError without one."""
    return sidecar.read(path).get("sha256") == _digest(content)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} is missing: run its protocol first, or name its folder") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None


def _parsed(schema: Schema, path: Path, content: bytes) -> pd.DataFrame:
    first_line = content.partition(b"\n")[0]
    if len(schema.columns) > 1 and b";" in first_line and b"," not in first_line:
        raise InputError(f"{path}: are its columns separated by semicolons? They must be by commas")
    try:
        table = pd.read_csv(io.BytesIO(content), dtype=_storage_types(schema))
    except (ValueError, OverflowError) as error:
        raise InputError(f"cannot read {path}: {error}") from None
    schema.check(table, str(path))
    return table


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Create a folder for the block; if it fails and nothing is in the folder, it goes again.

    Raises InputError if it cannot be written to.
    """
    folder = Path(folder).absolute()
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        make_folder(folder)
        yield
    except BaseException:
        with suppress(OSError):  # there is something in it
            for path in made:
                path.rmdir()
        raise


def make_folder(folder) -> Path:
    """Create a folder for tables or figures and see that it can be written to.

    Raises InputError if it cannot.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write into {folder}: {error.strerror}") from None
    return folder


def software() -> dict:
    """Versions, commit and platform, for the sidecar."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    root = Path(__file__).parents[1]
    # The user's own repository may hold an environment with this package in it.
    top = _output("git", "-C", str(root), "rev-parse", "--show-toplevel")
    of_this_package = top is not None and Path(top).resolve() == root.resolve()
    commit, status = (
        (_git(root, "rev-parse", "HEAD"), _git(root, "status", "--porcelain"))
        if of_this_package
        else (None, None)
    )
    return {
        "versions": versions,
        "git_commit": commit,
        "git_clean": None if status is None else status == "",
        "compiler": _first_line(*compiler_words(), "--version"),
        "platform": platform.platform(),
    }


def _git(root: Path, *arguments: str) -> str | None:
    return _output("git", "-C", str(root), *arguments)


def _first_line(*command: str) -> str | None:
    output = _output(*command)
    return output.splitlines()[0] if output else None


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
