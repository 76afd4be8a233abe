"""Make a table again as its sidecar says, and compare: python -m protocols.rerun TABLE."""

import argparse
import importlib
import sys
import tempfile
import typing
from dataclasses import replace
from pathlib import Path

import pandas as pd

from brianmem import sidecar, tables
from brianmem.backends import check_backend
from brianmem.equations import Model, changed
from brianmem.errors import InputError
from brianmem.terminal import guard
from protocols import cli
from protocols.__main__ import PROTOCOLS
from protocols.options import jobs
from protocols.protocol import Block, Protocol, columns, is_value
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
    made = _sidecar(path)
    protocol = _protocol(path, made)
    schema = next((s for s in protocol.schemas if s.name == made["table"]), None)
    if schema is None:
        raise InputError(f"{path}: {made['protocol']} makes no table of this name now")
    with tempfile.TemporaryDirectory(prefix="brianmem-") as folder:
        sweep = _sweep(path, made, protocol, Path(folder))
        if sweep.works[0].code != made["code"]:
            say(f"the table was made by other code or libraries: {_versions(made)}")
        try:
            cli.compute(protocol, sweep, sweep.works, n_jobs)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("nothing was compared") from None
        new = sweep.tables()[schema.name]
        new_path = tables.write(new, schema, Path(folder), {})
        if new_path.read_bytes() == path.read_bytes():
            print(f"{path}: the same, byte for byte ({len(new)} rows)")
            return 0
        old = tables.read_as_it_is(schema, path)
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


NEEDED = ("table", "protocol", "backend", "blocks", "options", "inputs", "code", "versions")


def _sidecar(path: Path) -> dict:
    if path.suffix != ".csv":
        raise InputError(f"'{path}' is no table: name a CSV that a protocol wrote")
    made = sidecar.read(path)
    if not path.exists():
        raise InputError(f"{path} is missing")
    missing = [key for key in NEEDED if key not in made]
    if missing:
        raise InputError(
            f"{path} was not made by a protocol: its sidecar does not say its {missing[0]}"
        )
    return made


def _protocol(path: Path, made: dict) -> Protocol:
    """Of the package's own: a name in a file is nothing to import."""
    package, _, name = made["protocol"].partition(".")
    if package != "protocols" or name not in PROTOCOLS:
        raise InputError(f"{path}: there is no protocol '{made['protocol']}'")
    return importlib.import_module(f"protocols.{name}").PROTOCOL


def _sweep(path: Path, made: dict, protocol: Protocol, folder: Path) -> Sweep:
    """The sweep that the sidecar describes, with its parts in another folder."""
    check_backend(made["backend"])
    if not made["blocks"]:
        raise InputError(f"{path}: the grid has no tasks")
    blocks = [_block(path, block, protocol) for block in made["blocks"]]
    values = made["options"]
    inputs = {name: values[name] for name in protocol.options or {} if values.get(name) is not None}
    sweep = cli.make_sweep(
        protocol, blocks, _model(made, protocol), made["backend"], inputs, folder
    )
    for name, digest in made["inputs"].items():
        if sweep.inputs.get(name) != digest:
            raise InputError(f"{values.get(name)} is not the file that the table was made from")
    return sweep


def _block(path: Path, block: dict[str, list], protocol: Protocol) -> Block:
    hints = typing.get_type_hints(protocol.task_type)
    values = {}
    for name in columns(protocol):
        if not block.get(name):
            raise InputError(f"{path}: the grid has no '{name}'")
        for value in block[name]:
            if not is_value(value, hints[name]):
                raise InputError(f"{path}: the grid's {name} is {value!r}")
        values[name] = tuple(block[name])
    return values


def _model(made: dict, protocol: Protocol) -> Model | None:
    """The equations that were edited, checked like those of a file; None for the built-in ones."""
    if protocol.default_model is None or not made.get("equations"):
        return None
    texts = {key: text for key, text in made["equations"].items() if key != "source"}
    model = changed(replace(protocol.default_model, source=None), texts)
    if model == protocol.default_model:
        return None
    protocol.check_model(model)
    return model


def _versions(made: dict) -> str:
    now = tables.software()
    others = [
        f"{name} {old} then, {now['versions'].get(name)} now"
        for name, old in made["versions"].items()
        if old != now["versions"].get(name)
    ]
    if made.get("git_commit") != now["git_commit"]:
        others.append(f"commit {made.get('git_commit')} then, {now['git_commit']} now")
    return "; ".join(others) or "changes that are not committed"


if __name__ == "__main__":
    sys.exit(main())
