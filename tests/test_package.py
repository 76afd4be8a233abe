"""What is installed: every file that the packages read is named in pyproject.toml."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
PYPROJECT = HERE / "pyproject.toml"


@pytest.mark.skipif(not PYPROJECT.exists(), reason="this is no checkout")
def test_every_file_of_a_package_is_installed():
    data = tomllib.loads(PYPROJECT.read_text())["tool"]["setuptools"]["package-data"]
    for package in ("brianmem", "protocols", "analysis", "figures"):
        files = {
            path
            for path in (HERE / package).rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc")
        }
        named = [
            path for pattern in data.get(package, ()) for path in HERE.glob(f"{package}/{pattern}")
        ]
        assert files <= set(named)


def test_a_folder_that_hides_the_package_is_named(tmp_path):
    """As beside a clone: python -m looks into the working folder first."""
    (tmp_path / "brianmem").mkdir()
    command = [sys.executable, "-m", "brianmem", "--version"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if found.returncode:  # an editable install is found behind the folder, another one before it
        assert found.returncode == 2
        assert found.stderr.startswith("brianmem: a folder brianmem here hides the package")
        assert found.stderr.count("\n") == 1
    else:
        assert found.stdout.startswith("brianmem 0")
