"""Fixtures: the backends that can run here, and hypothesis without time limits."""

import pytest
from hypothesis import settings

from brianmem.backends import BACKENDS, check_backend
from brianmem.errors import InputError

settings.register_profile("brianmem", deadline=None, max_examples=50)
settings.load_profile("brianmem")


@pytest.fixture(params=BACKENDS)
def backend(request):
    try:
        check_backend(request.param)
    except InputError as error:
        pytest.skip(str(error))
    return request.param
