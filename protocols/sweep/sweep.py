"""A sweep: tasks in order, each with its part in a store."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from brianmem import tables
from brianmem.errors import InputError
from brianmem.tables import Schema
from protocols.sweep.parts import Part, PartStore
from protocols.sweep.work import Work, make_work


class Sweep:
    """The tasks of a protocol and their parts in a folder.

    Parameters
    ----------
    name : of the protocol
    run_task : task -> rows by table name; pure
    schemas : of the tables that it gives
    tasks : frozen dataclasses, in the order of the rows
    folder : for the tables; parts go into folder/parts/NAME
    inputs : files that tasks read, by option; their contents are part of the keys
    """

    def __init__(
        self,
        name: str,
        run_task: Callable,
        schemas: tuple[Schema, ...],
        tasks: list,
        folder: Path,
        inputs: dict[str, list[Path]] | None = None,
    ):
        self.name, self.schemas = name, schemas
        self.store = PartStore(part_folder(folder, name), schemas)
        self.inputs = {option: digest(files) for option, files in (inputs or {}).items()}
        self.works = [make_work(name, run_task, schemas, task, self.inputs) for task in tasks]
        self.parts: dict[str, Part] = {}  # without their tables

    def look(self) -> int:
        """Learn which tasks have parts; return the number of damaged or unfit ones."""
        self.store.tidy()
        unfit = 0
        for work in self.works:
            part = self.store.read(work.key)
            if part is not None:
                self.parts[work.key] = replace(part, tables={})
            elif self.store.exists(work.key):
                unfit += 1
        return unfit

    def adopt(self, folders: Iterable[Path]) -> None:
        """Take parts that are missing here from other folders of the same protocol.

        Raises InputError if a folder has none of this protocol at all.
        """
        for folder in folders:
            other = PartStore(part_folder(folder, self.name), self.schemas)
            if not other.folder.is_dir():
                raise InputError(f"{folder} has no parts of {self.name}")
            for work in self.unfinished():
                part = other.read(work.key)
                if part is not None:
                    self.store.write(part)
                    self.parts[work.key] = replace(part, tables={})

    def compute(self, run: Callable[[list[Work]], Iterable[Part]], works: list[Work]):
        """Compute tasks by one of the functions of `workers`; yield parts as they are done."""
        for part in run(works):
            self.parts[part.key] = part
            yield part

    def unfinished(self) -> list[Work]:
        """Tasks without a part."""
        return [work for work in self.works if work.key not in self.parts]

    def failed(self) -> list[Work]:
        """Tasks that ended with an error."""
        return [w for w in self.works if w.key in self.parts and self.parts[w.key].error]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name: rows of all tasks that did not fail, in the order of the tasks.

        Raises InputError if a part has meanwhile been removed or damaged.
        """
        columns = {s.name: {c.name: [] for c in s.columns} for s in self.schemas}
        for work in self.works:
            if self.parts[work.key].error:
                continue
            part = self.store.read(work.key)
            if part is None:
                raise InputError(
                    f"{self.store.path(work.key)} was damaged or removed: start again, and only it "
                    "is computed"
                )
            for table, values in part.tables.items():
                for column, cells in values.items():
                    columns[table][column] += cells
        return {s.name: tables.from_columns(s, columns[s.name]) for s in self.schemas}


def part_folder(folder: Path, name: str) -> Path:
    """Where the parts of a protocol are kept, beside its tables."""
    return Path(folder) / "parts" / name


def digest(files: Iterable[Path]) -> str:
    """Hash of the names and contents of files.

    Raises InputError if one cannot be read.
    """
    whole = hashlib.sha256()
    for file in files:
        try:
            whole.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
        except OSError as error:
            raise InputError(f"cannot read {file}: {error.strerror}") from None
    return whole.hexdigest()[:16]
