"""Distances of recalled spike trains from their targets: python -m analysis.distances."""

import argparse
import sys

import numpy as np
import pandas as pd

from analysis import command
from analysis.configurations import configurations
from analysis.schemas import SPIKE_DISTANCES
from analysis.select import DELAY as NETWORK
from brianmem import schemas, tables
from brianmem.errors import InputError

STEP_MS = 1.0


def spike_distances(spikes: pd.DataFrame, time_constant: float = 10.0) -> pd.DataFrame:
    """Distances of recalled and target trains, averaged over the neurons that have spikes.

    Columns: those of SPIKE_DISTANCES, one row for each network and pattern. Van Rossum (2001), as
    the root of 2/t_c times the integral of the squared difference of the trains filtered with
    exp(-t/t_c): a missing spike counts 1, one shifted by s sqrt(2 - 2 exp(-s/t_c)). Victor and
    Purpura (1996): a missing spike costs 1, one shifted by s min(2, s/t_c).

    Parameters
    ----------
    time_constant : t_c, in ms. Raises InputError unless it is positive.
    """
    if not time_constant > 0:
        raise InputError(f"the time constant must be positive, not {time_constant:g}")
    rows = []
    for setting, group in configurations(spikes, [*NETWORK, schemas.PATTERN.name]):
        free = group[group["kind"] != "cue"]
        both = [
            _distances(neuron, setting["n_steps"], time_constant)
            for _, neuron in free.groupby("neuron")
        ]
        means = np.mean(both, axis=0) if both else (np.nan, np.nan)
        row = {"time_constant": time_constant, "n_active": len(both)}
        rows.append(setting | row | dict(zip(("van_rossum", "victor_purpura"), means, strict=True)))
    return tables.from_rows(SPIKE_DISTANCES, rows)


def _distances(spikes: pd.DataFrame, n_steps: int, time_constant: float) -> tuple[float, float]:
    """Van Rossum's and Victor and Purpura's distance of one neuron's two trains."""
    times = [
        np.sort(spikes.loc[spikes["kind"] == kind, "step"]) * STEP_MS
        for kind in ("target", "recalled")
    ]
    if np.array_equal(*times):
        return 0.0, 0.0  # Elephant warns that rounding made it less
    # Slow to import, and no other command needs them.
    import neo
    import quantities
    from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance

    trains = [neo.SpikeTrain(t, units="ms", t_stop=n_steps * STEP_MS) for t in times]
    decay = time_constant * quantities.ms
    return (
        van_rossum_distance(trains, decay, sort=False)[0, 1],
        victor_purpura_distance(trains, 1 / decay, sort=False)[0, 1],
    )


def main(argv: list[str] | None = None) -> int:
    """Write and print the distances."""
    parser = command.parser("distances", __doc__)
    parser.add_argument(
        "--time-constant",
        type=float,
        default=10.0,
        metavar="MS",
        help="of van Rossum's kernel, and inverse cost of a shift (default %(default)s)",
    )
    return command.run("distances", parser.parse_args(argv), _results)


def _results(options: argparse.Namespace) -> command.Results:
    spikes = tables.read(schemas.DELAY_RECALL_SPIKES, options.tables)
    return [(SPIKE_DISTANCES, spike_distances(spikes, options.time_constant))]


if __name__ == "__main__":
    sys.exit(main())
