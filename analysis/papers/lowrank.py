"""Results of Podlaski & Machens (2024) beside those of the low-rank tables."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from analysis.capacity import capacity
from analysis.completion import completion
from analysis.digits import fig_4e, most_digits
from analysis.lowrank import (
    COINCIDE,
    clock_error,
    networks_recalling_all,
    recalled,
    usable_sets,
)
from analysis.papers import reported
from analysis.papers.reported import NOT_SHOWN
from analysis.papers.rows import groups, in_words, mean_of_networks, row, single
from analysis.select import LOWRANK, first_of_all
from analysis.statistics import BELOW, BEYOND, NO_FALL, SEPARATED, Interval, share_interval

# The rule whose capacity depends on the rate of active neurons, and the rules beyond the paper.
RATE_MATTERS = "pseudo_inverse_zeroed"
BEYOND_THE_PAPER = ("regularised", "extended", "extended_noise")
LOADS_SHOWN = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
HIGH_LOADS = (0.2, 0.3, 0.4, 0.45, 0.55)
SUCCESS = {"overlap": "", "all_signs": ", all signs right"}
MOST_DIGITS_FLIPS = (0.15, 0.25, 0.35)


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
                yield from _all_recalled(label, shown, damaged)
            else:
                yield _share(f"{label}: trials with {flips:.0%} flips completed", damaged, seed)
        control = trials[trials["start"] == "random"]
        if len(control):
            yield _share(f"{label}: random vertices kept (control)", control, seed)
    yield from _clock_rows(clock_error(table), seed)


def _all_recalled(label: str, shown: reported.Reported, undamaged: pd.DataFrame) -> Iterator[dict]:
    quantity = f"{label}: networks that recall all patterns"
    usable = f"{quantity}, usable sets (|cosine| < {COINCIDE:g})"
    for name, trials in ((quantity, undamaged), (usable, usable_sets(undamaged))):
        networks = networks_recalling_all(trials, flip_fraction=0.0)["all_recalled"]
        if len(networks):
            here = f"{networks.sum()} of {len(networks)}"
            yield row(name, shown, here, share_interval(networks), len(networks))


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
    """Load at which half of the patterns are recalled, in networks of each size: Fig. 4b.

    At the first rate of the table; of the pseudo-inverse with the own axis zeroed, whose capacity
    depends on it, at all.
    """
    table = first_of_all(_as_stored(table), ["duration"])
    first, rates = first_of_all(table, ["kappa"]), table[table["rule"] == RATE_MATTERS]
    both = pd.concat([first[first["rule"] != RATE_MATTERS], rates])
    for found in capacity(both).to_dict("records"):
        network = f"capacity, {found['rule']}, N = {found['n_neurons']}"
        network += f", kappa {found['kappa']:g}" if found["rule"] == RATE_MATTERS else ""
        shown = reported.CAPACITY.get(found["rule"], NOT_SHOWN)
        of_network = table["n_neurons"] == found["n_neurons"]
        loads = table.loc[of_network & (table["rule"] == found["rule"]), "load"]
        quantity = f"{network}: load at which half are recalled{SUCCESS[found['measure']]}"
        yield _crossing(quantity, shown, found, "capacity", loads)
        kept = single(found["random_kept"])
        if np.isfinite(kept.value) and found["measure"] == "overlap":
            quantity = f"{network}: random vertices kept at most (control)"
            yield row(quantity, NOT_SHOWN, f"{kept.value:.0%}", kept, found["n_networks"])


def completion_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """Flips that are completed by rules of the paper, at low and high loads, at each size: Fig. 4d.

    Of the rules that go beyond the paper, at high loads, with all signs right.
    """
    patterns = first_of_all(_as_stored(table), ["kappa", "duration"])
    for found in completion(patterns).to_dict("records"):
        load, beyond = found["load"], found["rule"] in BEYOND_THE_PAPER
        measure = "all_signs" if beyond else "overlap"
        wanted = HIGH_LOADS if beyond else LOADS_SHOWN
        if found["measure"] != measure or not np.isclose(load, wanted).any():
            continue
        flips = Interval(found["completed"], found["completed_low"], found["completed_high"])
        here = in_words(flips, ".3f") if np.isfinite(flips.value) else "not even undamaged"
        yield row(
            f"completion, {found['rule']}, N = {found['n_neurons']}, load {load:g}: part flipped "
            f"that {found['criterion']:.0%} of patterns complete{SUCCESS[measure]}",
            reported.completed(found["rule"], load),
            here,
            flips,
            found["n_networks"],
        )


def _as_stored(table: pd.DataFrame) -> pd.DataFrame:
    """Patterns without correlation, in networks whose rule chose gamma."""
    return table[(table["correlation"] == 0) & table["gamma_chosen"]]


def digits_rows(table: pd.DataFrame, seed: int) -> Iterator[dict]:
    """Digits that are completed, Fig. 4e; and how many can be stored, from more and fewer flips."""
    network = [*LOWRANK, "flip_fraction", "dt"]
    for label, setting, trials in _configurations(fig_4e(table), network):
        flips = round(setting["flip_fraction"] * reported.FIG_4E_PIXELS)
        shown = setting["rule"] != "hebbian" and flips == reported.FIG_4E_FLIPS
        yield row(
            f"digits, {label}: completed from {setting['flip_fraction']:.0%} flips",
            reported.FIG_4E_SHOWN if shown else NOT_SHOWN,
            f"{recalled(trials).sum()} of {len(trials)}",
            mean_of_networks(recalled(trials), trials, seed),
            _n_networks(trials),
        )
    yield from _most_digits_rows(table)


def _most_digits_rows(table: pd.DataFrame) -> Iterator[dict]:
    wanted = np.isclose(table["flip_fraction"].to_numpy()[:, None], MOST_DIGITS_FLIPS).any(axis=1)
    network, within, told = [*LOWRANK, "flip_fraction", "dt"], ["n_patterns"], ["flip_fraction"]
    for label, setting, trials in _configurations(table[wanted], network, within, told):
        [found] = most_digits(trials, ["rule"]).to_dict("records")
        if found["most_tried"] <= reported.FIG_4E_STORED:
            continue
        most = single(found["most_digits"])
        here = f"{most.value:g} of {found['most_tried']} tried" if most.value > 0 else "none"
        quantity = (
            f"digits, {label}: stored at most and completed from {setting['flip_fraction']:.0%} "
            f"flips, in {found['criterion']:.0%} of trials"
        )
        yield row(quantity, NOT_SHOWN, here, most, _n_networks(trials))


def _configurations(table: pd.DataFrame, columns: list[str], within: Iterable[str] = (), told=()):
    return groups(table, columns, ["gamma_chosen", "gamma"], "network_seed", "rule", within, told)


def _n_networks(trials: pd.DataFrame) -> int:
    return trials["network_seed"].nunique()


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
        # All that the grid tells: no digit beyond it.
        SEPARATED: f"between {interval.low:g} and {interval.high:g}",
    }.get(found["reason"], in_words(interval, ".3f"))
    return row(quantity, shown, here, interval, found["n_networks"])
