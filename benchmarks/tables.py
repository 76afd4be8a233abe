"""How a benchmark shows its tables."""

import pandas as pd


def section(title: str, table: pd.DataFrame) -> str:
    """A table under its title, as Markdown, with three digits."""
    text = table.to_string(index=False, float_format=lambda x: f"{x:.3g}", na_rep="-")
    return f"## {title}\n\n```\n{text}\n```"
