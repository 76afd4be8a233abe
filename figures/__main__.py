"""Draw figures from tables: python -m figures NAME --tables DIR --out DIR."""

import argparse
import sys
from pathlib import Path

import matplotlib

from brianmem import tables
from brianmem.errors import BrianmemError

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from figures import delay_recall, lowrank_clock, lowrank_digits, lowrank_recall

FIGURES = {
    "lowrank_recall": lowrank_recall.draw,
    "lowrank_clock": lowrank_clock.draw,
    "lowrank_digits": lowrank_digits.draw,
    "delay_recall": delay_recall.draw,
}
STYLE = Path(__file__).with_name("brianmem.mplstyle")


def main(argv: list[str] | None = None) -> int:
    """Draw one figure, or all, as PNG and PDF, and print their paths."""
    parser = argparse.ArgumentParser(prog="python -m figures", description=__doc__)
    parser.add_argument("name", choices=[*FIGURES, "all"])
    parser.add_argument("--tables", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    arguments = parser.parse_args(argv)
    names = FIGURES if arguments.name == "all" else [arguments.name]
    try:
        folder = tables.make_folder(arguments.out)
        for name in names:
            draw(name, arguments.tables, folder)
    except BrianmemError as error:
        print(f"figures: error: {error}", file=sys.stderr)
        return 2
    return 0


def draw(name: str, source: Path, folder: Path) -> None:
    """Draw one figure from the tables in `source` into `folder`."""
    with plt.style.context(STYLE):
        figure = FIGURES[name](source)
        for suffix in ("png", "pdf"):
            # Without dates, the same tables give the same file.
            metadata = {"CreationDate": None} if suffix == "pdf" else None
            figure.savefig(folder / f"{name}.{suffix}", metadata=metadata)
            print(folder / f"{name}.{suffix}")
        plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
