"""Fixtures: a folder with tables, and figures that are closed after the test."""

import matplotlib.pyplot as plt
import pytest

from brianmem import tables
from protocols.lowrank.boundary import SCHEMAS, BoundaryTask, run_task
from tests.analysis.folder import write


@pytest.fixture(scope="session")
def boundary():
    """Tables of boundaries, by schema: a polygon and two memories, in short runs."""
    cases = "one_neuron", "symmetric", "stored"
    made = [run_task(BoundaryTask(0, case, 5.0, 1.0, "numpy", True)) for case in cases]
    return {
        schema: tables.from_rows(schema, [row for rows in made for row in rows[schema.name]])
        for schema in SCHEMAS
    }


@pytest.fixture(scope="session")
def folder(tmp_path_factory, boundary):
    folder = tmp_path_factory.mktemp("tables")
    write(folder)
    write(folder, boundary)
    return folder


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")
