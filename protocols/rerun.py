"""Make a table again as its sidecar says, and compare: python -m protocols.rerun TABLE."""

import argparse
import importlib
import json
import sys
import tempfile
from pathlib import Path

import pandas as pd

from brianmem import tables
from brianmem.backends import check_backend
from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.terminal import guard
from protocols import cli
from protocols.options import jobs
from protocols.protocol import Protocol, columns
from protocols.sweep.progress import say
from protocols.sweep.sweep import Sweep


def main(argv: list[str] | None = None) -> int:
    """Return 0 if the tables are the same byte for byte, 1 if they differ."""
    parser = argparse.ArgumentParser(prog="python -m protocols.rerun", description=__doc__)
    parser.add_argument("table", type=Path, metavar="TABLE", help="a CSV, its sidecar beside it")
    jobs(parser)
    arguments = parser.parse_args(argv)
    return guard("protocols.rerun", lambda: rerun(arguments.table, arguments.jobs))


def rerun(path: Path, n_jobs: int) -> int:
    """Compute all tasks behind a table anew and say how the new table differs, if it does.

    Raises InputError for a table that no protocol made, or whose input files have changed.
    """
    sidecar = _sidecar(path)
    protocol = _protocol(path, sidecar)
    schema = next((s for s in protocol.schemas if s.name == sidecar["table"]), None)
    if schema is None:
        raise InputError(f"{path}: {sidecar['protocol']} makes no table of this name now")
    with tempfile.TemporaryDirectory(prefix="brianmem-") as folder:
        sweep = _sweep(path, sidecar, protocol, Path(folder))
        if sweep.works[0].code != sidecar["code"]:
            say(f"the table was made by other code or libraries: {_versions(sidecar)}")
        try:
            cli.compute(protocol, sweep, sweep.works, n_jobs)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("nothing was compared") from None
        new = sweep.tables()[schema.name]
        new_path = tables.write(new, schema, Path(folder), {})
        if new_path.read_bytes() == path.read_bytes():
            print(f"{path}: the same, byte for byte ({len(new)} rows)")
            return 0
        old = tables.read(schema, path.parent)
    print(f"{path}: differs")
    for line in differences(old, new):
        print(f"  {line}")
    return 1


def differences(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """In what two tables of one schema differ, a line for each column."""
    if len(old) != len(new):
        return [f"{len(old)} rows before, {len(new)} now"]
    lines = []
    for name in old:
        before, now = old[name], new[name]
        unlike = ~((before == now) | (before.isna() & now.isna()))
        if not unlike.any():
            continue
        line = f"{name}: {unlike.sum()} of {len(old)} rows, first row {unlike.idxmax()}"
        if pd.api.types.is_float_dtype(before):
            line += f", largest difference {(before - now).abs().max():.3g}"
        lines.append(line)
    return lines or ["the same values, written differently"]


def _sidecar(path: Path) -> dict:
    try:
        sidecar = json.loads(path.with_suffix(".json").read_text())
    except OSError as error:
        raise InputError(f"{path} has no sidecar that can be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path.with_suffix('.json')} is no JSON: {error}") from None
    if not path.exists():
        raise InputError(f"{path} is missing")
    if "blocks" not in sidecar or "code" not in sidecar:
        raise InputError(f"{path} was not made by a protocol")
    return sidecar


def _protocol(path: Path, sidecar: dict) -> Protocol:
    try:
        return importlib.import_module(sidecar["protocol"]).PROTOCOL
    except (ImportError, AttributeError):
        raise InputError(f"{path}: there is no {sidecar['protocol']} now") from None


def _sweep(path: Path, sidecar: dict, protocol: Protocol, folder: Path) -> Sweep:
    """The sweep that the sidecar describes, with its parts in another folder."""
    check_backend(sidecar["backend"])
    try:
        blocks = [
            {name: tuple(block[name]) for name in columns(protocol)} for block in sidecar["blocks"]
        ]
    except KeyError as missing:
        raise InputError(f"{path}: the grid has no {missing}") from None
    values = sidecar["options"]
    inputs = {name: values[name] for name in protocol.options or {} if values[name] is not None}
    model = sidecar["equations"] and Model(**sidecar["equations"] | {"source": None})
    if model == protocol.default_model:
        model = None
    sweep = cli.make_sweep(protocol, blocks, model, sidecar["backend"], inputs, folder)
    for name, digest in sidecar["inputs"].items():
        if sweep.inputs[name] != digest:
            raise InputError(f"{values[name]} is not the file that the table was made from")
    return sweep


def _versions(sidecar: dict) -> str:
    now = tables.software()
    changed = [
        f"{name} {old} then, {now['versions'].get(name)} now"
        for name, old in sidecar["versions"].items()
        if old != now["versions"].get(name)
    ]
    if sidecar["git_commit"] != now["git_commit"]:
        changed.append(f"commit {sidecar['git_commit']} then, {now['git_commit']} now")
    return "; ".join(changed) or "changes that are not committed"


if __name__ == "__main__":
    sys.exit(main())
