"""What a protocol is, and how a grid of values becomes its tasks."""

import itertools
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass

from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.tables import Schema

AUTO = "auto"  # on the command line: None, a value that the package chooses


@dataclass(frozen=True)
class Protocol:
    """A grid of tasks, each of which gives rows for the protocol's tables.

    Attributes
    ----------
    name : as in python -m protocols.NAME
    description : one sentence for --help
    task_type : frozen dataclass. A grid names its fields; a field of tuple type takes all of its
        values in one task, any other one value per task. Besides those of the grid it has the
        fields backend, model and details (whether to fill the tables that show a single network).
    grids : values by field, for each --grid
    seed_name : the field that --seed shifts
    run_task : task -> rows by table name; pure
    schemas : of the tables, the main one first
    check_model : raises InputError if the equations of --equations do not work
    default_model : equations that --equations edits
    n_examples : number of seeds whose tasks fill the tables of details
    options : further options by name, with their help; each is a task field of type str | None
    """

    name: str
    description: str
    task_type: type
    grids: dict[str, dict[str, tuple]]
    seed_name: str
    run_task: Callable[[typing.Any], dict[str, list[dict]]]
    schemas: tuple[Schema, ...]
    check_model: Callable[[Model], None]
    default_model: Model
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
    """One task per combination of the grid's values, the last field varying fastest."""
    hints = typing.get_type_hints(protocol.task_type)
    whole = {name: grid[name] for name in grid if typing.get_origin(hints[name]) is tuple}
    axes = {name: grid[name] for name in grid if name not in whole}
    examples = grid[protocol.seed_name][: protocol.n_examples]
    tasks = []
    for combination in itertools.product(*axes.values()):
        point = dict(zip(axes, combination, strict=True))
        details = point[protocol.seed_name] in examples
        tasks.append(protocol.task_type(**point, **whole, **common, details=details))
    return tasks
