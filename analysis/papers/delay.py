"""Results of Perrinet (2026) beside those of the tables of delay networks."""

from collections.abc import Iterator

import pandas as pd

from analysis import f1
from analysis.delay import f1_by_network
from analysis.papers import reported
from analysis.papers.rows import groups, in_words, row
from analysis.select import DELAY, first_of_each
from analysis.statistics import Interval, mean_interval


def recall_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """F1 of each configuration: the benchmark."""
    networks = f1_by_network(table)
    for label, setting, group in groups(networks, DELAY, ["threshold"], "seed", "learner"):
        scores = group["f1"].dropna()
        if len(scores):
            quantity = f"delay network, {label}: F1, mean (least) of {len(scores)} seeds"
            here = f"{scores.mean():.4f} ({scores.min():.4f})"
            mean = mean_interval(scores, seed)
            yield row(quantity, reported.f1(setting), here, mean, len(scores))


def scan_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """F1 at those points of the scans that the paper has too, and how F1 changes along a scan."""
    table = first_of_each(table, ["gain"], ["learner"])
    for scan in f1.baselines(table):
        others = scan[scan["scanned"] != "threshold"]
        yield from _point_rows(f1.f1_scan(others, seed))
    first, *_ = f1.baselines(table)
    for learner, of_learner in first.groupby("learner", sort=False):
        for parameter, trend in reported.TRENDS.items():
            networks = f1_by_network(f1.scan_rows(of_learner, parameter))
            by_value = {v: g.set_index("seed")["f1"] for v, g in networks.groupby(parameter)}
            if len(by_value) > 1:
                yield from _change_row(f"delay scan, {learner}", parameter, by_value, trend, seed)


def _change_row(place: str, parameter: str, by_value: dict, trend: reported.Reported, seed):
    """From the lowest to the highest value of the parameter, network by network."""
    first, last = min(by_value), max(by_value)
    change = (by_value[last] - by_value[first]).dropna()
    if len(change):
        quantity = f"{place}: change of F1 from {parameter} {first:g} to {last:g}"
        mean = mean_interval(change, seed)
        yield row(quantity, trend, in_words(mean, "+.3f"), mean, len(change))


def _point_rows(points: pd.DataFrame) -> Iterator[dict]:
    # Every curve has the baseline in it.
    baseline = points[points["baseline"]].drop_duplicates("learner").assign(scanned="")
    for point in pd.concat([baseline, points[~points["baseline"]]]).to_dict("records"):
        shown = reported.f1(point)
        if shown is reported.NOT_SHOWN or not point["n_networks"]:
            continue
        place = f"{point['scanned']} {point['value']:g}" if point["scanned"] else "baseline"
        seeds = point["n_networks"]
        quantity = f"delay scan, {point['learner']}, {place}: F1, mean (least) of {seeds} seeds"
        here = f"{point['f1']:.4f} ({point['f1_least']:.4f})"
        mean = Interval(point["f1"], point["f1_low"], point["f1_high"])
        yield row(quantity, shown, here, mean, seeds)
