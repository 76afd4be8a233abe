"""The event-driven engine against memory bandwidth and against what users would otherwise run.

    python -m benchmarks.engine [--quick] [--out FILE] [--figure FILE]

Every number is a median of several repeats, taken in turns in one process on one core. Times per
spike are those that Brian2's profile gives to the engine, the hand-over of the spikes included.
"""

import argparse
import ctypes
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, Synapses, get_device
from matplotlib import pyplot as plt
from matplotlib.ticker import NullFormatter
from threadpoolctl import threadpool_limits

from benchmarks.machine import describe
from benchmarks.tables import section
from brianmem.brian import brian_backend
from brianmem.engine import EventDriven
from brianmem.lowrank import euler, reference
from brianmem.lowrank.memory import LowRankMemory, store
from brianmem.lowrank.network import TAU, weights_of
from brianmem.lowrank.parameters import LowRankParameters
from brianmem.patterns import draw_binary, draw_flips, flip
from brianmem.spikes import Spikes, first_difference

LOAD, KAPPA, DURATION = 0.1, 5.0, 20.0
SCALING = "What the cost grows with (float64)"
STYLE = Path(__file__).parents[1] / "figures" / "brianmem.mplstyle"
EQUATIONS = "dv/dt = (drive - v)/tau : 1"


def recall(n_neurons: int, n_trials: int, duration: float = DURATION) -> tuple:
    """A network with its patterns stored, and starts with a tenth of the elements flipped."""
    rng = np.random.default_rng(n_neurons)
    n_patterns = max(4, int(LOAD * n_neurons))
    xi = draw_binary(n_neurons // 2, n_patterns, rng)
    parameters = LowRankParameters(
        "optimised", n_neurons, n_patterns, kappa=KAPPA, duration=duration
    )
    memory = store(xi, parameters)
    columns = [xi[:, k % n_patterns] for k in range(n_trials)]
    return memory, [flip(x, draw_flips(len(x), 0.1, rng)) for x in columns]


class EngineRun:
    """A batch of trials as blocks of one group, to be run again and again."""

    def __init__(self, memory: LowRankMemory, starts: list, dtype=np.float32, **options):
        self.group = NeuronGroup(
            len(starts) * memory.params.n_neurons,
            EQUATIONS,
            threshold="v >= theta",
            reset="",
            clock=Clock(memory.params.duration * TAU, name="benchmark_clock"),
            namespace={"tau": TAU, "drive": memory.drive, "theta": memory.params.threshold},
            name="benchmark",
        )
        self.start = np.concatenate([memory.start_potential(start) for start in starts])
        self.engine = EventDriven(
            self.group, weights_of(memory), dtype=dtype, monitored=False, **options
        )
        self.network = Network(self.group, self.engine)
        self.network.store()
        self.duration = memory.params.duration * TAU
        self.n_spikes = 0

    def seconds(self) -> float:
        """What one run of all trials takes inside the engine."""
        self.network.restore()
        self.group.v = self.start
        self.network.run(self.duration, profile=True)
        self.n_spikes = len(self.engine.i)
        return float(dict(self.network.profiling_info)[self.engine.name])


def stream(folder: Path):
    """The compiled reader of columns."""
    library = folder / "stream.so"
    source = Path(__file__).with_name("stream.cpp")
    flags = ["-O3", "-march=native", "-shared", "-fPIC"]
    subprocess.run(["g++", *flags, str(source), "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).seconds_per_column
    function.restype = ctypes.c_double

    def seconds_per_column(matrix: np.ndarray, order: np.ndarray) -> float:
        total = ctypes.c_float()
        pointer = [a.ctypes.data_as(ctypes.c_void_p) for a in (matrix, order)]
        length, n = ctypes.c_long(matrix.shape[1]), ctypes.c_long(len(order))
        return function(pointer[0], length, pointer[1], n, ctypes.byref(total))

    return seconds_per_column


def against_streaming(sizes, n_spikes: float, repeats: int) -> pd.DataFrame:
    """Time per spike in float32 beside that of reading one column of N float32."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        seconds_per_column = stream(Path(folder))
        for n in sizes:
            n_trials = max(4, 2 * round(n_spikes / (n / 2 * KAPPA * DURATION) / 2))
            memory, starts = recall(n, n_trials)
            padded = -(-n // 16) * 16
            matrix = np.zeros((n, padded), dtype=np.float32)
            matrix[:, :n] = memory.weights.T
            order = reference.simulate(memory, starts[0]).neuron.astype(np.int32)
            with brian_backend("cython"):
                run = EngineRun(memory, starts)
                double = EngineRun(memory, starts, dtype=np.float64)
                run.seconds(), double.seconds()
                pairs = [
                    (run.seconds(), double.seconds(), seconds_per_column(matrix, order))
                    for _ in range(repeats)
                ]
            single, double_s, column = np.median(pairs, axis=0)
            rows.append(
                {
                    "N": n,
                    "trials": n_trials,
                    "spikes": run.n_spikes,
                    "state": "K" if run.engine.mirrored else "N",
                    "float64 ns/spike": 1e9 * double_s / double.n_spikes,
                    "float32 ns/spike": 1e9 * single / run.n_spikes,
                    "column ns": 1e9 * column,
                    "ratio": single / run.n_spikes / column,
                }
            )
    return pd.DataFrame(rows)


def against_euler(sizes, repeats: int) -> pd.DataFrame:
    """A trial of 20 tau by the Euler method in NumPy beside one of a batch of 32.

    dt is the paper's; one spike in a step at most is an assumption, see brianmem.lowrank.euler.
    """
    rows = []
    for n in sizes:
        memory, starts = recall(n, 32)
        with brian_backend("cython"):
            single, double = (EngineRun(memory, starts, dtype) for dtype in (np.float32, float))
            single.seconds(), double.seconds()
            measured = []
            for k in range(repeats):
                begin = time.perf_counter()
                spikes = euler.simulate(memory, starts[k])
                took = time.perf_counter() - begin
                measured.append((took, *(run.seconds() / len(starts) for run in (single, double))))
        slow, fast, exact = np.median(measured, axis=0)
        rows.append(
            {
                "N": n,
                "Euler s": slow,
                "float32 ms": 1e3 * fast,
                "ratio": slow / fast,
                "float64 ms": 1e3 * exact,
                "ratio of float64": slow / exact,
                "Euler: sequence right": right(
                    spikes, reference.simulate(memory, starts[repeats - 1])
                ),
            }
        )
    return pd.DataFrame(rows)


def right(spikes: Spikes, exact: Spikes) -> float:
    """Fraction of the exact sequence before the first wrong spike."""
    first = first_difference(spikes, exact)
    return 1.0 if first is None else (first - 1) / len(exact)


def against_synapses(sizes, repeats: int, dt: float = 1e-4) -> pd.DataFrame:
    """Brian2's own Synapses as a C++ program with small steps, beside the engine as one."""
    rows = []
    for n in sizes:
        memory, starts = recall(n, 1)
        exact = reference.simulate(memory, starts[0])
        with brian_backend("cpp_standalone", build_on_run=False):
            device = get_device()
            clock = Clock(dt * TAU, name="benchmark_clock")
            group = NeuronGroup(
                n,
                EQUATIONS,
                threshold="v >= theta",
                reset="",
                method="exact",
                clock=clock,
                namespace={"tau": TAU, "drive": memory.drive, "theta": memory.params.threshold},
                name="benchmark",
            )
            group.v = memory.start_potential(starts[0])
            synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", clock=clock)
            post, pre = np.indices((n, n)).reshape(2, -1)
            synapses.connect(i=pre, j=post)
            synapses.w = memory.weights.ravel()
            monitor = SpikeMonitor(group)
            Network(group, synapses, monitor).run(memory.params.duration * TAU)
            device.build(run=False, **device.build_options)
            times = []
            for _ in range(repeats):
                device.run(with_output=False)
                times.append(device._last_run_time)
            spikes = Spikes(np.array(monitor.i), np.array(monitor.t / TAU))
        with brian_backend("cython"):
            run = EngineRun(memory, starts, dtype=np.float64)
            run.seconds()
            fast = np.median([run.seconds() for _ in range(repeats)])
        rows.append(
            {
                "N": n,
                "Synapses s": np.median(times),
                "engine ms": 1e3 * fast,
                "ratio": np.median(times) / fast,
                "Synapses: sequence right": right(spikes, exact),
                "engine: sequence right": right(run.engine.spikes(0, TAU), exact),
            }
        )
    return pd.DataFrame(rows)


def scaling(n_spikes: float, repeats: int) -> pd.DataFrame:
    """One thing grows at a time: duration, blocks, neurons."""
    cases = [("duration", 400, 8, d) for d in (5.0, 10.0, 20.0, 40.0, 80.0)]
    cases += [("blocks", 400, b, 10.0) for b in (2, 8, 32, 128)]
    cases += [("neurons", n, 4, 10.0) for n in (100, 200, 400, 800, 1600, 3200)]
    rows = []
    for what, n, n_trials, duration in cases:
        memory, starts = recall(n, n_trials, duration)
        with brian_backend("cython"):
            for form in ("growing", "general"):
                if form == "general" and n > 1600:
                    continue
                run = EngineRun(memory, starts, dtype=np.float64, form=form)
                run.seconds()
                took = np.median([run.seconds() for _ in range(repeats)])
                arrays = [run.engine.variables[name] for name in ("_weight", "_own", "_lift")]
                rows.append(
                    {
                        "grows": what,
                        "form": form,
                        "N": n,
                        "blocks": n_trials,
                        "duration": duration,
                        "spikes": run.n_spikes,
                        "ms": 1e3 * took,
                        "ns/spike": 1e9 * took / run.n_spikes,
                        "MB of weights": sum(a.get_value().nbytes for a in arrays) / 2**20,
                    }
                )
    return pd.DataFrame(rows)


def draw_scaling(table: pd.DataFrame, path: Path) -> None:
    """Curves of the scaling table."""
    panels = {
        "duration": ("spikes", "ms", "Spikes", "Time (ms)"),
        "blocks": ("blocks", "ms", "Networks", "Time (ms)"),
        "neurons": ("N", "ns/spike", "Neurons N", "Time per spike (ns)"),
        "memory": ("N", "MB of weights", "Neurons N", "Weights (MB)"),
    }
    with plt.style.context(str(STYLE)):
        figure, axes = plt.subplots(1, 4, figsize=(7.1, 2.1), layout="constrained")
        for axis, (what, (x, y, x_label, y_label)) in zip(axes, panels.items(), strict=True):
            part = table[table["grows"] == ("neurons" if what == "memory" else what)]
            for form, curve in part.groupby("form", sort=False):
                axis.plot(curve[x], curve[y], "o-", markersize=3, label=f"{form} form")
            ends = np.array([part[x].min(), part[x].max()])
            power = 2 if what == "memory" else 1
            lowest = part[part[x] == ends[0]][y].min()
            # A straight line for the eye: linear, and quadratic for the weights of a network.
            axis.plot(ends, 0.6 * lowest * (ends / ends[0]) ** power, ":", color="0.5")
            axis.set(xscale="log", yscale="log", xlabel=x_label, ylabel=y_label)
            axis.xaxis.set_minor_formatter(NullFormatter())
        axes[3].legend(loc="lower right", fontsize="small", handlelength=1)
        figure.savefig(path, dpi=200)
        plt.close(figure)


STARTUP = """
import sys, time
begin = time.perf_counter()
import numpy as np
from brian2 import Network, NeuronGroup, ms
from brianmem.brian import brian_backend
from brianmem.engine import EventDriven
with brian_backend("cython"):
    group = NeuronGroup(100, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1",
                        reset=sys.argv[1], name="startup")
    network = Network(group, EventDriven(group, -np.eye(100)))
    network.run(10*ms)
print(time.perf_counter() - begin)
"""


def startup() -> pd.DataFrame:
    """From the start of Python to the end of a first short run, with a cold and a warm cache."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"CYTHON_CACHE_DIR": folder}
        for form, reset in (("growing", ""), ("general", "v = 0")):
            command = [sys.executable, "-c", STARTUP, reset]
            times = [
                float(
                    subprocess.run(
                        command, env=environment, stdout=subprocess.PIPE, check=True
                    ).stdout
                )
                for _ in range(4)
            ]
            rows.append({"form": form, "first s": times[0], "later s": np.median(times[1:])})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer spikes and repeats")
    parser.add_argument("--out", type=Path, help="write the tables to this file, too")
    parser.add_argument("--figure", type=Path, help="draw what the cost grows with")
    options = parser.parse_args()
    n_spikes, repeats = (3e5, 3) if options.quick else (2e6, 7)
    sections = {
        "Time per spike against reading one column of N float32": lambda: against_streaming(
            (400, 800, 1600, 3200), n_spikes, repeats
        ),
        "Trials of 20 tau against the Euler method in NumPy, dt = 0.0001 tau as in the paper; "
        "assumed: one spike in a step at most": lambda: against_euler(
            (400, 800, 1600), min(repeats, 3)
        ),
        "A trial of 20 tau against Brian2's Synapses in C++, dt = 0.0001 tau": lambda: (
            against_synapses((100, 400) if options.quick else (100, 400, 800), 3)
        ),
        SCALING: lambda: scaling(n_spikes, min(repeats, 3)),
        "First run": startup,
    }
    lines = [f"# The event-driven engine\n\n{describe()}."]
    with threadpool_limits(1):
        for title, measure in sections.items():
            print(f"{title} ...", file=sys.stderr, flush=True)
            table = measure()
            if title == SCALING and options.figure:
                draw_scaling(table, options.figure)
            lines.append(section(title, table))
            print(lines[-1], flush=True)
    if options.out:
        options.out.write_text("\n\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
