"""What a task gave, kept as one file: written in one piece, recognised if it is damaged."""

import hashlib
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from brianmem.errors import InputError
from brianmem.tables import Schema

FORMAT = 1
ABANDONED = 3600.0  # seconds after which an unfinished file has no writer any more


@dataclass(frozen=True)
class Part:
    """The result of one task, and what it cost.

    Attributes
    ----------
    key : of the task
    tables : columns by name, by table name; empty if the task failed
    warnings : what the task had to say
    seconds : wall-clock time of the task
    peak_memory_mb : largest memory of its process, those that it started included, so far
    error : {"error", "message", "traceback"} of a task that failed
    """

    key: str
    tables: dict[str, dict[str, list]]
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    error: dict[str, str] | None = None


def schema_digest(schemas: Iterable[Schema]) -> str:
    """Hash of the names and types of the columns: parts with others do not fit together."""
    columns = [
        [s.name, [[c.name, c.type.__name__, c.optional] for c in s.columns]] for s in schemas
    ]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:16]


class PartStore:
    """The parts of one protocol in a folder.

    Parts with another format or schema are as good as missing, and so are damaged ones: every part
    begins with a hash of the rest of it.
    """

    def __init__(self, folder: Path, schemas: Iterable[Schema]):
        self.folder = Path(folder)
        self.schema = schema_digest(schemas)
        self.writer = secrets.token_hex(4)  # the same in all processes that write for one sweep

    def path(self, key: str) -> Path:
        """Where the part of this key is, or will be."""
        return self.folder / key[:2] / f"{key}.json"

    def exists(self, key: str) -> bool:
        """Whether there is a file; only `read` tells whether it is whole."""
        return self.path(key).exists()

    def read(self, key: str) -> Part | None:
        """The part of this key; None if there is none that is whole.

        Raises InputError if the file is there and cannot be read.
        """
        try:
            content = self.path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"cannot read {self.path(key)}: {error.strerror}") from None
        digest, _, body = content.partition(b"\n")
        if digest.decode("ascii", "replace") != _digest(body):
            return None
        head = json.loads(body)
        if (head.pop("format"), head.pop("schema"), head["key"]) != (FORMAT, self.schema, key):
            return None
        return Part(**head)

    def write(self, part: Part) -> None:
        """Keep a part, in place of any other of its key.

        Raises InputError if it cannot be written.
        """
        head = {"format": FORMAT, "schema": self.schema}
        body = json.dumps(head | vars(part), default=_plain).encode()
        path = self.path(part.key)
        unfinished = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # With the rights that the umask leaves: colleagues may merge what lies in their folder.
            unfinished = path.parent / f".{self.writer}-{secrets.token_hex(8)}.part"
            with unfinished.open("xb") as file:
                file.write(_digest(body).encode() + b"\n" + body)
            unfinished.replace(path)
        except OSError as error:
            if unfinished is not None:
                unfinished.unlink(missing_ok=True)
            raise InputError(f"cannot write {path}: {error.strerror}") from None

    def tidy(self) -> None:
        """Remove what writers left behind that were killed while they wrote.

        Those of this sweep must have ended; what belongs to others is left alone for an hour.
        """
        for path in self.folder.glob("*/.*.part"):
            try:
                ours = path.name.startswith(f".{self.writer}-")
                if ours or time.time() - path.stat().st_mtime > ABANDONED:
                    path.unlink()
            except OSError:
                pass  # another sweep removed it, or may not be disturbed


def as_columns(schemas: Iterable[Schema], rows: dict[str, list[dict]]) -> dict[str, dict]:
    """Rows by table name as columns by table name; every table of the protocol has its own."""
    return {
        schema.name: {
            column.name: [row.get(column.name) for row in rows[schema.name]]
            for column in schema.columns
        }
        for schema in schemas
    }


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _plain(value):
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a task gave {value!r}, which no table holds")
