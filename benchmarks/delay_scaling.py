"""What a step of the delay network costs, as one thing grows at a time."""

import numpy as np
import pandas as pd
from scipy.optimize import nnls
from scipy.sparse import csr_array
from tqdm import tqdm

from benchmarks.rivals.brian import measured
from brianmem.delay import network
from brianmem.delay.drive import Drive
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.patterns import draw_rasters

# Density: part of the N D N possible synapses, about that of the Hebbian rule for 16 patterns.
BASE = {"N": 512, "M": 16, "T": 1000, "p": 1e-3, "density": 0.016}
VALUES = {
    "N": (128, 256, 512, 1024, 2048),
    "M": (1, 4, 16, 64),
    "T": (250, 1000, 4000),
    "p": (1e-4, 1e-3, 1e-2, 5e-2),
    "density": (0.0016, 0.016, 0.16, 1.0),
}
N_DELAYS = 41
# No potential gets there: all spikes are forced, so that their number is given.
UNREACHED = 1e9


def scaling(repeats: int, quick: bool = False) -> pd.DataFrame:
    """Processor time of the loop over steps of a C++ program, and for each synaptic event."""
    cases = [
        (what, BASE | {what: value})
        for what, values in VALUES.items()
        for value in (values[:2] if quick else values)
    ]
    measures = {}
    for _, case in tqdm(cases, desc="scaling", unit="network"):
        if tuple(case.values()) not in measures:
            measures[tuple(case.values())] = _measure(case, repeats)
    return pd.DataFrame(
        [{"grows": what} | case | measures[tuple(case.values())] for what, case in cases]
    )


def fitted(table: pd.DataFrame) -> np.ndarray:
    """Nanoseconds per synaptic event, per spike and delay, and per neuron and step, shape (3,).

    Those that fit all rows best: the sum of squares of relative errors is least, none is negative.
    """
    table = table.drop_duplicates(list(BASE))
    counts = (table["events"], N_DELAYS * table["spikes"], table["N"] * table["M"] * table["T"])
    nanoseconds = 1e6 * table["ms"].to_numpy()
    parts = np.stack([count.to_numpy() / nanoseconds for count in counts], axis=1)
    return nnls(parts, np.ones(len(table)))[0]


def _measure(case: dict, repeats: int) -> dict:
    n, m, n_steps = (case[name] for name in ("N", "M", "T"))
    rng = np.random.default_rng(1)
    forced = draw_rasters(m, n, n_steps, case["p"], rng)
    weights = _weights(n, case["density"], rng)
    drive = Drive(forced, np.zeros((m, n_steps), dtype=bool))
    params = DelayParameters(n_neurons=n, n_steps=n_steps, n_delays=N_DELAYS, n_patterns=m)
    with measured("cpp_standalone", str(repeats)) as measure:
        run = network.run(weights, drive, params, UNREACHED, backend="cpp_standalone")
        seconds = float(np.median(measure()[0]))
    if len(run.raster) != len(forced):
        raise RuntimeError(f"{len(run.raster)} spikes in place of {len(forced)}")
    n_events = _events(weights, forced)
    return {
        "spikes": len(forced),
        "fan-out": len(weights) / n,
        "events": n_events,
        "ms": 1e3 * seconds,
        "ns/event": 1e9 * seconds / n_events,
        "ns/(neuron and step)": 1e9 * seconds / (n * m * n_steps),
    }


def _weights(n: int, density: float, rng: np.random.Generator) -> DelayWeights:
    if density == 1:
        return DelayWeights(rng.standard_normal((n * N_DELAYS, n)).astype(np.float32))
    size = n * N_DELAYS * n
    # Some are drawn twice, so that there are a few less.
    row, post = np.divmod(np.unique(rng.integers(0, size, round(density * size))), n)
    first = np.searchsorted(row, np.arange(n * N_DELAYS + 1))
    value = rng.standard_normal(len(post)).astype(np.float32)
    return DelayWeights(csr_array((value, post, first), shape=(n * N_DELAYS, n)))


def _events(weights: DelayWeights, spikes) -> int:
    """Additions of a weight within the run."""
    n, n_delays = weights.n_neurons, weights.n_delays
    if isinstance(weights.table, np.ndarray):
        sizes = np.full((n, n_delays), n)
    else:
        sizes = np.diff(weights.table.indptr).reshape(n, n_delays)
    # Of the first k delays: k = 0, ..., D.
    sizes = np.pad(np.cumsum(sizes, axis=1), ((0, 0), (1, 0)))
    return int(sizes[spikes.neuron, np.minimum(spikes.n_steps - 1 - spikes.step, n_delays)].sum())
