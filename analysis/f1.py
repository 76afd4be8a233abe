"""Mean F1 of delay networks: python -m analysis.f1 --of recall."""

import argparse
import sys

import pandas as pd

from analysis import command
from analysis.configurations import configurations, empty_where_chosen
from analysis.delay import COUNTS, f1, f1_along_time, f1_by_neuron
from analysis.schemas import DELAY, F1_NEURONS, F1_SCAN, F1_STEPS, F1_SUMMARY
from analysis.statistics import mean_interval
from brianmem import schemas, tables

BASELINE = "none"
CONFIGURATION = [column.name for column in DELAY]
BASELINE_PARAMETERS = [n for n in CONFIGURATION if n not in ("learner", "threshold", "gain")]


def f1_summary(recall: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Mean F1 of each configuration over its networks; columns: those of F1_SUMMARY.

    Networks with nothing to recall do not count.
    """
    recall = empty_where_chosen(recall, "threshold")
    rows = [
        setting | _scores(group, seed) for setting, group in configurations(recall, CONFIGURATION)
    ]
    return tables.from_rows(F1_SUMMARY, rows)


def baselines(scan: pd.DataFrame) -> list[pd.DataFrame]:
    """The table in parts that have one baseline each, in the order in which they come.

    Learners share a baseline, and their thresholds do not tell baselines apart.
    """
    scanned = sorted(set(scan["scanned"]) - {BASELINE})
    names = [name for name in BASELINE_PARAMETERS if name in scan]
    at_baseline = scan.loc[scan["scanned"] == BASELINE, names].drop_duplicates()
    parts = []
    for values in at_baseline.to_dict("records"):
        same = pd.DataFrame({name: scan[name] == value for name, value in values.items()})
        for name in set(scanned) & set(names):
            same[name] |= scan["scanned"] == name
        parts.append(scan[same.all(axis=1)])
    return parts or [scan]


def scan_rows(scan: pd.DataFrame, parameter: str) -> pd.DataFrame:
    """The rows of one scanned parameter, and those of the baseline."""
    return scan[scan["scanned"].isin([parameter, BASELINE])]


def f1_scan_curve(scan: pd.DataFrame, parameter: str, seed: int = 0) -> pd.DataFrame:
    """Mean F1 along one scanned parameter, its baseline included; columns: those of F1_SCAN."""
    rows = scan_rows(scan, parameter)
    rows = rows.assign(value=rows[parameter], baseline=rows["scanned"] == BASELINE)
    rows = empty_where_chosen(rows, "threshold")
    curve = [
        setting | {"scanned": parameter, "value": group["value"].median()} | _scores(group, seed)
        for setting, group in configurations(rows, ["baseline", *CONFIGURATION])
    ]
    table = tables.from_rows(F1_SCAN, curve)
    return table.sort_values(["learner", "value"], kind="stable", ignore_index=True)


def f1_scan(scan: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The curves of all scanned parameters, one after another; columns: those of F1_SCAN."""
    parameters = sorted(set(scan["scanned"]) - {BASELINE})
    curves = [f1_scan_curve(scan, parameter, seed) for parameter in parameters]
    return pd.concat([tables.from_rows(F1_SCAN, []), *curves], ignore_index=True)


def _scores(group: pd.DataFrame, seed: int = 0) -> dict:
    networks = f1(group.groupby("seed")[COUNTS].sum()).dropna()
    row = {"n_networks": len(networks), "f1_least": networks.min()}
    return row | mean_interval(networks, seed).columns("f1")


def main(argv: list[str] | None = None) -> int:
    """Write and print the scores of the scan, or of the benchmark, by neuron and in time, too."""
    parser = command.parser("f1", __doc__, bootstrap=True)
    parser.add_argument(
        "--of", choices=("recall", "scan"), default="recall", help="protocol (default %(default)s)"
    )
    parser.add_argument(
        "--window",
        type=int,
        default=50,
        metavar="STEPS",
        help="of the F1 along time (default %(default)s)",
    )
    return command.run("f1", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    seed = command.check_seed(options.seed)
    if options.of == "scan":
        return [(F1_SCAN, f1_scan(tables.read(schemas.DELAY_SCAN, options.tables), seed))]
    recall, neurons, steps = (
        tables.read(schema, options.tables)
        for schema in (
            schemas.DELAY_RECALL,
            schemas.DELAY_RECALL_NEURONS,
            schemas.DELAY_RECALL_STEPS,
        )
    )
    return [
        (F1_NEURONS, f1_by_neuron(neurons)),
        (F1_STEPS, f1_along_time(steps, options.window)),
        (F1_SUMMARY, f1_summary(recall, seed)),
    ]


if __name__ == "__main__":
    sys.exit(main())
