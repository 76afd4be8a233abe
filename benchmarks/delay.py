"""The delay step against what users would otherwise pick.

    python -m benchmarks.delay [--nest PYTHON] [--torch PYTHON] [--quick] [--write]

Each simulator recalls the same patterns with the same weights, in a process of its own, one after
another and in several rounds, on one core. Times are medians of processor time.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks import delay_cases, delay_scaling
from benchmarks.machine import describe
from benchmarks.rivals.case import Case, Result
from benchmarks.tables import section
from brianmem.raster import Raster

ROOT = Path(__file__).parents[1]
OUT = Path(__file__).with_name("delay.md")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# A simulator that takes longer, with its set-up, is not asked again in further rounds.
PATIENCE = 30.0
PROGRAM_REPEATS = "5"
OURS, PLAIN, NEST, TORCH = "this package", "Brian2 Synapses", "NEST", "PyTorch, dense"
SPARSE = "Recall of 16 patterns of 1000 steps, N = {}"
DENSE = "All synapses: recall of a pattern of 1000 steps, N = 512, p = 0.01"
# Times as fast as whom, and in which recall.
TARGETS = (
    (SPARSE.format(512), NEST, 10),
    (SPARSE.format(512), PLAIN, 5),
    (SPARSE.format(512), TORCH, 400),
    (SPARSE.format(1024), NEST, 10),
    (SPARSE.format(1024), PLAIN, 5),
    (SPARSE.format(1024), TORCH, 400),
    (DENSE, PLAIN, 10),
)
PROGRAM = "C++ program"


@dataclass
class Simulator:
    """How to start one, and what it has done so far."""

    name: str
    how: str
    python: str
    arguments: tuple[str, ...]
    results: list[Result] = field(default_factory=list)
    failure: str = ""


def simulators(nest: str | None, torch: str | None, dense: bool) -> list[Simulator]:
    """This package first; NumPy and copies in turn only where they make sense."""
    brian = "benchmarks.rivals.brian"
    repeats = PROGRAM_REPEATS
    found = [
        Simulator(OURS, PROGRAM, sys.executable, (brian, "table", "cpp_standalone", repeats)),
        Simulator(OURS, "Cython", sys.executable, (brian, "table", "cython")),
        Simulator(OURS, "NumPy", sys.executable, (brian, "table", "numpy")),
        Simulator(PLAIN, PROGRAM, sys.executable, (brian, "synapses", "cpp_standalone", repeats)),
        Simulator(PLAIN, "Cython", sys.executable, (brian, "synapses", "cython")),
    ]
    if nest:
        module = "benchmarks.rivals.nest_network"
        found.append(Simulator(NEST, "copies together", nest, (module, "together")))
        if not dense:
            found.append(Simulator(NEST, "patterns in turn", nest, (module, "in_turn")))
    if torch:
        found.append(Simulator(TORCH, "batch", torch, ("benchmarks.rivals.torch_network",)))
    return found


def compare(title: str, case: Case, candidates: list[Simulator], rounds: int) -> pd.DataFrame:
    """Let all recall in turns; a row for each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "case.npz")
        case.save(path)
        for number in range(rounds):
            for simulator in candidates:
                if simulator.failure or (number and _slow(simulator)):
                    continue
                tell(f"{title}: {simulator.name}, {simulator.how}, round {number + 1} ...")
                _start(simulator, path, Path(folder, "result.npz"))
    if not candidates[0].results:
        raise RuntimeError(f"{title}: this package failed: {candidates[0].failure}")
    expected = candidates[0].results[0].spikes()
    return pd.DataFrame([_row(s, candidates[0], expected) for s in candidates if s.results])


def _slow(simulator: Simulator) -> bool:
    first = simulator.results[0]
    return first.setup_seconds + first.seconds.sum() > PATIENCE


def _start(simulator: Simulator, case: Path, result: Path) -> None:
    module, *how = simulator.arguments
    done = subprocess.run(
        [simulator.python, "-m", module, str(case), str(result), *how],
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        simulator.failure = (done.stderr.strip() or "no message").splitlines()[-1]
        tell(f"{simulator.name}, {simulator.how}, failed: {simulator.failure}")
    else:
        simulator.results.append(Result.load(result))


def _row(simulator: Simulator, ours: Simulator, expected: np.ndarray) -> dict:
    results = simulator.results
    seconds = _seconds(simulator)
    return {
        "simulator": simulator.name,
        "how": simulator.how,
        "version": str(results[0].version),
        "runs": sum(len(r.seconds) for r in results),
        "spikes": len(results[0].pattern),
        "all equal": all(np.array_equal(r.spikes(), expected) for r in results),
        "loop ms": 1e3 * seconds,
        "ratio": seconds / _seconds(ours),
        "set-up s": float(np.median([r.setup_seconds for r in results])),
        "peak MB": float(np.median([r.peak_mb for r in results])),
        "of it imports": results[0].import_mb,
        "program MB": max(r.program_mb for r in results),
    }


def _seconds(simulator: Simulator) -> float:
    return float(np.median(np.concatenate([r.seconds for r in simulator.results])))


def targets(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Ratios to the fastest way of each rival, of Brian2's as C++ programs."""
    rows = []
    for title, rival, wanted in TARGETS:
        table = tables.get(title)
        part = None if table is None else table[table["simulator"] == rival]
        if part is None or part.empty:
            continue
        if rival == PLAIN:
            part = part[part["how"] == PROGRAM]
        ratio = part["ratio"].min()
        rows.append(
            {
                "recall": title,
                "rival": rival,
                "times as fast": ratio,
                "wanted": wanted,
                "met": ratio >= wanted,
            }
        )
    return pd.DataFrame(rows)


def has(python: str, module: str, option: str) -> str | None:
    """The Python, if it has the module; otherwise a line that says how to name another."""
    try:
        found = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
        if found.returncode == 0:
            return python
    except OSError:
        pass
    tell(f"{module} is left out: {python} has none (name one with {option} PYTHON)")
    return None


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def check_recall(title: str, patterns: Raster, result: Result) -> None:
    """Raise RuntimeError unless the recalled spikes are those that were learned."""
    learned = Result(patterns.pattern, patterns.neuron, patterns.step, np.zeros(0), 0.0, "")
    if not np.array_equal(learned.spikes(), result.spikes()):
        raise RuntimeError(f"{title}: the patterns are not recalled")


def main(argv: list[str] | None = None) -> int:
    """Print the tables; status 1 if a simulator fired other spikes."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.delay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--nest", default=sys.executable, help="a Python that has NEST")
    parser.add_argument("--torch", help="a Python that has PyTorch; by default that of --nest")
    parser.add_argument("--quick", action="store_true", help="one round, N = 512 only")
    parser.add_argument("--write", action="store_true", help=f"write {OUT.relative_to(ROOT)}")
    options = parser.parse_args(argv)
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    nest = has(options.nest, "nest", "--nest")
    torch = has(options.torch or options.nest, "torch", "--torch")

    begin = time.perf_counter()
    recalls = {SPARSE.format(n): (lambda n=n: delay_cases.sparse(n)) for n in (512, 1024)}
    recalls[DENSE] = delay_cases.dense
    if options.quick:
        del recalls[SPARSE.format(1024)]
    parts = [f"# The delay step\n\n{describe()}.\n\n{NOTES}"]
    tables = {}

    def show(text: str) -> None:
        parts.append(text)
        print(text, flush=True)

    with threadpool_limits(1):
        for title, make in recalls.items():
            tell(f"{title}: learning ...")
            case, patterns = make()
            candidates = simulators(nest, torch, dense=title == DENSE)
            tables[title] = compare(title, case, candidates, 1 if options.quick else 3)
            check_recall(title, patterns, candidates[0].results[0])
            show(section(title, tables[title]))
        show(section("What was aimed at", targets(tables)))
        grown = delay_scaling.scaling(3 if options.quick else 7, options.quick)
        show(section("What the cost grows with: a C++ program, float32 weights, D = 41", grown))
        event, arrival, neuron = delay_scaling.fitted(grown)
        show(
            f"Least squares over these rows: {event:.2g} ns per synaptic event, {arrival:.2g} ns "
            f"per spike and delay, {neuron:.2g} ns per neuron and step."
        )
    tell(f"{time.perf_counter() - begin:.0f} s")
    if options.write:
        OUT.write_text("\n\n".join(parts) + "\n")
    different = [title for title, table in tables.items() if not table["all equal"].all()]
    for title in different:
        tell(f"{title}: not all simulators fired the same spikes")
    return 1 if different else 0


NOTES = """\
Every simulator has the same weights, learned by the margin rule, and the same cues; the spikes
are compared one by one ("all equal"). Times are processor time on one core, medians of all runs:
the loop over steps ("loop"), and what comes before it, from weights in memory to the first step,
with programs that were compiled before ("set-up"). "ratio" is the loop's time over that of this
package's C++ program. "peak MB" is the memory of the Python process at its peak, "of it imports"
what it had before it read the weights, "program MB" the peak of the compiled program.

- Brian2 Synapses: `brianmem.delay.synapses`, all copies of the network side by side, compiled
  with the same flags as this package's.
- NEST: `iaf_psc_delta` and `static_synapse` at a resolution of 1 ms, spikes of the cue by strong
  pulses while the threshold is out of reach. Either all copies side by side, or one network for
  one pattern after another, with D silent steps between them.
- PyTorch: the recursion in float32, all patterns as one batch, a product of a matrix with the
  last D steps in each step. The matrix holds all N D N weights, as in the paper.

A synaptic event is a weight that is added. In the table of what the cost grows with, spikes are
forced and weights drawn, so that one thing grows at a time."""


if __name__ == "__main__":
    sys.exit(main())
