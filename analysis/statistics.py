"""Means and crossings with intervals. What is independent is the network, not the trial."""

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from brianmem.errors import InputError

# What a crossing rests on, or why there is none.
FIT = "fit"
SEPARATED = "separated"
BEYOND = "beyond the grid"
BELOW = "below the grid"
NO_FALL = "no fall"
REASONS = (FIT, SEPARATED, BEYOND, BELOW, NO_FALL)


@dataclass(frozen=True)
class Interval:
    """A value and the limits of its interval; nan is unknown."""

    value: float
    low: float
    high: float

    def columns(self, name: str) -> dict[str, float]:
        """As cells of a row: NAME, NAME_low and NAME_high."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


UNKNOWN = Interval(np.nan, np.nan, np.nan)


def mean_interval(values, seed: int = 0, confidence: float = 0.95) -> Interval:
    """Mean and its bootstrap interval (BCa; the percentiles where BCa is not defined).

    With fewer than about ten values the interval is too narrow, as every bootstrap is. The limits
    of a single value are unknown; the order of the values does not matter, nor what else is asked.

    Parameters
    ----------
    values : one per network: the trials of one network are not independent
    seed : of the bootstrap of this interval alone
    """
    values = np.sort(np.asarray(values, float))
    if not len(values):
        return UNKNOWN
    if len(values) == 1:
        return Interval(values[0], np.nan, np.nan)
    if values[0] == values[-1]:
        return Interval(values[0], values[0], values[0])
    return Interval(values.mean(), *_bootstrap(values.tobytes(), seed, confidence))


@lru_cache(maxsize=2**14)  # figures, results and the report ask for the same intervals
def _bootstrap(values: bytes, seed: int, confidence: float) -> tuple[float, float]:
    """Limits of the mean of float64 values."""
    sample = (np.frombuffer(values),)
    rng = np.random.default_rng(seed)
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            # Limits that are not defined are looked for below.
            warnings.simplefilter("ignore", RuntimeWarning)
            result = stats.bootstrap(
                sample, np.mean, confidence_level=confidence, method=method, rng=rng
            )
        limits = result.confidence_interval
        if np.isfinite(limits).all():
            break
    return float(limits.low), float(limits.high)


def share_interval(successes, confidence: float = 0.95) -> Interval:
    """Share of networks that succeed, with Wilson's interval: it has a width even if all agree."""
    successes = np.asarray(successes, bool)
    if not len(successes):
        return UNKNOWN
    test = stats.binomtest(int(successes.sum()), len(successes))
    low, high = test.proportion_ci(confidence, method="wilson")
    return Interval(successes.mean(), low, high)


def reached_interval(
    values, groups, criterion: float, confidence: float = 0.95, n_resamples: int = 999
) -> Interval:
    """Largest value that a share of the values reach, and percentiles of a bootstrap over groups.

    The limits are unknown with one group (network). Raises InputError if the criterion is not
    between 0 and 1.
    """
    if not 0 < criterion < 1:
        raise InputError(f"the criterion must lie between 0 and 1, not at {criterion:g}")
    values = pd.Series(np.asarray(values, float))
    parts = [part.to_numpy() for _, part in values.groupby(np.asarray(groups))]
    if not parts:
        return UNKNOWN
    value = _reached(np.concatenate(parts), criterion)
    if len(parts) == 1:
        return Interval(value, np.nan, np.nan)
    rng = np.random.default_rng(0)
    resampled = [
        _reached(np.concatenate([parts[k] for k in drawn]), criterion)
        for drawn in rng.integers(len(parts), size=(n_resamples, len(parts)))
    ]
    ends = (1 - confidence) / 2, (1 + confidence) / 2
    low, high = np.quantile(resampled, ends, method="inverted_cdf")
    return Interval(value, float(low), float(high))


def _reached(values: np.ndarray, criterion: float) -> float:
    """The largest of the values that at least this share of them reach."""
    n_short = int((1 - criterion) * len(values) + 1e-9)  # that may be smaller; with rounding
    return float(np.sort(values)[n_short])


def last_of_run(x, holds) -> float:
    """The last x such that something holds there and at all x before; nan if not at the first."""
    run = np.logical_and.accumulate(np.asarray(holds, bool))
    return np.asarray(x, float)[run][-1] if run.any() else np.nan


def binomial_crossing(
    x, successes, trials, groups, criterion: float, confidence: float = 0.95
) -> tuple[Interval, str]:
    """Where the share of successes falls to a criterion as x grows, and one of REASONS.

    Raises InputError if the criterion is not between 0 and 1.

    Logistic regression of success on x. The interval is Fieller's, all x at which a Wald test does
    not tell the curve from the criterion; its covariance allows for groups (networks) that share
    their deviations, and its quantiles are Student's with one degree of freedom less than there
    are groups. With one group the limits are unknown; so is a limit outside the x that were tried.
    With fewer than five groups the interval is often much wider than it need be.

    - fit: the curve falls through the criterion within the x that were tried. Where it is too
      steep for a slope, and every group crosses between the same two x, these are the limits.
    - separated: up to some x all succeed, and from some x on none; where the shares, joined by
      lines, cross the criterion, with these two as limits.
    - beyond the grid: the curve is above the criterion at all x. The lower limit is the x up to
      which it is so with this confidence (if successes and failures are separated: without a
      failure).
    - below the grid: the curve is below the criterion at all x; the upper limit likewise.
    - no fall: the curve rises through the criterion.

    Parameters
    ----------
    x, successes, trials, groups : one element per row; rows may be single trials
    """
    if not 0 < criterion < 1:
        raise InputError(f"the criterion must lie between 0 and 1, not at {criterion:g}")
    rows = {"x": np.asarray(x, float), "successes": successes, "trials": trials, "group": groups}
    rows = pd.DataFrame(rows).groupby(["x", "group"], as_index=False).sum()
    failed = rows.loc[rows["successes"] < rows["trials"], "x"].to_numpy()
    succeeded = rows.loc[rows["successes"] > 0, "x"].to_numpy()
    # Without both, or without x that have both, no slope is the most likely one.
    falls = failed.min(initial=np.inf) >= succeeded.max(initial=-np.inf)
    rises = failed.max(initial=-np.inf) <= succeeded.min(initial=np.inf)
    if falls or rises:
        return _separated_crossing(rows, criterion)
    return _fitted_crossing(rows, criterion, confidence)


def _separated_crossing(rows: pd.DataFrame, criterion: float) -> tuple[Interval, str]:
    by_x = rows.groupby("x")[["successes", "trials"]].sum()
    x, share = by_x.index.to_numpy(), (by_x["successes"] / by_x["trials"]).to_numpy()
    low, high = last_of_run(x, share == 1), last_of_run(x[::-1], share[::-1] == 0)
    reason = _reason(share, criterion)
    if reason == FIT:
        crossing = np.interp(-criterion, -share, x)
        return Interval(float(crossing), low, high), SEPARATED
    return _without_value(reason, low, high), reason


def _fitted_crossing(
    rows: pd.DataFrame, criterion: float, confidence: float
) -> tuple[Interval, str]:
    x = np.unique(rows["x"].to_numpy())
    first, width = x[0], x[-1] - x[0]
    # From 0 to 1, so that the fit does not depend on the unit of x.
    grid = (x - first) / width
    coefficients, covariance = _logistic_fit(rows, (rows["x"].to_numpy() - first) / width)
    quantile = stats.t.ppf((1 + confidence) / 2, rows["group"].nunique() - 1)

    design = np.column_stack([np.ones_like(grid), grid])
    height = design @ coefficients - logit(criterion)
    variance = np.einsum("ij,jk,ik->i", design, covariance, design)
    margin = quantile * np.sqrt(np.maximum(variance, 0))  # rounding, where networks are all alike
    reason = _reason(height, 0)
    if reason == FIT:
        value = (logit(criterion) - coefficients[0]) / coefficients[1]
        limits = np.array(_fieller(coefficients, covariance, logit(criterion), quantile))
        limits[(limits < 0) | (limits > 1)] = np.nan
        value, limits = first + width * value, first + width * limits
        low, high = _common_bracket(rows, criterion)
        # A fall from 90 to 10 % within a step is that of the grid, and says no more than its ends.
        steep = width * 2 * logit(0.9) < -coefficients[1] * (high - low)
        if (steep or np.isnan(limits).all()) and low <= value <= high:
            limits = low, high
        return Interval(value, *limits), FIT
    low = last_of_run(x, height > margin)
    high = last_of_run(x[::-1], (height < -margin)[::-1])
    return _without_value(reason, low, high), reason


def _common_bracket(rows: pd.DataFrame, criterion: float) -> tuple[float, float]:
    """The neighbouring x between which the curve of every group crosses; nan if there are none."""
    shares = rows.assign(share=rows["successes"] / rows["trials"])
    shares = shares.pivot_table("share", "x", "group")
    # Of x at which a group was not tried, nothing is known.
    untried = shares.isna()
    before = (untried | (shares >= criterion)).all(axis=1).to_numpy()
    after = (untried | (shares < criterion)).all(axis=1).to_numpy()
    steps = np.flatnonzero(before[:-1] & after[1:])
    if not len(steps) or shares.shape[1] < 2:
        return np.nan, np.nan
    return tuple(shares.index[[steps[0], steps[0] + 1]])


def _reason(curve: np.ndarray, criterion: float) -> str:
    """What the ends of a monotonic curve tell; FIT if it falls through the criterion."""
    above = curve[0] >= criterion, curve[-1] >= criterion
    return {
        (True, True): BEYOND,
        (False, False): BELOW,
        (False, True): NO_FALL,
        (True, False): FIT,
    }[above]


def _without_value(reason: str, low: float, high: float) -> Interval:
    return Interval(
        np.nan, low if reason == BEYOND else np.nan, high if reason == BELOW else np.nan
    )


def _logistic_fit(rows: pd.DataFrame, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and slope, shape (2,), and their covariance, robust to clustering by group."""
    successes, trials = rows["successes"].to_numpy(float), rows["trials"].to_numpy(float)
    design = np.column_stack([np.ones_like(x), x])
    with warnings.catch_warnings():
        # What goes exactly through all points looks like separation, and leaves nothing to divide.
        warnings.simplefilter("ignore")
        outcomes = np.column_stack([successes, trials - successes])
        coefficients = GLM(outcomes, design, family=Binomial()).fit().params
    # The sandwich of White, with sums over groups. Far from a steep fall the variance is 0, and
    # what divides by it (as statsmodels' own sandwich does) has no value.
    share = expit(design @ coefficients)
    scores = design * (successes - trials * share)[:, np.newaxis]
    of_groups = pd.DataFrame(scores).groupby(rows["group"].to_numpy()).sum().to_numpy()
    inverse = np.linalg.inv((design.T * (trials * share * (1 - share))) @ design)
    # One group alone does not tell how far groups differ.
    n_groups = len(of_groups)
    correction = n_groups / (n_groups - 1) if n_groups > 1 else np.nan
    return coefficients, correction * inverse @ of_groups.T @ of_groups @ inverse


def _fieller(
    coefficients: np.ndarray, covariance: np.ndarray, level: float, quantile: float
) -> tuple[float, float]:
    """The limits next to the crossing, where a line is just told from a level; nan if nowhere.

    Fieller (1954): (c + b x)^2 = t^2 (V_aa + 2 V_ab x + V_bb x^2), c = a - level.
    """
    (a, b), ((v_aa, v_ab), (_, v_bb)) = coefficients, covariance
    c, t2 = a - level, quantile**2
    square, linear, constant = b * b - t2 * v_bb, 2 * (b * c - t2 * v_ab), c * c - t2 * v_aa
    discriminant = linear**2 - 4 * square * constant
    if square > 0:
        # Then there are two roots; rounding may have it otherwise where networks are all alike.
        half = np.sqrt(max(discriminant, 0))
        return (-linear - half) / (2 * square), (-linear + half) / (2 * square)
    if not discriminant >= 0:
        return np.nan, np.nan
    # The slope may be zero: one side, or both, have no limit.
    roots = (-linear + np.array([-1, 1]) * np.sqrt(discriminant)) / (2 * square)
    below, above = roots[roots <= -c / b], roots[roots >= -c / b]
    return max(below, default=np.nan), min(above, default=np.nan)
