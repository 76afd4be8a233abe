"""Fixtures: the backends that can run here, and hypothesis without time limits."""

import gc

import pytest
from brian2.core.names import Nameable
from hypothesis import settings

from brianmem import cuda
from brianmem.backends import RUNTIME, check_backend
from brianmem.errors import InputError
from tests.engine import on_cpu

settings.register_profile("brianmem", deadline=None, max_examples=50)
settings.load_profile("brianmem")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes: pytest --slow runs it"))


@pytest.fixture(autouse=True, scope="module")
def frozen():
    """Brian2 collects garbage before every run, and would go through all of pytest each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def fresh_names():
    """Names, and with them the code that is compiled, do not tell which tests ran before."""
    Nameable.__instances__().clear()


@pytest.fixture(
    params=[
        *RUNTIME,
        "cpp_standalone",
        pytest.param("cuda_standalone", marks=pytest.mark.gpu),
        "cuda_on_cpu",
    ]
)
def backend(request, monkeypatch):
    """Every backend; and programs for a GPU whose threads take turns on a CPU."""
    if request.param == "cuda_on_cpu":
        if cuda.missing_to_generate():
            pytest.skip(f"programs for GPUs need {cuda.missing_to_generate()}")
        on_cpu.use(monkeypatch)
        return "cuda_standalone"
    return _available(request.param)


def _available(name):
    try:
        check_backend(name)
    except InputError as error:
        pytest.skip(str(error))
    return name


@pytest.fixture
def spare_build(request, backend):
    """A function that skips a case which needs a C++ program of its own, if others tell as much."""

    def skip(others_tell_as_much: bool) -> None:
        if others_tell_as_much and backend not in RUNTIME and not request.config.option.slow:
            pytest.skip("a program of its own: pytest --slow builds it")

    return skip


@pytest.fixture(params=RUNTIME)
def runtime_backend(request):
    """For what Cython and the C++ programs compile from the same header: a build costs seconds."""
    return _available(request.param)
