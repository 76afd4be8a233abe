"""Write tables.md from the schemas: python docs/tables.py."""

from pathlib import Path

from brianmem import schemas
from brianmem.tables import Schema

HEAD = """# Tables

Every protocol writes CSV files with one row per trial (or spike, step, element), and beside each a
JSON sidecar with versions, git commit, backend, seed, the resolved grid, the equations and the
meaning of each column. Written by `python docs/tables.py`.
"""


def text() -> str:
    """The page."""
    found = [value for value in vars(schemas).values() if isinstance(value, Schema)]
    return HEAD + "".join(map(_section, found))


def _section(schema: Schema) -> str:
    rows = [
        f"| `{c.name}` | {c.type.__name__} | {c.unit} | {c.meaning.replace('|', chr(92) + '|')} |\n"
        for c in schema.columns
    ]
    head = f"\n## {schema.name}.csv\n\n| column | type | unit | meaning |\n|---|---|---|---|\n"
    return head + "".join(rows)


if __name__ == "__main__":
    Path(__file__).with_name("tables.md").write_text(text())
