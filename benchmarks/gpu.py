"""Both engines on a GPU against one core and two, and the time of a figure of the paper.

    python -m benchmarks.gpu [--quick] [--write] [--backend BACKEND]

Every rate is a median of several repeats of one program's run, without what comes before and after:
start of the program, weights and record. The processor runs the same networks as a C++ program.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from brian2 import get_device

from benchmarks import delay_cases
from benchmarks.engine import KAPPA, recall
from benchmarks.machine import describe
from benchmarks.rivals import brian
from benchmarks.tables import section
from brianmem import cuda_toolkit, gpu
from brianmem.backends import check_backend
from brianmem.lowrank.network import built
from brianmem.terminal import guard
from protocols import cli
from protocols.lowrank import capacity, capacity_grids

ROOT = Path(__file__).parents[1]
OUT = Path(__file__).with_name("gpu.md")
GPU, CPU = "cuda_standalone", "cpp_standalone"
MOST_SPIKES = 2e7  # of a batch, whose runs are shortened to have no more
MOST_WEIGHTS = 2**32  # bytes of networks that have weights of their own
LONGEST = 20.0  # tau
ON_CPU = 16  # networks: the processor's rate does not depend on their number
SIZES, BATCHES = (400, 1600, 6400), (1, 4, 16, 64, 256, 1000, 4096)
# What was asked for: so many times the events per second of one core.
WANTED, AT = 50, {"N": 400, "networks": 1000}
FIGURE_4B = ("SIZES", "LARGEST", "ZEROED_SIZES", "ZEROED_LARGEST")
FIGURE_RUNS = ((1, "compiled"), (1, "kept"), (10, "kept"))


def rate(n_neurons: int, n_networks: int, n_copies: int, backend: str, repeats: int) -> float:
    """Events per second of a batch of low-rank networks in single precision."""
    spikes_per_tau = n_neurons / 2 * KAPPA * n_networks * n_copies
    duration = float(np.clip(MOST_SPIKES / spikes_per_tau, 0.5, LONGEST))
    memory, starts = recall(n_neurons, n_copies, duration)
    # The same numbers for all, but in places of their own.
    memories = [memory] * n_networks
    with built(memories, n_copies, backend=backend, dtype=np.float32) as run:
        found = []
        for _ in range(repeats):
            runs = run(memories, [starts] * n_networks)
            n_spikes = sum(len(spikes) for of_network in runs for spikes in of_network)
            found.append(n_spikes / get_device()._last_run_time)
    return float(np.median(found))


def rate_of_cores(n_cores: int, *arguments) -> float:
    """The same of so many cores, each with a program of its own."""
    with ProcessPoolExecutor(n_cores, get_context("spawn")) as pool:
        return sum(
            future.result() for future in [pool.submit(rate, *arguments) for _ in range(n_cores)]
        )


def low_rank(backend: str, sizes: Sequence[int], batches: Sequence[int], repeats: int):
    """Rows of batches: networks with weights of their own, and copies of one network."""
    rows = []
    for n in sizes:
        for own in (True, False):
            few = (ON_CPU, 1) if own else (1, ON_CPU)
            cores = [rate_of_cores(k, n, *few, CPU, repeats) for k in (1, 2)]
            for batch in batches:
                if own and 4 * n**2 * batch > MOST_WEIGHTS:
                    continue
                tell(f"N = {n}, {batch} {'networks' if own else 'copies'} ...")
                n_networks, n_copies = (batch, 1) if own else (1, batch)
                found = rate(n, n_networks, n_copies, backend, repeats)
                rows.append(
                    {
                        "N": n,
                        "networks": n_networks,
                        "copies": n_copies,
                        "million/s": found / 1e6,
                        "one core": cores[0] / 1e6,
                        "two cores": cores[1] / 1e6,
                        "times one": found / cores[0],
                        "times two": found / cores[1],
                    }
                )
    return pd.DataFrame(rows)


def delays(backend: str, quick: bool, repeats: int) -> pd.DataFrame:
    """Recalls of delay networks: more neurons, all synapses, more patterns."""
    sizes, loads = (512, 1024, 2048, 4096, 8192), (64, 256, 1024)
    cases = {("Hebbian", n, 16): lambda n=n: delay_cases.hebbian(n) for n in sizes}
    cases["all", 4096, 16] = lambda: delay_cases.hebbian(4096, dense=True)
    for m in loads:
        cases["all", 512, m] = lambda m=m: delay_cases.loaded(m)
    if quick:
        cases = {key: cases[key] for key in (("Hebbian", 512, 16), ("all", 512, 64))}
    rows = []
    for (synapses, n, m), make in cases.items():
        tell(f"delay network, N = {n}, M = {m}, synapses: {synapses} ...")
        case, patterns = make()
        ours, core = (brian.recall(case, "table", b, str(repeats)) for b in (backend, CPU))
        right = delay_cases.f1(ours, patterns, case.n_delays)
        fast, slow = np.median(ours.seconds), np.median(core.seconds)
        rows.append(
            {
                "N": n,
                "M": m,
                "synapses": synapses,
                "number": case.value.size,
                "spikes": len(ours.pattern),
                "F1": right,
                "as on the core": np.array_equal(ours.spikes(), core.spikes()),
                "ms": 1e3 * fast,
                "one core ms": 1e3 * slow,
                "times": slow / fast,
            }
        )
    return pd.DataFrame(rows)


def figure_4b(backend: str, runs: Sequence[tuple[int, str]], small: bool) -> pd.DataFrame:
    """Seconds from start to table of the tasks behind Fig. 4b at the paper's sizes, on all cores.

    Each run is for so many networks of each size, rule and load (the paper seems to have one), and
    its word says whether programs are compiled in it.
    """
    jobs = os.cpu_count() or 1
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (n_networks, programs) in enumerate(runs):
            seeds = {"network_seed": tuple(range(n_networks))}
            blocks = tuple(getattr(capacity_grids, name) | seeds for name in FIGURE_4B)
            if small:
                blocks = (blocks[0] | {"n_neurons": (100,)},)
            protocol = replace(capacity.PROTOCOL, grids=dict.fromkeys(("smoke", "paper"), blocks))
            # Other seeds each time: what has been computed is kept.
            command = ["--grid", "paper", "--backend", backend, "--out", folder]
            command += ["--jobs", str(jobs), "--seed", str(100 * number)]
            tell(f"Fig. 4b, {n_networks} networks a point, programs {programs} ...")
            begin = time.perf_counter()
            if cli.main(protocol, command):
                raise RuntimeError("the tasks of Fig. 4b failed")
            rows.append(
                {
                    "networks a point": n_networks,
                    "programs": programs,
                    "processes": jobs,
                    "seconds": time.perf_counter() - begin,
                }
            )
    return pd.DataFrame(rows)


def targets(batches: pd.DataFrame) -> pd.DataFrame:
    """What was aimed at, as far as it was measured."""
    part = batches[(batches[list(AT)] == pd.Series(AT)).all(axis=1)]
    return part[["N", "networks", "times one"]].assign(
        wanted=WANTED, met=part["times one"] >= WANTED
    )


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> int:
    """Print the tables, and write them if asked."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the script")
    parser.add_argument(
        "--write", action="store_true", help=f"write {OUT.relative_to(ROOT)}; on a GPU only"
    )
    parser.add_argument(
        "--backend", default=GPU, help="another in the GPU's place, to try the script"
    )
    options = parser.parse_args(argv)
    if options.write and options.backend != GPU:
        parser.error(f"what is written is measured on a GPU: not with --backend {options.backend}")
    return guard("benchmarks.gpu", lambda: measure(options))


def measure(options: argparse.Namespace) -> None:
    """Raises InputError where the backend lacks something."""
    check_backend(options.backend)
    sizes, batches = ((100,), (1, 16)) if options.quick else (SIZES, BATCHES)
    repeats = 1 if options.quick else 5
    place = "; ".join(gpu.names()) if options.backend == GPU else options.backend
    toolkit = f"CUDA {cuda_toolkit.toolkit_version()}"
    parts = [f"# On a GPU\n\n{place}; {toolkit}. Beside it: {describe()}."]

    def show(title: str, table: pd.DataFrame) -> None:
        parts.append(section(title, table))
        print(parts[-1], flush=True)

    found = low_rank(options.backend, sizes, batches, repeats)
    show("Events of low-rank networks in single precision", found)
    if not options.quick:
        show("What was aimed at", targets(found))
    show("Recalls of delay networks", delays(options.backend, options.quick, repeats))
    runs = FIGURE_RUNS[:2] if options.quick else FIGURE_RUNS
    show("The tasks behind Fig. 4b", figure_4b(options.backend, runs, options.quick))
    if options.write:
        OUT.write_text("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    sys.exit(main())
