"""Several results one after another, in one process: python -m analysis NAME ... or all."""

import argparse
import sys

from analysis import (
    capacity,
    command,
    comparison,
    completion,
    damage,
    distances,
    f1,
    gamma,
    hopfield,
    overlap,
    prediction,
    robustness,
)
from brianmem.terminal import INTERRUPTED

RESULTS = {
    "overlap": [(overlap, [])],
    "capacity": [(capacity, [])],
    "completion": [(completion, [])],
    "hopfield": [(hopfield, [])],
    "gamma": [(gamma, [])],
    "robustness": [(robustness, [])],
    "prediction": [(prediction, [])],
    "f1": [(f1, []), (f1, ["--of", "scan"])],
    "damage": [(damage, [])],
    "distances": [(distances, [])],
    "comparison": [(comparison, [])],
}
ALL = "all"


def main(argv: list[str] | None = None) -> int:
    """Write results, and return the worst of their statuses; those that fail hinder no other."""
    parser = argparse.ArgumentParser(
        prog="python -m analysis",
        description="Write several results in one process, each as python -m analysis.NAME does "
        "by default. The comparison with the papers is printed, of others the paths.",
    )
    parser.add_argument(
        "names", nargs="+", choices=(*RESULTS, ALL), metavar="NAME", help=", ".join(RESULTS)
    )
    command.add_folders(parser)
    arguments = parser.parse_args(argv)
    folders = ["--tables", str(arguments.tables), "--out", str(arguments.out or arguments.tables)]
    worst = 0
    for name in RESULTS if ALL in arguments.names else dict.fromkeys(arguments.names):
        short = [] if name == "comparison" else ["--short"]
        for module, options in RESULTS[name]:
            status = module.main([*folders, *short, *options])
            if status == INTERRUPTED:
                return status
            worst = max(worst, status)
    return worst


if __name__ == "__main__":
    sys.exit(main())
