"""exp and log of the growing frame, against those of Python's library."""

import math
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brianmem.engine.elementary import exponential, logarithm
from brianmem.engine.templates import SUPPORT
from tests.engine.on_cpu import COMPILE

PROGRAM = """
#include <cstdio>
#include "elementary.h"
int main() {
    for (double x; fread(&x, sizeof x, 1, stdin) == 1;) {
        const double both[] = {brianmem::exponential(x), brianmem::logarithm(fabs(x))};
        fwrite(both, sizeof both, 1, stdout);
    }
}
"""


@given(st.floats(-700, 699.9))
@example(0.0)
@example(0.5 * math.log(2))
def test_exp(x):
    assert abs(exponential(x) - math.exp(x)) <= 2 * math.ulp(math.exp(x))


@given(st.floats(1e-300, 1e300))
@example(1.0)
@example(math.sqrt(0.5))
@example(math.nextafter(math.sqrt(0.5), 0))
@example(2.0**64)
def test_log(x):
    assert abs(logarithm(x) - math.log(x)) <= 2 * math.ulp(math.log(x))


def test_limits():
    assert exponential(0.0) == 1 and logarithm(1.0) == 0
    assert exponential(700.0) == exponential(math.inf) == math.inf
    assert exponential(-701.0) == exponential(-math.inf) == 0


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
@pytest.mark.parametrize("flags", [[], ["-O3", "-march=native"]])
def test_the_header_gives_the_same_bits(flags, tmp_path):
    source = tmp_path / "elementary.cpp"
    source.write_text(PROGRAM)
    program = str(tmp_path / "elementary")
    subprocess.run([*COMPILE, *flags, f"-I{SUPPORT}", str(source), "-o", program], check=True)
    rng = np.random.default_rng(0)
    many, few = np.exp(rng.uniform(-600, 600, 10_000)), rng.uniform(-800, 800, 10_000)
    given = np.concatenate([many, few, [-1e12]])
    told = subprocess.run([program], input=given.tobytes(), capture_output=True, check=True).stdout
    expected = [(exponential(x), logarithm(abs(x))) for x in given.tolist()]
    np.testing.assert_array_equal(np.frombuffer(told).reshape(-1, 2), expected)
