"""Write tables.md from the schemas: python docs/tables.py."""

from pathlib import Path

from analysis import schemas as results
from brianmem import schemas
from brianmem.tables import Schema

HEAD = """# Tables

Every protocol writes CSV files with one row per trial (or spike, step, element), and beside each a
JSON sidecar with versions, git commit, backend, seed, the resolved grid, the equations and the
meaning of each column. `python -m analysis...` writes what it makes of them in the same form. Types
and allowed values are checked when a table is written and when it is read. Written by
`python docs/tables.py`.
"""


def text() -> str:
    """The page."""
    found = [
        value
        for module in (schemas, results)
        for value in vars(module).values()
        if isinstance(value, Schema)
    ]
    return HEAD + "".join(map(_section, found))


def _section(schema: Schema) -> str:
    head = ("column", "type", "unit", "allowed", "meaning")
    cells = [(f"`{c.name}`", c.type.__name__, c.unit, c.allowed, c.meaning) for c in schema.columns]
    lines = [_line(head), "|---" * len(head) + "|\n", *map(_line, cells)]
    return f"\n## {schema.name}.csv\n\n" + "".join(lines)


def _line(cells) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    Path(__file__).with_name("tables.md").write_text(text())
