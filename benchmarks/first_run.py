"""What a newcomer waits for: python -m benchmarks.first_run BEFORE AFTER --work DIR.

Two revisions are cloned and installed (which is not counted), and run with a home of their own, in
which nothing has been compiled yet. It takes two hours on two older cores. What was measured is
kept in the folder DIR after each step: the same command goes on from there.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from benchmarks.machine import describe
from benchmarks.tables import section

# Runs in a clone, with what it measured as its last line: names, and what each took beyond a first
# run of the same code with everything compiled.
COMPILING = """
import json, resource, sys, time
from dataclasses import replace
import numpy as np
from brianmem.delay import network
from brianmem.delay.equations import LIF
from brianmem.delay.learning import fit
from brianmem.delay.parameters import DelayParameters
from brianmem.delay.weights import DelayWeights
from brianmem.raster import Raster

def used():
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)

def measure(function):
    begin, before = time.perf_counter(), used()
    function()
    return time.perf_counter() - begin, used() - before

def recall(n_neurons, model, backend):
    rng = np.random.default_rng(1)
    cues = Raster.from_dense(rng.random((2, n_neurons, 12)) < 0.2)
    weights = DelayWeights.from_dense(rng.standard_normal((n_neurons, n_neurons, 12)))
    params = DelayParameters(n_neurons=n_neurons, n_delays=12, n_steps=100, n_patterns=1, beta=0.7)
    return lambda: network.recall(weights, cues, params, 1.0, model=model, backend=backend)

def first_fit():
    rng = np.random.default_rng(1)
    params = DelayParameters(
        n_neurons=64, n_delays=20, n_steps=200, n_patterns=4, beta=0.7, learner="margin"
    )
    fit(Raster.from_dense(rng.random((4, 64, 200)) < 0.004), params, rng)

other = replace(LIF, model=LIF.model + "\\nda/dt = -a/tau : 1", reset=LIF.reset + "; a += 1")
took = {}
if sys.argv[1] == "fit":
    took["first fit of the margin rule"] = measure(first_fit)
    took["second fit"] = measure(first_fit)
else:
    backend = sys.argv[1]
    what = {"cpp_standalone": "a C++ program", "cython": "an extension"}[backend]
    for name, n_neurons, model in (
        ("the first", 40, LIF), ("another size", 50, LIF), ("another model", 50, other),
    ):
        took[f"{what}: {name}"] = measure(recall(n_neurons, model, backend))
    took[f"{what}: nothing to compile"] = measure(recall(50, other, backend))
print(json.dumps(took))
"""


@dataclass(frozen=True)
class Took:
    """What one thing took: seconds by the clock and of processors, and how it ended."""

    what: str
    wall: float
    processor: float
    peak_mb: float  # of the largest process
    status: int = 0


def run(what: str, command: list[str], folder: Path, home: Path) -> tuple[Took, str]:
    """Run a command, and what it took with all that it started."""
    home.mkdir(exist_ok=True)
    kept = ("XDG_CACHE_HOME", "CYTHON_CACHE_DIR", "MPLCONFIGDIR", "MAKEFLAGS", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in kept}
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment | {"HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        output.seek(0)
        text = output.read()
    code = os.waitstatus_to_exitcode(status)
    print(text[-2000:], file=sys.stderr)
    took = Took(what, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, code)
    return took, text


class Clone:
    """A revision of the project, installed, with a home in which nothing is compiled."""

    def __init__(self, revision: str, folder: Path):
        self.folder, self.home = folder / "clone", folder / "home"
        source = Path(__file__).parents[1]
        folder.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists():
            subprocess.run(["git", "clone", "--quiet", source, self.folder], check=True)
            subprocess.run(["git", "checkout", "--quiet", revision], cwd=self.folder, check=True)
            # The linter's run installs what the tests need.
            run("install", ["make", "lint"], self.folder, folder / "home of the installation")

    def make(self, what: str, *targets: str) -> list[Took]:
        """`make` with these targets, in the home as the step before left it."""
        return [run(what, ["make", *targets], self.folder, self.home)[0]]

    def compiling(self, what: str) -> list[Took]:
        """What compiling takes in a new home."""
        self.forget()
        command = [str(self.folder / ".venv/bin/python"), "-c", COMPILING, what]
        whole, text = run(what, command, self.folder, self.home)
        if whole.status:
            return [whole]
        took = json.loads(text.strip().splitlines()[-1])
        return [Took(name, *of_one, whole.peak_mb) for name, of_one in took.items()]

    def imports(self) -> list[Took]:
        """The third import of the simulator and the package: files are in memory then."""
        command = [str(self.folder / ".venv/bin/python"), "-c", "import brianmem.delay.network"]
        for _ in range(3):
            took, _ = run("import", command, self.folder, self.home)
        return [took]

    def forget(self) -> None:
        """Empty the home, and what is kept beside modules."""
        shutil.rmtree(self.home, ignore_errors=True)
        for kept in self.folder.glob("[!.]*/**/__pycache__"):
            shutil.rmtree(kept)

    def figures(self) -> list[Took]:
        """`make figures` from nothing."""
        self.forget()
        shutil.rmtree(self.folder / "results", ignore_errors=True)
        return self.make("make figures, nothing compiled", "figures")

    def tests(self) -> list[Took]:
        """`make test` from nothing."""
        self.forget()
        return self.make("make test, nothing compiled", "test")

    def slow_tests(self) -> list[Took]:
        """The further tests of .ci/run, if there are any."""
        if "test-slow:" not in (self.folder / "Makefile").read_text():
            return []
        return self.make("make test-slow, after make test", "test-slow")


STEPS: dict[str, Callable[[Clone], list[Took]]] = {
    "import": Clone.imports,
    "program": lambda clone: clone.compiling("cpp_standalone"),
    "extension": lambda clone: clone.compiling("cython"),
    "fit": lambda clone: clone.compiling("fit"),
    "figures": Clone.figures,
    "unchanged": lambda clone: clone.make("make figures, unchanged", "figures"),
    "lint": lambda clone: clone.make("make lint", "lint"),
    "test": Clone.tests,
    "slow": Clone.slow_tests,
    "again": lambda clone: clone.make("make test, again", "test"),
}


def table(measured: dict[str, dict[str, list[dict]]], revisions: list[str]) -> pd.DataFrame:
    """A row for each thing that took time, with both revisions beside each other."""
    took = {
        revision: {one["what"]: one for step in STEPS for one in measured[revision].get(step, ())}
        for revision in revisions
    }
    names = ("before", "after") if len(revisions) == 2 else revisions
    rows = []
    for what in dict.fromkeys(what for of_one in took.values() for what in of_one):
        row = {"": what}
        for name, revision in zip(names, revisions, strict=True):
            one = took[revision].get(what)
            row[f"{name}: s"] = one["wall"] if one else None
            row[f"{name}: processor s"] = one["processor"] if one else None
            row[f"{name}: peak MB"] = one["peak_mb"] if one else None
            if one and one["status"]:
                row[""] += f" ({name}: status {one['status']})"
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_run", description=__doc__)
    parser.add_argument("revisions", nargs="+", help="of git, the older one first")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=[*STEPS])
    parser.add_argument("--work", type=Path, required=True, help="folder for the clones")
    parser.add_argument("--out", type=Path, help="write the table to this file, too")
    options = parser.parse_args()
    store = options.work / "measured.json"
    measured = json.loads(store.read_text()) if store.exists() else {}
    for revision in options.revisions:
        done = measured.setdefault(revision, {})
        clone = Clone(revision, options.work.absolute() / revision)
        for step in options.steps:
            if step in done:
                continue
            print(f"{revision}: {step} ...", file=sys.stderr, flush=True)
            done[step] = [asdict(one) for one in STEPS[step](clone)]
            store.write_text(json.dumps(measured, indent=1))
    shown = section("The older revision beside the newer one", table(measured, options.revisions))
    text = f"# A first run\n\n{describe(os.cpu_count())}.\n\n{shown}\n"
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
