"""Fixtures: a folder with tables, and figures that are closed after the test."""

import matplotlib.pyplot as plt
import pytest

from brianmem import tables
from protocols import cli
from protocols.delay import precision, sequence, targets, training
from protocols.lowrank.boundary import SCHEMAS, BoundaryTask, run_task
from tests.analysis.folder import write

SIZE = {"n_neurons": 40, "n_delays": 12, "n_steps": 80, "n_patterns": 3, "firing_prob": 0.02}
NOT_COMPILED = ["--jobs", "0", "--backend", "numpy"]
SMALL = [
    (precision.PROTOCOL, {"keep": "1,0.3", "n_levels": "auto,7", "seed": "0,1"}),
    (training.PROTOCOL, {"n_epochs": 12, "seed": "0,1"}),
    (
        targets.PROTOCOL,
        {
            "target": "bernoulli,periodic,waves",
            "wavelength": 40,
            "n_periods": 3,
            "learner": "hebbian,margin",
            "seed": "0,1",
        },
    ),
    (sequence.PROTOCOL, {"learner": "hebbian,margin", "seed": "0,1", "background_steps": 20}),
]


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
def rasters(tmp_path_factory):
    """Tables of small delay networks, by schema: protocols that have figures of many rows."""
    folder = tmp_path_factory.mktemp("rasters")
    for protocol, settings in SMALL:
        options = [f"--set={name}={value}" for name, value in (SIZE | settings).items()]
        assert cli.main(protocol, [*options, *NOT_COMPILED, "--out", str(folder)]) == 0
    return {
        schema: tables.read(schema, folder) for protocol, _ in SMALL for schema in protocol.schemas
    }


@pytest.fixture(scope="session")
def folder(tmp_path_factory, boundary, rasters):
    folder = tmp_path_factory.mktemp("tables")
    write(folder)
    write(folder, boundary)
    write(folder, rasters)
    return folder


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")
