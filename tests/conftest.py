"""Fixtures: the backends that can run here, and hypothesis without time limits."""

import gc

import pytest
from hypothesis import settings

from brianmem.backends import BACKENDS, check_backend
from brianmem.errors import InputError

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


@pytest.fixture(params=BACKENDS)
def backend(request):
    try:
        check_backend(request.param)
    except InputError as error:
        pytest.skip(str(error))
    return request.param


@pytest.fixture
def spare_build(request, backend):
    """A function that skips a case which needs a C++ program of its own, if others tell as much."""

    def skip(others_tell_as_much: bool) -> None:
        if others_tell_as_much and backend == "cpp_standalone" and not request.config.option.slow:
            pytest.skip("a C++ program of its own: pytest --slow builds it")

    return skip


@pytest.fixture(params=[name for name in BACKENDS if name != "cpp_standalone"])
def runtime_backend(request):
    """For what Cython and the C++ programs compile from the same header: a build costs seconds."""
    try:
        check_backend(request.param)
    except InputError as error:
        pytest.skip(str(error))
    return request.param
