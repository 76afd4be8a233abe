"""How the tests start the toy protocol: in a process of its own, as users do, or in this one."""

import io
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from protocols import cli
from tests.sweep.toy import PROTOCOL

SLOW = ("--set", "seconds=0.02")
ROOT = Path(__file__).parents[2]


class Toy:
    """Starts `python -m tests.sweep.toy` and knows which tasks have been run."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = folder / "log"
        self.mended = folder / "mended"

    def start(self, *arguments, out="out", **options) -> subprocess.Popen:
        """Begin a sweep of slow tasks in a process group of its own."""
        command = [sys.executable, "-m", "tests.sweep.toy", "--out", self.folder / out, *SLOW]
        command += arguments
        environment = os.environ | {"TOY_LOG": str(self.log), "TOY_MENDED": str(self.mended)}
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )

    def run_apart(self, *arguments, out="out", **options) -> tuple[int, str, str]:
        """Status, standard output and standard error of a sweep."""
        process = self.start(*arguments, out=out, **options)
        output, errors = process.communicate(timeout=120)
        return process.returncode, output, errors

    def run(self, *arguments, out="out") -> tuple[int, str, str]:
        """The same in this process, which takes less time."""
        command = [str(part) for part in ("--out", self.folder / out, "--jobs", 0, *arguments)]
        output, errors = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            redirect_stdout(output),
            redirect_stderr(errors),
        ):
            patch.setenv("TOY_LOG", str(self.log))
            patch.setenv("TOY_MENDED", str(self.mended))
            status = cli.main(PROTOCOL, command)
        return status, output.getvalue(), errors.getvalue()

    def table(self, out="out") -> bytes:
        """The table as it stands on the disk."""
        return (self.folder / out / "toy.csv").read_bytes()

    def parts(self, out="out") -> list[Path]:
        """The parts that are finished."""
        return sorted((self.folder / out / "parts").rglob("[!.]*.json"))

    def ran(self) -> list[int]:
        """Numbers of the tasks that were begun, in order, since the log was last removed."""
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []

    def forget(self) -> None:
        """Begin a new log."""
        self.log.unlink(missing_ok=True)


def kill(process: subprocess.Popen) -> None:
    """Kill a sweep with all of its workers, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture
def toy(tmp_path):
    return Toy(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The table of the whole grid, computed without any trouble."""
    toy = Toy(tmp_path_factory.mktemp("undisturbed"))
    assert toy.run()[0] == 0
    assert sorted(toy.ran()) == list(range(200))
    return toy.table()
