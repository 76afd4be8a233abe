"""Fixtures: a folder with tables, and figures that are closed after the test."""

import matplotlib.pyplot as plt
import pytest

from tests.analysis.folder import write


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write(folder)
    return folder


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")
