"""What a protocol is, and how a grid of values becomes its tasks."""

import itertools
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from brianmem.equations import Model
from brianmem.errors import InputError
from brianmem.tables import Schema
from protocols.sweep.plan import Estimate

AUTO = "auto"  # on the command line: None, a value that the package chooses
BASELINE = "none"  # what a task has scanned in which every parameter has its first value

Block = dict[str, tuple]  # values by field; their product, and the scans, are the tasks


@dataclass(frozen=True)
class Option:
    """An option of a protocol's own, which says what its tasks read.

    Attributes
    ----------
    help : for --help
    files : value -> the files that it stands for; raises InputError if there are none
    """

    help: str
    files: Callable[[str], list[Path]]


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
    grids : for each --grid a block, or several whose tasks are put together; all blocks of a grid
        name the same fields
    seed_name : the field that --seed shifts
    run_task : task -> rows by table name; pure
    schemas : of the tables, the main one first
    check_task : raises InputError for a task that cannot run; cheap, called before the first task
    estimate : what a task will cost
    scans : fields that vary one at a time, while the other ones of these have their first value;
        the task's field scanned names the one, or is BASELINE
    check_model : raises InputError if the equations of --equations do not work
    default_model : equations that --equations edits
    n_examples : number of seeds whose tasks in the first block fill the tables of details
    options : further options by name, each a task field of type str | None
    """

    name: str
    description: str
    task_type: type
    grids: dict[str, Block | tuple[Block, ...]]
    seed_name: str
    run_task: Callable[[Any], dict[str, list[dict]]]
    schemas: tuple[Schema, ...]
    check_task: Callable[[Any], None]
    estimate: Callable[[Any], Estimate]
    scans: tuple[str, ...] = ()
    check_model: Callable[[Model], None] | None = None
    default_model: Model | None = None
    n_examples: int = 1
    options: dict[str, Option] | None = None


def resolve_grid(protocol: Protocol, grid: str, seed: int, settings: list[str]) -> list[Block]:
    """Blocks of a grid, NAME=VALUE[,VALUE...] settings applied and the seeds shifted by `seed`.

    Raises InputError for a setting that names no column of the grid or has a wrong value.
    """
    return [_resolve(protocol, block, seed, settings) for block in _blocks(protocol, grid)]


def columns(protocol: Protocol) -> tuple[str, ...]:
    """The fields that a grid of the protocol names."""
    return tuple(_blocks(protocol, "smoke")[0])


def _blocks(protocol: Protocol, grid: str) -> tuple[Block, ...]:
    blocks = protocol.grids[grid]
    return (blocks,) if isinstance(blocks, dict) else blocks


def _resolve(protocol: Protocol, block: Block, seed: int, settings: list[str]) -> Block:
    values = dict(block)
    types_by_name = typing.get_type_hints(protocol.task_type)
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals or name not in values:
            raise InputError(
                f"--set {setting}: expected NAME=VALUE with NAME one of {', '.join(values)}"
            )
        values[name] = tuple(
            _parse(setting, part.strip(), types_by_name[name]) for part in text.split(",")
        )
        if len(set(values[name])) < len(values[name]):
            raise InputError(f"--set {setting}: a value is given twice")
    values[protocol.seed_name] = tuple(s + seed for s in values[protocol.seed_name])
    if not 0 <= min(values[protocol.seed_name]) <= max(values[protocol.seed_name]) < 2**63:
        raise InputError(f"every {protocol.seed_name} must lie between 0 and 2^63")
    return values


def _parse(setting: str, text: str, annotation):
    kind, optional = _kind(annotation)
    if optional and text == AUTO:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None:
        expected = {int: "an integer", float: "a number"}[kind]
        raise InputError(f"--set {setting}: '{text}' is not {expected}")
    return value


def is_value(value, annotation) -> bool:
    """Whether a field of a task with this annotation may be given the value in a grid."""
    kind, optional = _kind(annotation)
    if value is None:
        return optional
    if kind is float:  # JSON may write 1 for 1.0
        return type(value) in (int, float)
    return type(value) is kind


def _kind(annotation) -> tuple[type, bool]:
    """The type of a field's values, and whether they may be None."""
    if typing.get_origin(annotation) is tuple:
        annotation = typing.get_args(annotation)[0]
    kinds = typing.get_args(annotation) or (annotation,)
    return kinds[0], types.NoneType in kinds


def make_tasks(protocol: Protocol, blocks: list[Block], **common) -> list:
    """Tasks in the order of their rows, block after block; what two blocks share comes once.

    Of the fields that are crossed the last varies fastest.
    """
    names = {field.name for field in fields(protocol.task_type)}
    tasks = {}
    for number, block in enumerate(blocks):
        examples = block[protocol.seed_name][: protocol.n_examples] if number == 0 else ()
        for values in _combinations(protocol, block):
            details = values[protocol.seed_name] in examples
            given = values | common | {"details": details}
            task = protocol.task_type(**{n: given[n] for n in given if n in names})
            tasks.setdefault(frozenset(values.items()), task)
    return list(tasks.values())


def _combinations(protocol: Protocol, block: Block) -> Iterator[dict]:
    """Values by field of each task of a block, and the field that is scanned."""
    hints = typing.get_type_hints(protocol.task_type)
    whole = {name: block[name] for name in block if typing.get_origin(hints[name]) is tuple}
    crossed = [name for name in block if name not in whole and name not in protocol.scans]
    for scanned, point in _points(protocol.scans, block):
        for combination in itertools.product(*(block[name] for name in crossed)):
            values = point | dict(zip(crossed, combination, strict=True)) | whole
            yield values | {"scanned": scanned}


def _points(scans: tuple[str, ...], block: Block) -> Iterator[tuple[str, dict]]:
    """The baseline, then every other value of each scanned field with the rest of the baseline."""
    baseline = {name: block[name][0] for name in scans}
    yield BASELINE, baseline
    for name in scans:
        for value in block[name][1:]:
            yield name, baseline | {name: value}
