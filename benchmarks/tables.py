"""How a benchmark shows its tables."""

import numpy as np
import pandas as pd


def section(title: str, table: pd.DataFrame) -> str:
    """A table under its title, as Markdown, with three digits."""
    text = table.to_string(index=False, float_format=_three_digits, na_rep="-")
    return f"## {title}\n\n```\n{text}\n```"


def _three_digits(x: float) -> str:
    return np.format_float_positional(x, precision=3, fractional=False, trim="-")
