"""What the headers in support/ do, in NumPy: for machines without a compiler, and to check them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from brianmem.engine.elementary import exponential, logarithm
from brianmem.engine.failures import Failure
from brianmem.engine.weights import places

TIE = 1e-12  # as in support/next_spike.h
GROWTH = 2.0**64  # as in support/growing_frame.cpp


def without_repeats(indices: np.ndarray) -> Iterator[np.ndarray]:
    """The indices in parts, in order, in none of which one comes twice.

    NumPy writes once to an element that is named twice; part after part writes as often as a loop.
    """
    order = np.argsort(indices, kind="stable")
    again = np.flatnonzero(np.diff(indices[order]) == 0) + 1
    before = dict(zip(order[again].tolist(), order[again - 1].tolist(), strict=True))
    start = 0
    for place in sorted(before):
        if before[place] >= start:
            yield indices[start:place]
            start = place
    if start < len(indices):
        yield indices[start:]


@dataclass
class Record:
    """Spikes of one step of the clock, and why it ended early if it did."""

    neuron: list = field(default_factory=list)
    time: list = field(default_factory=list)
    failure: tuple = (Failure.NONE, -1, 0.0)

    def fail(self, failure: Failure, neuron: int, seconds: float) -> None:
        self.failure = (failure, int(neuron), float(seconds))

    def result(self):
        """What the templates return to EventDriven.run."""
        if not self.neuron and not self.failure[0]:
            return None
        return (np.array(self.neuron, dtype=np.int32), np.array(self.time), *self.failure)

    def tell(self, spikespace: np.ndarray, now: float) -> None:
        """Tell Brian2's monitors and synapses: sorted indices, their number in the last place."""
        room = len(spikespace) - 1
        spikespace[-1] = 0
        if len(self.neuron) > room:
            if not self.failure[0]:
                self.fail(Failure.NO_ROOM, self.neuron[room], now)
            return
        spikespace[: len(self.neuron)] = sorted(self.neuron)
        spikespace[-1] = len(self.neuron)


def less(total: float, rest: float, part: float) -> tuple[float, float]:
    """Total + rest - part as a new total, and what its rounding leaves of it: Knuth's sum of two.

    Without the rest the times of a million spikes in a step would drift.
    """
    found = total - part
    back = found - total
    return found, rest + ((total - (found - back)) - (part + back))


def first_of(values: np.ndarray, ties: np.ndarray) -> int:
    """Lowest index whose value is the smallest, or differs from it by a tie only."""
    return int(np.flatnonzero(values <= values.min() + ties)[0])


def soonest(excess, fires, waits, tie_excess, tie_wait) -> tuple[int, float]:
    """Position of the neuron that fires next, and the seconds until it does (inf for never).

    A neuron above threshold fires at once, the one with the largest excess first; `fires` tells of
    each whether it is there already.
    """
    above = excess > tie_excess
    if above.any():
        return first_of(np.where(above, -excess, np.inf), tie_excess), 0.0
    waits = np.where(fires, 0.0, waits)
    if not np.isfinite(waits).any():
        return 0, np.inf
    who = first_of(waits, np.where(np.isfinite(waits), tie_wait, 0.0))
    return who, float(waits[who])


def at_threshold(excess, climb, strict: bool) -> np.ndarray:
    """Who is there: with a strict threshold not those at it, unless they climb on."""
    return (excess > 0) | ((excess == 0) & ((climb > 0) | (not strict)))


def next_in_closed_form(excess, size, rate, slope, strict: bool) -> tuple[int, float]:
    """The same for excesses f that follow df/dt = rate f + slope, all of shape (n,)."""
    excess, size, rate, slope = np.broadcast_arrays(excess, size, rate, slope)
    with np.errstate(divide="ignore", invalid="ignore"):
        leaks = rate != 0
        tie_excess = TIE * (size + np.where(leaks, np.abs(slope / rate), 0.0))
        still = np.where(slope != 0, size / np.abs(slope), 0.0)
        tie_wait = TIE * np.where(leaks, 1 / np.abs(rate), still)
        waits = np.where(leaks, -np.log1p(rate * excess / slope) / rate, -excess / slope)
        there = (slope > 0) & (slope + rate * excess > 0) & (excess < 0)
        waits = np.where(there, waits, np.inf)
    return soonest(excess, at_threshold(excess, slope, strict), waits, tie_excess, tie_wait)


class FirstCrossings:
    """FirstCrossing of support/next_spike.h for all neurons in step.

    Ask for excess and climb at `at`, shape (n,), and tell them, while there is more to ask.
    """

    SCAN, PEAK, ROOT, DONE = range(4)

    def __init__(self, excess, climb, stride, horizon: float, strict: bool = False):
        excess, climb, stride = np.broadcast_arrays(excess, climb, stride)
        self.fires = at_threshold(excess, climb, strict)
        self.stride, self.horizon = stride, horizon
        self.low, self.high, self.piece = (np.zeros(len(excess)) for _ in range(3))
        self.excess_low, self.climb_low = excess.copy(), climb.copy()
        self.phase = np.full(len(excess), self.SCAN)
        self.found = np.full(len(excess), np.inf)
        self.at = np.zeros(len(excess))
        # Whoever is not finite never fires.
        self.phase[self.fires | ~np.isfinite(excess)] = self.DONE
        self._scan_on(self.phase == self.SCAN)

    def more(self) -> bool:
        return bool((self.phase != self.DONE).any())

    def _scan_on(self, who) -> None:
        self.phase[who] = np.where(self.low[who] < self.horizon, self.SCAN, self.DONE)
        self.at[who] = np.minimum(self.low[who] + self.stride[who], self.horizon)

    def tell(self, excess, climb) -> None:
        before = self.phase.copy()
        crossed = (excess >= 0) & (before != self.DONE)
        self.high[crossed] = self.at[crossed]
        self.phase[crossed] = self.ROOT
        below = ~crossed

        scan = below & (before == self.SCAN)
        turns = scan & (self.climb_low > 0) & (climb < 0)
        self.high[turns] = self.piece[turns] = self.at[turns]
        self.phase[turns] = self.PEAK
        rise = below & (before == self.PEAK) & (climb > 0)
        fall = below & (before == self.PEAK) & ~(climb > 0)
        self.high[fall] = self.at[fall]
        up = rise | (below & (before == self.ROOT)) | (scan & ~turns)
        self.low[up] = self.at[up]
        self.excess_low[up], self.climb_low[up] = excess[up], climb[up]
        self._scan_on(scan & ~turns)

        peak = self.phase == self.PEAK
        hopeless = peak & (self.excess_low + 2 * self.climb_low * (self.high - self.low) < 0)
        middle = 0.5 * (self.low + self.high)
        narrow = (self.high - self.low <= TIE * self.stride) | (middle <= self.low)
        narrow |= middle >= self.high
        passed = hopeless | (peak & narrow)
        solved = (self.phase == self.ROOT) & narrow
        halved = ((self.phase == self.ROOT) | peak) & ~passed & ~solved
        self.at[halved] = middle[halved]
        self.found[solved] = self.high[solved]
        self.phase[solved] = self.DONE
        self.low[passed], self.climb_low[passed] = self.piece[passed], -1.0
        # excess_low is not needed again until the scan has told a new one.
        self._scan_on(passed)


def next_bracketed(excess, size, search: FirstCrossings) -> tuple[int, float]:
    """Who fires next after a finished search, as in next_in_closed_form."""
    excess, size = np.broadcast_arrays(excess, size)
    return soonest(excess, search.fires, search.found, TIE * size, 10 * TIE * search.stride)


@dataclass
class Frame:
    """One network in the growing frame, as in support/growing_frame.cpp.

    Attributes
    ----------
    columns : what a spike adds, shape (N, N) or (N, K), one row for each neuron that fires
    own : K-sized state: what a spike adds to its own neuron besides, shape (N,); None for N-sized
    lift, tau, drive, bias, strict, seen : see there
    """

    columns: np.ndarray
    own: np.ndarray | None
    lift: float
    tau: float
    drive: float
    bias: float
    strict: bool = False
    seen: np.ndarray | None = None


def frame(weight, own, lift, network: int, n: int, pitch: int, mirrored: bool):
    """The Frame of one network, without tau, drive and bias, out of the templates' arrays."""
    rows = weight[network * n * pitch : (network + 1) * n * pitch].reshape(n, pitch)
    columns = rows[:, places(n // 2 if mirrored else n, weight.itemsize)]
    return Frame(
        columns,
        own[network * n : (network + 1) * n] if mirrored else None,
        lift[network],
        math.nan,
        math.nan,
        math.nan,
    )


def run_frame(net: Frame, v, now: float, left: float, offset: int, credit, record: Record) -> None:
    """Run one network for `left` seconds; v and credit are views and changed in place."""
    if not net.tau > 0:
        return record.fail(Failure.NO_FRAME, offset, now)
    if not np.isfinite(v).all():
        return record.fail(Failure.NOT_FINITE, offset + int((~np.isfinite(v)).argmax()), now)
    real = net.columns.dtype.type
    tie = (TIE if real is np.float64 else 0.0) * abs(net.bias)
    n = len(v)
    common, s, folded = net.drive - v.max(), 1.0, 0.0
    if net.own is None:
        x = (v - net.drive + common).astype(real)
    else:
        plus, minus = v[: n // 2], v[n // 2 :]
        y = (0.5 * (plus - minus)).astype(real)
        c = np.tile((0.5 * (plus + minus) - net.drive + common).astype(real), 2)
        x = np.empty(n, dtype=real)
        _mirror(c, y, x)
    inverse = 1 / net.bias if net.bias else math.inf
    s_end = exponential(left / net.tau)
    while True:
        j = int((x >= x.max() - real(tie * s)).argmax())
        gap = common - float(x[j])
        below = gap > net.bias * s
        if below or (net.strict and not net.bias > 0 and gap == net.bias * s):
            s_next = gap * inverse
            if not (net.bias > 0 and s_next <= s_end):
                break
            s = s_next
        if credit[0] < 1:
            moment = now + net.tau * (folded + logarithm(s))
            return record.fail(Failure.RUNAWAY, offset + j, moment)
        credit[0] -= 1
        record.neuron.append(offset + j)
        record.time.append(now + net.tau * (folded + logarithm(s)))
        if net.seen is not None:
            net.seen[j] = net.drive - gap / s
        common += s * net.lift
        if net.own is None:
            x += real(s) * net.columns[j]
        else:
            c[j] += real(s) * net.own[j]
            y += real(s) * net.columns[j]
            _mirror(c, y, x)
        if s > GROWTH:
            folded += logarithm(GROWTH)
            s, common = s / GROWTH, common / GROWTH
            x *= real(1 / GROWTH)
            if net.own is not None:
                y *= real(1 / GROWTH)
                c *= real(1 / GROWTH)
            s_end = exponential(left / net.tau - folded)
    if net.own is None:
        v[:] = net.drive + (x.astype(float) - common) / s_end
    else:
        v[: n // 2] = net.drive + (c[: n // 2].astype(float) - common + y) / s_end
        v[n // 2 :] = net.drive + (c[n // 2 :].astype(float) - common - y) / s_end
    return None


def _mirror(c: np.ndarray, y: np.ndarray, x: np.ndarray) -> None:
    """X of all neurons: neurons k and k + K see the same Y with opposite signs."""
    k = len(y)
    np.add(c[:k], y, out=x[:k])
    np.subtract(c[k:], y, out=x[k:])
