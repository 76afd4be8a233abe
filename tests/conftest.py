"""Fixtures: the backends that can run here, and hypothesis without time limits."""

import gc

import pytest
from brian2.core.names import Nameable
from hypothesis import settings

from brianmem import cuda_toolkit
from brianmem.backends import RUNTIME, check_backend
from brianmem.errors import InputError
from tests.engine import on_cpu

settings.register_profile("brianmem", deadline=None, max_examples=50)
settings.load_profile("brianmem")


# Backends whose programs take seconds to build; one of them serves a single test.
BUILT = ("cpp_standalone", pytest.param("cuda_standalone", marks=pytest.mark.gpu), "cuda_on_cpu")
# Fixtures that take seconds; tests that share one run in one process.
COSTLY = {"rasters", "made", "library", "scheduler"}
OF_BACKENDS = ("backend", "runtime_backend", "program_backend", "gpu_backend")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests that are marked slow, too")


def pytest_itemcollected(item):
    """What is compiled is slow, but for tests marked `glue`; what is costly is prepared once."""
    for fixture in COSTLY.intersection(item.fixturenames):
        item.add_marker(pytest.mark.xdist_group(fixture))
    if _compiles(item) and "glue" not in item.keywords:
        item.add_marker(pytest.mark.slow)
    if "slow" in item.keywords and not item.config.option.slow:
        item.add_marker(pytest.mark.skip(reason="slow: make test-slow runs it"))


def _compiles(item) -> bool:
    values = item.callspec.params if hasattr(item, "callspec") else {}
    return any(values.get(name, "numpy") != "numpy" for name in OF_BACKENDS)


@pytest.fixture(autouse=True, scope="module")
def frozen():
    """Brian2 collects garbage before every run, and would go through all of pytest each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def fresh_names():
    """Names, and with them the code that is compiled, do not tell which tests ran before."""
    Nameable.__instances__().clear()


@pytest.fixture(params=[*RUNTIME, *BUILT])
def backend(request, monkeypatch):
    """Every backend; and programs for a GPU whose threads take turns on a CPU."""
    return _prepared(request.param, monkeypatch)


@pytest.fixture(params=BUILT)
def program_backend(request, monkeypatch):
    """For what only programs do."""
    return _prepared(request.param, monkeypatch)


@pytest.fixture(params=BUILT[1:])
def gpu_backend(request, monkeypatch):
    """For what only programs for GPUs do."""
    return _prepared(request.param, monkeypatch)


@pytest.fixture(params=RUNTIME)
def runtime_backend(request):
    """For what Cython and the C++ programs compile from the same header: a build costs seconds."""
    return _available(request.param)


def _prepared(name, monkeypatch):
    if name != "cuda_on_cpu":
        return _available(name)
    if cuda_toolkit.missing_to_generate():
        pytest.skip(f"programs for GPUs need {cuda_toolkit.missing_to_generate()}")
    on_cpu.use(monkeypatch)
    return "cuda_standalone"


def _available(name):
    try:
        check_backend(name)
    except InputError as error:
        pytest.skip(str(error))
    return name
