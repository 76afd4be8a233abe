"""The JSON beside a table, which says how it was made: data of known kinds, from anybody."""

import json
from pathlib import Path

from brianmem.errors import InputError

_NUMBER = (int, float, bool)
_CELL = (str, *_NUMBER, None)
# What the keys hold: one of several kinds, a list of a kind, or a dictionary with values of a kind.
KINDS = {
    "table": str,
    "schema_version": int,
    "sha256": str,
    "n_rows": int,
    "columns": [{str: (*_CELL, [str])}],
    "versions": {str: (str, None)},
    "git_commit": (str, None),
    "git_clean": (bool, None),
    "compiler": (str, None),
    "platform": str,
    "cores": (int, None),
    "protocol": str,
    "backend": str,
    "seed": int,
    "grid": str,
    "settings": [str],
    "blocks": [{str: [_CELL]}],
    "options": {str: (*_CELL, [_CELL])},
    "inputs": {str: str},
    "equations": ({str: (str, bool, None, {str: (str, *_NUMBER)})}, None),
    "code": str,
    "tasks": int,
    "failed_tasks": int,
    "analysis": str,
}


def beside(table: Path) -> Path:
    """The sidecar of a table."""
    return table.parent / f"{table.stem}.json"


def read(table: Path) -> dict:
    """What the sidecar of a table says; keys may be missing.

    Raises InputError if there is none, or if it holds anything else than a sidecar does.
    """
    path = beside(table)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{table} has no sidecar that can be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is no sidecar of a table")
    for key, value in content.items():
        if key in KINDS and not _is(value, KINDS[key]):
            raise InputError(f"{path} is no sidecar of a table: its {key} is {_short(value)}")
    return content


def _is(value, kind) -> bool:
    if isinstance(kind, tuple):
        return any(_is(value, one) for one in kind)
    if isinstance(kind, list):
        return isinstance(value, list) and all(_is(one, kind[0]) for one in value)
    if isinstance(kind, dict):
        return isinstance(value, dict) and all(_is(one, kind[str]) for one in value.values())
    return value is None if kind is None else type(value) is kind


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
