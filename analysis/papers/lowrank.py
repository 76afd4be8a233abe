"""Results of Podlaski & Machens (2024) beside those of the low-rank tables."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from analysis.capacity import capacity
from analysis.completion import completion
from analysis.lowrank import clock_error, networks_recalling_all, recalled
from analysis.papers import reported
from analysis.papers.reported import NOT_SHOWN
from analysis.papers.rows import groups, in_words, mean_of_networks, row, single
from analysis.select import LOWRANK
from analysis.statistics import BELOW, BEYOND, NO_FALL, Interval, share_interval

SIZE = ("n_neurons", "n_patterns")


def recall_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """Recall in small networks: Figs. 3 and 5."""
    exact = table[table["simulator"] == "exact"]
    for label, setting, trials in _configurations(exact, LOWRANK):
        shown = NOT_SHOWN
        if all(setting[key] == value for key, value in reported.FIG_3.items()):
            shown = reported.FIG_3_SHOWN.get(setting["rule"], NOT_SHOWN)
        stored = trials[trials["start"] == "stored"]
        for flips, damaged in stored.groupby("flip_fraction"):
            if flips == 0:
                networks = networks_recalling_all(damaged, flip_fraction=0.0)["all_recalled"]
                quantity = f"{label}: networks that recall all patterns"
                here = f"{networks.sum()} of {len(networks)}"
                yield row(quantity, shown, here, share_interval(networks), len(networks))
            else:
                yield _share(f"{label}: trials with {flips:.0%} flips completed", damaged, seed)
        control = trials[trials["start"] == "random"]
        if len(control):
            yield _share(f"{label}: random vertices kept (control)", control, seed)
    yield from _clock_rows(clock_error(table), seed)


def _clock_rows(errors: pd.DataFrame, seed: int) -> Iterator[dict]:
    for dt, of_step in errors.groupby("dt"):
        clock, n_networks = f"Brian2 with a clock, dt {dt:g} tau", _n_networks(of_step)
        first = of_step["first_wrong_spike"].dropna()
        if len(first):
            quantity, median = f"{clock}: first wrong spike (median)", single(first.median())
            yield row(quantity, NOT_SHOWN, f"number {median.value:g}", median, n_networks)
        error = mean_of_networks(of_step["overlap_error"].abs(), of_step, seed)
        quantity = f"{clock}: |error of the overlap| (mean)"
        yield row(quantity, NOT_SHOWN, f"{error.value:.3f}", error, n_networks)


def capacity_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """Load at which half of the patterns are recalled, in the largest networks: Fig. 4b."""
    for label, setting, trials in _configurations(_largest(table), LOWRANK, ["n_patterns"], SIZE):
        network = f"capacity, {label}, N = {setting['n_neurons']}"
        shown = reported.CAPACITY.get(setting["rule"], NOT_SHOWN)
        for found in capacity(trials).to_dict("records"):
            quantity = f"{network}: load at which half are recalled"
            yield _crossing(quantity, shown, found, "capacity", trials["load"])
            kept = single(found["random_kept"])
            if np.isfinite(kept.value):
                quantity = f"{network}: random vertices kept at most (control)"
                yield row(quantity, NOT_SHOWN, f"{kept.value:.0%}", kept, found["n_networks"])


def completion_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """Flips that are completed at each rule's lowest load, and at the paper's capacity: Fig. 4d."""
    table = _largest(table)
    lowest = table["load"] == table.groupby("rule")["load"].transform("min")
    paper = table["rule"].map({rule: shown.value for rule, shown in reported.CAPACITY.items()})
    chosen = table[lowest | np.isclose(table["load"], paper.astype(float))]
    for label, setting, trials in _configurations(chosen, LOWRANK, told=SIZE):
        load = setting["n_patterns"] / setting["n_neurons"]
        network = f"completion, {label}, N = {setting['n_neurons']}, load {load:g}"
        shown = reported.completed(setting["rule"], load)
        for found in completion(trials).to_dict("records"):
            quantity = f"{network}: part flipped that 90% of trials complete"
            yield _crossing(quantity, shown, found, "completed", trials["flip_fraction"])


def digits_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """Digits that are completed: Fig. 4e."""
    for label, setting, trials in _configurations(table, [*LOWRANK, "flip_fraction", "dt"]):
        flips = round(setting["flip_fraction"] * reported.FIG_4E_PIXELS)
        shown = setting["rule"] != "hebbian" and flips == reported.FIG_4E_FLIPS
        yield row(
            f"digits, {label}: completed from {setting['flip_fraction']:.0%} flips",
            reported.FIG_4E_SHOWN if shown else NOT_SHOWN,
            f"{recalled(trials).sum()} of {len(trials)}",
            mean_of_networks(recalled(trials), trials, seed),
            _n_networks(trials),
        )


def _configurations(table: pd.DataFrame, columns: list[str], within: Iterable[str] = (), told=()):
    return groups(table, columns, ["gamma_chosen", "gamma"], "network_seed", "rule", within, told)


def _n_networks(trials: pd.DataFrame) -> int:
    return trials["network_seed"].nunique()


def _largest(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of each rule's largest networks."""
    return table[table["n_neurons"] == table.groupby("rule")["n_neurons"].transform("max")]


def _share(quantity: str, trials: pd.DataFrame, seed: int) -> dict:
    share = mean_of_networks(recalled(trials), trials, seed)
    here = f"{share.value:.0%} of {len(trials)}"
    return row(quantity, NOT_SHOWN, here, share, _n_networks(trials))


def _crossing(
    quantity: str, shown: reported.Reported, found: dict, name: str, tried: pd.Series
) -> dict:
    """What capacity or completion found: a value, or that it lies outside of what was tried."""
    interval = Interval(found[name], found[f"{name}_low"], found[f"{name}_high"])
    below = f"below {tried.min():g}, the lowest tried" if tried.min() else "not even undamaged"
    here = {
        BEYOND: f"above {tried.max():g}, the highest tried",
        BELOW: below,
        NO_FALL: "none: it rises",
    }.get(found["reason"], in_words(interval, ".3f"))
    return row(quantity, shown, here, interval, found["n_networks"])
