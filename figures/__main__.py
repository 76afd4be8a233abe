"""Draw figures from tables: python -m figures NAME --tables DIR --out DIR."""

import argparse
import os
import sys
from pathlib import Path

from brianmem import sidecar, tables
from brianmem.errors import InputError
from brianmem.terminal import guard

# Pictures are files. The one of a notebook or a desktop need not be there.
os.environ["MPLBACKEND"] = "agg"

import matplotlib.pyplot as plt

from figures import (
    delay_capacity,
    delay_completion,
    delay_costs,
    delay_normalisation,
    delay_precision,
    delay_recall,
    delay_scan,
    delay_sequence,
    delay_targets,
    delay_tradeoff,
    delay_training,
    lowrank_attractors,
    lowrank_boundary,
    lowrank_capacity,
    lowrank_clock,
    lowrank_completion,
    lowrank_correlated,
    lowrank_digits,
    lowrank_digits_load,
    lowrank_extensions,
    lowrank_gamma,
    lowrank_hopfield,
    lowrank_prediction,
    lowrank_readings,
    lowrank_recall,
    lowrank_robustness,
    lowrank_scaling,
    lowrank_vertex,
)

FIGURES = {
    "lowrank_boundary": lowrank_boundary,
    "lowrank_vertex": lowrank_vertex,
    "lowrank_recall": lowrank_recall,
    "lowrank_attractors": lowrank_attractors,
    "lowrank_clock": lowrank_clock,
    "lowrank_capacity": lowrank_capacity,
    "lowrank_gamma": lowrank_gamma,
    "lowrank_readings": lowrank_readings,
    "lowrank_scaling": lowrank_scaling,
    "lowrank_completion": lowrank_completion,
    "lowrank_robustness": lowrank_robustness,
    "lowrank_prediction": lowrank_prediction,
    "lowrank_extensions": lowrank_extensions,
    "lowrank_correlated": lowrank_correlated,
    "lowrank_hopfield": lowrank_hopfield,
    "lowrank_digits": lowrank_digits,
    "lowrank_digits_load": lowrank_digits_load,
    "delay_recall": delay_recall,
    "delay_scan": delay_scan,
    "delay_normalisation": delay_normalisation,
    "delay_completion": delay_completion,
    "delay_tradeoff": delay_tradeoff,
    "delay_capacity": delay_capacity,
    "delay_costs": delay_costs,
    "delay_precision": delay_precision,
    "delay_sequence": delay_sequence,
    "delay_targets": delay_targets,
    "delay_training": delay_training,
}
STYLE = Path(__file__).with_name("brianmem.mplstyle")


def main(argv: list[str] | None = None) -> int:
    """Draw one figure, or all, as PNG and PDF, and print their paths."""
    parser = argparse.ArgumentParser(prog="python -m figures", description=__doc__)
    parser.add_argument("name", choices=[*FIGURES, "all"])
    for flag, default in (("--tables", "results/smoke/tables"), ("--out", "results/smoke/figures")):
        parser.add_argument(
            flag, type=Path, default=Path(default), metavar="DIR", help=f"default {default}"
        )
    return guard("figures", lambda: _draw_all(parser.parse_args(argv)))


def _draw_all(arguments: argparse.Namespace) -> None:
    if arguments.name != "all":
        draw(arguments.name, arguments.tables, arguments.out)
        return
    missing = draw_all(arguments.tables, arguments.out)
    if len(missing) == len(FIGURES):
        raise InputError(f"no figure could be drawn, the first because {missing[0]}")


def draw_all(source: Path, folder: Path) -> list[str]:
    """Draw what the tables in `source` suffice for; returns, and says, why the others are not."""
    missing = []
    for name in FIGURES:
        try:
            draw(name, source, folder)
        except InputError as error:
            missing.append(str(error))
            print(f"{name} is not drawn: {error}", file=sys.stderr)
    return missing


def draw(name: str, source: Path, folder: Path) -> None:
    """Draw one figure from the tables in `source` into `folder`.

    Raises InputError for tables that are missing or unfit, and if the files cannot be written.
    """
    others = plt.get_fignums()
    try:
        with plt.style.context(["default", STYLE]):
            _draw(name, source, folder)
    except InputError:
        raise
    except Exception as error:
        taken_as_they_are = [
            path.name for path in source.glob("*.csv") if not sidecar.beside(path).exists()
        ]
        if not taken_as_they_are:
            raise  # tables as protocols write them
        raise InputError(
            f"{name} cannot be drawn: {', '.join(sorted(taken_as_they_are))} may lack rows that it "
            f"needs ({type(error).__name__}: {error})"
        ) from None
    finally:
        for number in set(plt.get_fignums()) - set(others):
            plt.close(number)


def _draw(name: str, source: Path, folder: Path) -> None:
    figure = FIGURES[name].draw(source)
    # Laid out once: each file by itself would do so again, which takes as long as drawing it.
    figure.get_layout_engine().execute(figure)
    plt.rcParams["figure.constrained_layout.use"] = False
    figure.set_layout_engine(None)
    tables.make_folder(folder)
    for suffix in ("png", "pdf"):
        # Without dates, the same tables give the same file.
        metadata = {"CreationDate": None} if suffix == "pdf" else None
        path = folder / f"{name}.{suffix}"
        try:
            figure.savefig(path, metadata=metadata)
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from None
        print(path)


if __name__ == "__main__":
    sys.exit(main())
