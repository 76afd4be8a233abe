"""What a protocol is, and how a grid of values becomes its tasks."""

import itertools
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.tables import Schema
from protocols.sweep.plan import Estimate

AUTO = "auto"  # on the command line: None, a value that the package chooses
BASELINE = "none"  # what a task has scanned in which every parameter has its first value


@dataclass(frozen=True)
class Protocol:
    """A grid of tasks, each of which gives rows for the protocol's tables.

    Attributes
    ----------
    name : as in python -m protocols.NAME
    description : one sentence for --help
    task_type : frozen dataclass. A grid names its fields; a field of tuple type takes all of its
        values in one task, any other one value per task. Besides those of the grid it may have the
        fields backend, model, details (whether to fill the tables that show a single network) and
        scanned.
    grids : values by field, for each --grid
    seed_name : the field that --seed shifts
    run_task : task -> rows by table name; pure
    schemas : of the tables, the main one first
    check_task : raises InputError for a task that cannot run; cheap, called before the first task
    estimate : what a task will cost
    scans : fields that vary one at a time, while the other ones of these have their first value;
        the task's field scanned names the one, or is BASELINE
    check_model : raises InputError if the equations of --equations do not work
    default_model : equations that --equations edits
    n_examples : number of seeds whose tasks fill the tables of details
    options : further options by name, with their help: paths of files that the tasks read, each a
        task field of type str | None
    """

    name: str
    description: str
    task_type: type
    grids: dict[str, dict[str, tuple]]
    seed_name: str
    run_task: Callable[[Any], dict[str, list[dict]]]
    schemas: tuple[Schema, ...]
    check_task: Callable[[Any], None]
    estimate: Callable[[Any], Estimate]
    scans: tuple[str, ...] = ()
    check_model: Callable[[Model], None] | None = None
    default_model: Model | None = None
    n_examples: int = 1
    options: dict[str, str] | None = None


def resolve_grid(protocol: Protocol, grid: str, seed: int, settings: list[str]) -> dict[str, tuple]:
    """The named grid with NAME=VALUE[,VALUE...] settings applied and its seeds shifted by `seed`.

    Raises InputError for a setting that names no column of the grid or has a wrong value.
    """
    values = dict(protocol.grids[grid])
    types_by_name = typing.get_type_hints(protocol.task_type)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name not in values:
            raise InputError(
                f"--set {setting}: expected NAME=VALUE with NAME one of {', '.join(values)}"
            )
        values[name] = tuple(_parse(setting, part, types_by_name[name]) for part in text.split(","))
        if len(set(values[name])) < len(values[name]):
            raise InputError(f"--set {setting}: a value is given twice")
    values[protocol.seed_name] = tuple(s + seed for s in values[protocol.seed_name])
    if not 0 <= min(values[protocol.seed_name]) <= max(values[protocol.seed_name]) < 2**63:
        raise InputError(f"every {protocol.seed_name} must lie between 0 and 2^63")
    return values


def _parse(setting: str, text: str, annotation):
    kinds = [annotation]
    if typing.get_origin(annotation) is tuple:
        kinds = [typing.get_args(annotation)[0]]
    elif isinstance(annotation, types.UnionType):
        kinds = list(typing.get_args(annotation))
    if types.NoneType in kinds and text == AUTO:
        return None
    kind = kinds[0]
    try:
        return kind(text)
    except ValueError:
        expected = {int: "an integer", float: "a number"}[kind]
        raise InputError(f"--set {setting}: '{text}' is not {expected}") from None


def make_tasks(protocol: Protocol, grid: dict[str, tuple], **common) -> list:
    """Tasks in the order of their rows; of the fields that are crossed the last varies fastest."""
    names = {field.name for field in fields(protocol.task_type)}
    hints = typing.get_type_hints(protocol.task_type)
    whole = {name: grid[name] for name in grid if typing.get_origin(hints[name]) is tuple}
    crossed = [name for name in grid if name not in whole and name not in protocol.scans]
    examples = grid[protocol.seed_name][: protocol.n_examples]
    tasks = []
    for scanned, point in _points(protocol.scans, grid):
        for combination in itertools.product(*(grid[name] for name in crossed)):
            values = point | dict(zip(crossed, combination, strict=True)) | whole | common
            values["details"] = values[protocol.seed_name] in examples
            values["scanned"] = scanned
            tasks.append(protocol.task_type(**{n: values[n] for n in values if n in names}))
    return tasks


def _points(scans: tuple[str, ...], grid: dict[str, tuple]) -> Iterator[tuple[str, dict]]:
    """The baseline, then every other value of each scanned field with the rest of the baseline."""
    baseline = {name: grid[name][0] for name in scans}
    yield BASELINE, baseline
    for name in scans:
        for value in grid[name][1:]:
            yield name, baseline | {name: value}
