"""The Makefile: one process makes all tables that are outdated, and nothing is made twice."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from protocols.__main__ import PROTOCOLS

HERE = Path(__file__).parents[1]
TABLES = "results/smoke/tables"
# In place of Python: it notes what it is called with, and makes the tables of protocols.
PRETENDED = """#!/bin/sh
echo "$*" >> calls; mkdir -p results/smoke/tables
shift
case $1 in
  protocols) shift; while [ "$1" != --grid ]; do
    touch results/smoke/tables/$(echo $1 | tr . _).csv; shift; done;;
  protocols.*) touch results/smoke/tables/$(echo ${1#protocols.} | tr . _).csv;;
  figures.report) touch results/smoke/report.html;;
esac
"""

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None or not (HERE / "Makefile").exists(), reason="there is no make"
)


@pytest.fixture
def made(tmp_path):
    """A function that runs `make figures` and returns the modules that were run, with names."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(HERE / name, tmp_path)
    for folder in ("brianmem", "protocols", "analysis", "figures", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "source.py").touch()
    python = tmp_path / ".venv/bin/python"
    python.write_text(PRETENDED)
    python.chmod(0o755)
    (tmp_path / ".venv/.ready").touch()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}

    def make(target="figures"):
        calls = tmp_path / "calls"
        calls.unlink(missing_ok=True)
        subprocess.run(
            ["make", target], cwd=tmp_path, env=environment, check=True, capture_output=True
        )
        if not calls.exists():
            return []
        found = [line.removeprefix("-m ") for line in calls.read_text().splitlines()]
        return [re.split(" --", line)[0].split() for line in found]

    return make


REST = [["figures.report"]]
FIRST = [["protocols.lowrank.boundary"], ["figures", "lowrank_boundary"]]


def test_one_process_makes_what_is_outdated(made, tmp_path):
    others = [name for name in PROTOCOLS if name != "lowrank.boundary"]
    assert made() == [*FIRST, ["protocols", *others], *REST]
    assert made() == []
    (tmp_path / TABLES / "delay_recall.csv").unlink()
    assert made() == [["protocols", "delay.recall"], *REST]
    time.sleep(0.01)  # a source that is newer than all tables
    (tmp_path / "protocols/source.py").touch()
    assert made() == [*FIRST, ["protocols", *others], *REST]
    time.sleep(0.01)
    (tmp_path / "figures/source.py").touch()
    assert made() == REST


def test_what_was_stopped_is_outdated_still(made, tmp_path):
    made()
    table = tmp_path / TABLES / "delay_scan.csv"
    table.unlink()
    python = tmp_path / ".venv/bin/python"
    python.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        made()
    python.write_text(PRETENDED)
    assert made() == [["protocols", "delay.scan"], *REST]
    assert table.exists()
