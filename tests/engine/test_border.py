"""Every model once by plain Brian2 and once by the engine, on every backend."""

from functools import cache

import numpy as np
import pytest

from brianmem.backends import CUDA
from tests.engine.border.examples import EXAMPLES
from tests.engine.border.model import Model, run
from tests.engine.border.models import CLOCK_BOUND, ONE_VARIABLE, SEVERAL

MODELS = {model.name: model for model in (*ONE_VARIABLE, *SEVERAL, *CLOCK_BOUND, *EXAMPLES)}


# One or two of each kind; make test-slow runs them all.
QUICK = {
    "leaky",
    "copies of a network",
    "no leak",
    "volts, with a current and a resistance",
    "frozen in the refractory period, and hit",
    "a counter of pulses, strict",
    "a counter of pulses, not strict",
    "a reset that remembers",
    "an input in steps",
    "an exponential synapse",
    "a threshold that two variables meet",
    "two variables that move alike",
    "noise, and a threshold that follows the clock",
    "IF_curve_LIF",
    "reliability",
    "Diesmann_et_al_1999",
    "Tsodyks_Uziel_Markram_2000",
    "Vogels_et_al_2011",
}
PARAMETERS = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in MODELS
]


@cache
def by_brian(name: str, backend: str) -> dict:
    model = MODELS[name]
    # What draws random numbers, or is compared bit by bit, is compared within a backend.
    return run(model, backend if model.fine is None else "numpy", plain=True)


@pytest.mark.filterwarnings("ignore::brianmem.errors.InexactWarning")
@pytest.mark.parametrize("name", PARAMETERS)
def test_the_engine_keeps_the_contract(name, backend):
    model = MODELS[name]
    if model.random and backend == CUDA:
        pytest.skip("random numbers are compared on CPUs, and programs for GPUs there have none")
    expected = by_brian(name, backend)
    assert len(expected["i"]) > 4, "a model that hardly fires tells nothing"
    for form in model.forms:
        found = run(model, backend, plain=False, form=form)
        if model.fine is None:
            same(found, expected)
        else:
            alike(found, expected, model)


def same(found: dict, expected: dict) -> None:
    """On the same clock: to the last bit."""
    for name, values in expected.items():
        if name == "final":
            for state, value in values.items():
                np.testing.assert_array_equal(found["final"][state], value, err_msg=state)
        else:
            np.testing.assert_array_equal(found[name], values, err_msg=name)


def alike(found: dict, expected: dict, model: Model) -> None:
    """Spikes in the same order; Brian2's each up to a step of its clock later than it should be."""
    for name in ("count", "passed", "arrived"):
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    neurons, times = found["exact"]
    fine = model.fine * 1e-3
    exact, before = np.lexsort((times, neurons)), np.lexsort((expected["t"], expected["i"]))
    np.testing.assert_array_equal(neurons[exact], expected["i"][before])
    # A spike that is late makes those that depend on it late, by some part of a step each.
    late = fine * (1 + expected["t"].argsort().argsort() / 2)
    assert (np.abs(times[exact] - (expected["t"] + fine / 2)[before]) <= late[before]).all()
    order = np.argsort(found["i"], kind="stable")
    for name in model.recorded:
        largest = np.abs(expected[name]).max()
        bound = largest * late / (model.fastest * 1e-3)
        error = np.abs(found[name][order] - expected[name][before])
        assert (error <= bound[before]).all(), (name, error.max() / largest)
    for name, values in expected["final"].items():
        bound = np.abs(values).max() * late.max() / (model.fastest * 1e-3)
        np.testing.assert_allclose(found["final"][name], values, rtol=0, atol=bound, err_msg=name)
