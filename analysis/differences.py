"""What of the papers could not be reproduced, why, and the numbers of the tables that show it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.delay import f1, f1_by_network
from analysis.lowrank import networks_recalling_all, recalled
from analysis.means import means_over_networks
from analysis.papers import delay, lowrank, reported
from analysis.papers.rows import single
from analysis.select import DELAY, first_of_all
from analysis.statistics import Interval, mean_interval
from analysis.theory import delay_capacity
from brianmem import schemas, tables
from brianmem.tables import Schema

Measured = dict[str, Interval]
Measure = Callable[[Path], Measured | None]

SEED = 0  # of the bootstrap, as in the comparison
MET = 1e-6  # largest element of |D eta - xi| that is rounding


@dataclass(frozen=True)
class Difference:
    """A statement on the papers, and how to measure it.

    Attributes
    ----------
    title, why : in words
    measure : folder of the tables -> values by what they are; None if the tables do not hold them
    """

    title: str
    why: str
    measure: Measure


def _of(schema: Schema, measure: Callable[[pd.DataFrame], Measured]) -> Measure:
    """A measure of one table, which need not be there."""

    def of_folder(folder: Path) -> Measured | None:
        if not (Path(folder) / f"{schema.name}.csv").exists():
            return None
        return measure(tables.read(schema, folder)) or None

    return of_folder


def _both(*measures: Measure) -> Measure:
    """The values of several measures; None if none has any."""

    def of_folder(folder: Path) -> Measured | None:
        found = [measure(folder) or {} for measure in measures]
        return {name: value for values in found for name, value in values.items()} or None

    return of_folder


def _compared(schema: Schema, compare: Callable, pattern: str) -> Measure:
    """The values of the comparison's rows with a quantity that matches."""

    def measure(table: pd.DataFrame) -> Measured:
        return {
            row["quantity"]: Interval(row["value"], row["low"], row["high"])
            for row in compare(table, SEED)
            if re.search(pattern, row["quantity"])
        }

    return _of(schema, measure)


def _near_coincidence(recall: pd.DataFrame) -> Measured:
    optimised = recall[(recall["simulator"] == "exact") & (recall["rule"] == "optimised")]
    networks = networks_recalling_all(optimised, flip_fraction=0.0)
    if not len(networks):
        return {}
    unmet = optimised.groupby("network_seed")["residual"].max() > MET
    fails = ~networks.groupby("network_seed")["all_recalled"].all()
    return {
        "optimised rule: networks": single(len(fails)),
        "networks that fail to recall a pattern": single(fails.sum()),
        "of these, networks whose constraints cannot be met": single((fails & unmet).sum()),
    }


def _around_full_rank(capacity: pd.DataFrame) -> Measured:
    """Mean overlap of the optimised rule at p = K, and at the loads before and after."""
    trials = capacity[(capacity["rule"] == "optimised") & (capacity["start"] == "stored")]
    trials = trials[trials["gamma_chosen"] & (trials["flip_fraction"] == 0)]
    trials = trials[trials["correlation"] == 0]
    full = trials.loc[np.isclose(trials["load"], 0.5), "n_neurons"]
    trials = first_of_all(trials[trials["n_neurons"] == full.max()], ["kappa", "duration"])
    keys = ["n_neurons", "kappa", "duration", "load"]
    summary = means_over_networks(trials, keys, "network_seed", ["overlap"], SEED)
    summary = summary.drop_duplicates("load").sort_values("load")
    at = np.isclose(summary["load"], 0.5)
    before, after = summary["load"] < 0.5, summary["load"] > 0.5
    around = [summary[before & ~at].tail(1), summary[at], summary[after & ~at].head(1)]
    return {
        f"optimised, N = {row['n_neurons']}, load {row['load']:g}: overlap, mean": Interval(
            row["overlap"], row["overlap_low"], row["overlap_high"]
        )
        for row in pd.concat(around).to_dict("records")
        if at.any()
    }


def _near_full_rank(capacity: pd.DataFrame) -> Measured:
    """Where below p = K the optimised rule's random vertices stay nearest to themselves."""
    trials = capacity[(capacity["rule"] == "optimised") & capacity["gamma_chosen"]]
    trials = trials[(trials["flip_fraction"] == 0) & (trials["correlation"] == 0)]
    random = trials[(trials["start"] == "random") & (trials["load"] < 0.5)]
    trials = trials[trials["n_neurons"] == random["n_neurons"].max()]
    trials = first_of_all(trials, ["kappa", "duration"]).assign(kept=recalled)
    keys, measures = ["start", "n_neurons", "load"], ["overlap", "kept"]
    summary = means_over_networks(trials, keys, "network_seed", measures, SEED)
    below = summary[summary["load"] < 0.5].set_index(["start", "load"])
    if "random" not in below.index:
        return {}
    load = below.loc["random", "overlap"].idxmax()
    found = {}
    for start, names in (
        ("stored", ("overlap of stored patterns, mean", "stored patterns recalled")),
        ("random", ("overlap of random vertices with themselves, mean", "random vertices kept")),
    ):
        row = below.loc[start, load]
        place = f"optimised, N = {row['n_neurons']:g}, load {load:g}"
        for measure, name in zip(measures, names, strict=True):
            limits = (row[f"{measure}{side}"] for side in ("", "_low", "_high"))
            found[f"{place}: {name}"] = Interval(*limits)
    return found


def _largest_network(capacity: pd.DataFrame) -> Measured:
    largest = capacity["n_neurons"].max()  # nan without rows
    return {"neurons of the largest network": single(largest)} if largest < 1600 else {}


def _other_images(digits: pd.DataFrame) -> Measured:
    other = digits["dataset"].str.startswith("scikit-learn")
    return {"trials with scikit-learn's images": single(other.sum())} if other.any() else {}


def _before_training(recall: pd.DataFrame) -> Measured:
    """F1 where the paper trains the network."""
    networks = f1_by_network(recall)
    shown = [reported.f1(row) for row in networks.to_dict("records")]
    trained = [r.source is not None and r.source.stage == reported.TRAINED for r in shown]
    networks = networks[np.array(trained, bool)]
    found = {}
    for learner, scores in networks.groupby("learner", sort=False)["f1"]:
        found[f"{learner}: F1, mean over {len(scores)} networks"] = mean_interval(scores)
        found[f"{learner}: F1, least"] = single(scores.min())
    return found


def _printed_factor(recall: pd.DataFrame) -> Measured:
    """Thresholds scale with the weights, which the printed factor divides by M."""
    hebbian = recall[(recall["learner"] == "hebbian") & recall["threshold_chosen"]]
    networks = hebbian.drop_duplicates(DELAY)
    if not len(networks):
        return {}
    chosen, printed = networks["threshold"], networks["threshold"] / networks["n_patterns"]
    return {
        "hebbian: threshold in use, mean": mean_interval(chosen),
        "the same for weights with the printed factor": mean_interval(printed),
    }


def _flips(recalls: pd.DataFrame) -> Measured:
    """Mean F1 of each learner with a quarter of the cue drawn anew, or a thousandth inverted."""
    found = {}
    for kind, strength in (("resampled", 0.25), ("flipped", 1e-3)):
        here = recalls[(recalls["scanned"] == kind) & np.isclose(recalls[kind], strength)]
        here = first_of_all(here, ["n_neurons", "n_patterns", "firing_prob"])
        for learner, rows in here.groupby("learner", sort=False):
            mean = mean_interval(f1(rows).dropna(), SEED)
            found[f"{learner}, {kind} {strength:g}: F1, mean"] = mean
    return found


def _capacities(recalls: pd.DataFrame) -> Measured:
    """Most patterns that all networks of a size recall without an error, and theory."""
    clean = recalls[recalls["scanned"] == "none"]
    found = {}
    sizes = ["n_neurons", "n_delays", "n_steps", "firing_prob"]
    for size, rows in clean.groupby(sizes):
        perfect = (rows["n_perfect"] == rows["n_tested"]).groupby(rows["n_patterns"]).any()
        n_neurons, n_delays, n_steps, _ = size
        place = f"N = {n_neurons}, T = {n_steps}"
        found |= {
            f"{place}: most patterns recalled without an error": single(
                perfect.index[perfect].max() if perfect.any() else 0
            ),
            f"{place}: capacity of perceptrons": single(delay_capacity(*size)),
            f"{place}: the paper's count": single(n_neurons**2 * n_delays / (n_steps - n_delays)),
        }
    return found


DIFFERENCES = (
    Difference(
        "A clock cannot run the low-rank network",
        "Pulses act at once, and a spike keeps other neurons from firing. Within one step of a "
        "clock, though, all neurons above threshold fire together: Brian2's own Synapses give "
        "another sequence of spikes than the equations. Results come from an engine that finds the "
        "order exactly, and not from steps as the paper's Euler method takes them.",
        _compared(schemas.LOWRANK_RECALL, lowrank.recall_rows, "clock"),
    ),
    Difference(
        "The pseudo-inverse as printed does not exist",
        "The matrix that the paper inverts is K x K, and its rank is the number of patterns at "
        "most: below p = K it has no inverse. The projector onto the patterns stands in for it, in "
        "four readings: as printed (pseudo_inverse), as pseudo-inverse of the neural patterns "
        "(pseudo_inverse_neural), without what a neuron does on its own axis "
        "(pseudo_inverse_zeroed), and this scaled to meet D eta = xi (pseudo_inverse_rescaled). "
        "The paper's small networks recall all patterns, as the first two do, and its capacity is "
        "about 0.3, as that of the third. From p = K on the first two keep every vertex, stored or "
        "not, which is no memory; the fourth does what the optimised rule does.",
        _both(
            _compared(schemas.LOWRANK_RECALL, lowrank.recall_rows, "^pseudo_inv.*recall all"),
            _compared(schemas.LOWRANK_CAPACITY, lowrank.capacity_rows, "pseudo_inverse"),
        ),
    ),
    Difference(
        "Not every small network recalls all of its patterns",
        "Of ten elements, two random patterns may share all but one. Then the constraints of the "
        "optimised rule contradict each other, and no weights meet them. The paper shows one "
        "network, and does not say how many were tried.",
        _of(schemas.LOWRANK_RECALL, _near_coincidence),
    ),
    Difference(
        "Recall by the optimised rule does not fall steadily with the load",
        "K latents allow constraints for K independent patterns at most. At p = K they can just be "
        "met, and beyond only in the sense of least squares. A capacity, which is the load where a "
        "fitted curve falls to one half, supposes a steady fall.",
        _of(schemas.LOWRANK_CAPACITY, _around_full_rank),
    ),
    Difference(
        "Close to p = K an overlap hardly tells stored patterns from others",
        "The optimised rule loses its patterns a few below p = K, at every size tried. Before, "
        "vertices that were never stored nearly stay where they are, too, and in large networks "
        "some of them by more than 0.95: what is kept there is no sign of memory. With all signs "
        "right this begins later.",
        _of(schemas.LOWRANK_CAPACITY, _near_full_rank),
    ),
    Difference(
        "Capacity is measured in smaller networks",
        "The paper has N = 400, 800 and 1600. So has the full grid, and N = 3200 and 6400.",
        _of(schemas.LOWRANK_CAPACITY, _largest_network),
    ),
    Difference(
        "Capacity depends on the rate of active neurons",
        "The paper does not give the rate kappa that its networks have. A spike is a step of a "
        "latent by 1/kappa, and at kappa = 1 these steps drive networks out of patterns that they "
        "keep at kappa = 2: the optimised rule slowly loses patterns from a load of 0.3 on, and "
        "the pseudo-inverse with the own axis zeroed does so earlier than at higher rates.",
        _compared(schemas.LOWRANK_CAPACITY, lowrank.capacity_rows, "kappa.*half"),
    ),
    Difference(
        "The completed part of flips has no definition in the paper",
        "It says neither which share of the trials must be completed nor at which rate kappa. Here "
        "it is 90 %, with an overlap above 0.95.",
        _compared(schemas.LOWRANK_COMPLETION, lowrank.completion_rows, ""),
    ),
    Difference(
        "The digits are not those of the paper",
        "scikit-learn's digits have 8 x 8 pixels and are scaled up to 28 x 28. With --digits "
        "mnist, or files of MNIST, they are MNIST's; which ten the paper shows is not known.",
        _of(schemas.LOWRANK_DIGITS, _other_images),
    ),
    Difference(
        "The F1 of 1.0 at N = 512 needs another derivative than the paper's",
        "The paper reaches it with surrogate gradients everywhere; from Hebbian weights these make "
        "recall worse here, because the small terms of the many silent sites outweigh those of "
        "the targets. With a derivative only near the threshold where no spike is wanted, "
        "training reaches 1.0, and so does the margin rule. Weights before training do not.",
        _of(schemas.DELAY_RECALL, _before_training),
    ),
    Difference(
        "The scans of delay networks cannot be compared point by point",
        "The paper's text gives them for networks trained by gradient. Here weights are Hebbian, "
        "deconvolved, normalised as in the paper's code, or those of the margin rule; of the first "
        "two the threshold is placed anew at every point.",
        _compared(schemas.DELAY_SCAN, delay.scan_rows, "change"),
    ),
    Difference(
        "The printed factor of the Hebbian weights is not used",
        "It divides by the number of patterns M, so that potentials are about 1/M, and no neuron "
        "reaches a threshold of one. The weights here lack this division, and the threshold lies "
        "between the potentials at targets and at other sites, or near by, where recall is best.",
        _of(schemas.DELAY_RECALL, _printed_factor),
    ),
    Difference(
        "The paper's flipped bits are bits drawn anew",
        "Its code draws a flipped bit anew, with the mean rate of the whole input, few steps of "
        "which have spikes, so that most flips delete spikes. A part of .25 of the cue's bits that "
        "is inverted would be five thousand extra spikes. Here are bits of the cue that are drawn "
        "anew with the probability of a spike (resampled), and such that are inverted (flipped).",
        _of(schemas.DELAY_COMPLETION, _flips),
    ),
    Difference(
        "The capacity of the delay network is not that of the paper's count",
        "It suggests N^2 D / (T - D) patterns, one for each weight. A neuron that has to fire "
        "seldom is a perceptron with rare outputs: many more patterns than inputs over steps, "
        "and far fewer than that count.",
        _of(schemas.DELAY_CAPACITY, _capacities),
    ),
)
