"""Brian2 on a backend: this package's weights (`table`), or plain Synapses (`synapses`)."""

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from brian2 import Network, __version__, prefs, second
from scipy.sparse import csr_array

from benchmarks.rivals.case import Case, Result, Stopwatch, cpu_seconds, serve
from brianmem.backends import RUNTIME
from brianmem.delay import network, synapses
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster

WAYS = {"table": network.recall, "synapses": synapses.recall}


def recall(case: Case, way: str, backend: str, repeats: str = "1") -> Result:
    """All patterns side by side."""
    n = case.n_neurons
    table = case.value.reshape(-1, n)
    if not case.dense:
        table = csr_array((case.value, case.post, case.row), shape=(n * case.n_delays, n))
    weights = DelayWeights(table)
    cues = Raster(
        case.pattern, case.neuron, case.step, int(case.n_patterns), int(n), int(case.n_cue_steps)
    )
    params = DelayParameters(
        n_neurons=int(n),
        n_delays=int(case.n_delays),
        n_steps=int(case.n_steps),
        n_patterns=int(case.n_patterns),
        beta=float(case.beta),
    )
    watch = Stopwatch()
    with measured(backend, repeats) as measure:
        raster = WAYS[way](weights, cues, params, float(case.threshold), backend=backend)
        whole = watch.lap()
        loops, others, program_mb = measure()
    return Result(
        raster.pattern,
        raster.neuron,
        raster.step,
        loops,
        whole - others,
        __version__,
        program_mb,
    )


@contextmanager
def measured(backend: str, repeats: str = "1"):
    """Time the run of Brian2 inside; what is yielded gives the times, to be called inside, too.

    A standalone program is run `repeats` times, other backends once. The function yielded returns
    the seconds of the loops over steps, shape (repeats,), the seconds inside that are no set-up,
    and the peak memory of the program, or NaN.
    """
    timed = _loops() if backend in RUNTIME else _programs(repeats)
    with timed as measure:
        yield measure


@contextmanager
def _loops():
    """Brian2 reports its progress right before the loop over steps, and right after it."""
    marks = []
    plain = Network.run

    def run(network, duration, **options):
        def report(*_):
            marks.append(cpu_seconds())

        return plain(
            network, duration, report=report, report_period=1e6 * second, level=1, **options
        )

    def measure():
        loops = np.array(marks).reshape(-1, 2) @ [-1, 1]
        return loops, loops.sum(), float("nan")

    Network.run = run
    try:
        yield measure
    finally:
        Network.run = plain


@contextmanager
def _programs(repeats: str):
    """Brian2's programs tell the time of their loop; one of them is started by rivals.program."""
    before = prefs["devices.cpp_standalone.run_cmd_unix"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report")
        starter = [sys.executable, "-I", "-S", str(Path(__file__).with_name("program.py"))]
        prefs["devices.cpp_standalone.run_cmd_unix"] = [*starter, str(report), repeats, "./main"]

        def measure():
            *times, peak = report.read_text().splitlines()
            loops, wholes = np.array([line.split() for line in times], dtype=float).T
            # Reading the weights, before the loop, is set-up: once.
            return loops, wholes.sum() - np.median(wholes - loops), float(peak)

        try:
            yield measure
        finally:
            prefs["devices.cpp_standalone.run_cmd_unix"] = before


if __name__ == "__main__":
    serve(recall)
