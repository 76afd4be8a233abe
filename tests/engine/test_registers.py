"""The growing frame gives the same bits in registers of every width, and those of NumPy."""

import ctypes
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from brianmem.compiled.compiler import FLAGS, NATIVE
from brianmem.engine import numpy_loop
from brianmem.engine.templates import SUPPORT
from brianmem.engine.weights import LowRankWeights, frame_columns
from brianmem.lowrank.geometry import encoder
from tests.engine.networks import draw

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
SOURCE = Path(__file__).parent / "growing_library.cpp"
REAL = {np.float32: "float", np.float64: "double"}
# Beyond 64 log(2), so that s starts again from 1.
DURATION = 50.0
DRIVE, BIAS = 1.6, 0.6
CREDIT = 1e4


def compiled(source, path, dtype, *options):
    command = ["g++", *FLAGS, f"-I{SUPPORT}", f"-DBRIANMEM_REAL={REAL[dtype]}", *options]
    subprocess.run([*command, str(source), "-o", str(path)], check=True)
    return str(path)


@pytest.fixture(
    scope="module", params=[pytest.param(np.float32, marks=pytest.mark.slow), np.float64]
)
def library(request, tmp_path_factory):
    """The compiled loop, and the numbers that it computes with."""
    path = tmp_path_factory.mktemp("library") / "growing_frame.so"
    return ctypes.CDLL(compiled(SOURCE, path, request.param, "-shared", "-fPIC")), request.param


@cache
def case(dtype, n, mirrored, tied):
    """Columns, starts and numbers of three networks: two take turns, and one is alone.

    Tied, so coarse that many neurons fire at once.
    """
    weights, starts = [], []
    for seed in range(3):
        drawn = draw(n, seed)
        matrix, start = drawn.weights, drawn.start
        if mirrored:
            matrix = np.random.default_rng(seed).standard_normal((n // 2, n)) / n
        if tied:
            unit = 2.0 ** -np.ceil(np.log2(4 * n))
            matrix, start = np.round(matrix / unit) * unit, np.round(start * 4) / 4
        low_rank = LowRankWeights(encoder(n // 2), matrix, 0.5, 1 / n) if mirrored else None
        weights.append(low_rank or matrix)
        starts.append(start)
    columns = frame_columns(weights, dtype, mirrored)
    # The lift of all: what the columns mean depends on it, and any will do.
    return columns, starts, (columns.lift[0], 1.0, DRIVE, BIAS)


@cache
def in_numpy(dtype, n, mirrored, tied):
    """Spikes, potentials, credits and failure of the slow twin."""
    columns, starts, numbers = case(dtype, n, mirrored, tied)
    record, v, credits = numpy_loop.Record(), np.concatenate(starts), np.full(len(starts), CREDIT)
    for k in range(len(starts)):
        net = numpy_loop.frame(
            columns.weight, columns.own, columns.lift, k, n, columns.pitch, mirrored
        )
        net.lift, net.tau, net.drive, net.bias = numbers
        potentials = v[k * n : (k + 1) * n]
        numpy_loop.run_frame(net, potentials, 0, DURATION, k * n, credits[k : k + 1], record)
    return record.neuron, record.time, v, credits, record.failure[:2]


def in_registers(library, n_bytes, dtype, n, mirrored, tied):
    """The same of the compiled loop."""

    def pointer(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    columns, starts, numbers = case(dtype, n, mirrored, tied)
    room = 100_000
    v, credits = np.concatenate(starts), np.full(len(starts), CREDIT)
    neuron, time = np.zeros(room, np.int32), np.zeros(room)
    failure = np.zeros(2, np.int32)
    library.run.restype = ctypes.c_long
    n_spikes = library.run(
        n_bytes,
        ctypes.c_bool(mirrored),
        ctypes.c_long(n),
        ctypes.c_long(len(starts)),
        ctypes.c_long(columns.pitch),
        pointer(columns.weight),
        pointer(columns.own),
        pointer(np.array(numbers)),
        pointer(v),
        ctypes.c_double(DURATION),
        pointer(credits),
        pointer(neuron),
        pointer(time),
        ctypes.c_long(room),
        pointer(failure),
    )
    return neuron[:n_spikes], time[:n_spikes], v, credits, failure


@pytest.mark.parametrize("register_bytes", [16, 32, 64])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("n", [2, 6, 34, 62, 64, 150, 290])
def test_the_same_bits_in_registers_of_every_width(library, register_bytes, n, mirrored, tied):
    code, dtype = library
    expected = in_numpy(dtype, n, mirrored, tied)
    assert len(expected[0]) > n
    found = in_registers(code, register_bytes, dtype, n, mirrored, tied)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_widest_registers_are_chosen(library):
    flags = Path("/proc/cpuinfo")
    if not flags.exists() or not NATIVE:
        pytest.skip("only Linux on x86-64 tells what the processor has")
    has = re.search(r"^flags.*", flags.read_text(), re.MULTILINE)[0].split()
    expected = 64 if "avx512f" in has else 32 if "avx2" in has else 16
    assert library[0].widest_registers() == expected


# What finds the larger numbers of two registers, by their width, and that of two numbers.
PACKED = {64: r"vmaxp[sd]\s.*%zmm", 32: r"vmaxp[sd]\s.*%ymm", 16: r"\bmaxp[sd]\s"}
SINGLE = r"\bv?maxs[sd]\s"


@pytest.mark.skipif(shutil.which("objdump") is None, reason="there is no objdump to read code with")
@pytest.mark.skipif(not NATIVE, reason="knows the instructions of x86-64 only")
def test_whole_registers_are_compared(library):
    """Compilers take what no register holds, and some of what one does, apart into numbers."""
    command = ["objdump", "-d", "-C", "--no-show-raw-insn", library[0]._name]
    code = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions = re.findall(r"<void brianmem::in_registers_of_(\d+)<[^@\n]*>:\n((?:.+\n)+)", code)
    assert sorted(int(width) for width, _ in functions) == [16, 16, 32, 32, 64, 64]
    for width, body in functions:
        # Only the last of a register's numbers are compared one by one.
        n_packed = len(re.findall(PACKED[int(width)], body))
        assert n_packed > len(re.findall(SINGLE, body))
