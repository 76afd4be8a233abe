"""What is installed: every file that the packages read is named in pyproject.toml."""

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
