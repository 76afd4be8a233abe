"""What programs for GPUs share, on a CPU: it needs g++, and neither a GPU nor brian2cuda."""

import shutil
import subprocess
from pathlib import Path

import pytest

from brianmem.engine.templates import SUPPORT
from tests.engine.on_cpu import COMPILE

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
HERE = Path(__file__).parent
# The highest number of a block of 128 threads, as each of them knows it.
HIGHEST = """
#include "cuda_on_cpu.h"
int main() {
    int wrong = 0;
    cuda_on_cpu::launch({3, 128}, [&] {
        __shared__ int best[4];
        int mine = threadIdx.x * 37 % 128 + 1000 * blockIdx.x;
        for (int reach = 16; reach > 0; reach /= 2)
            mine = max(mine, __shfl_sync(0xffffffff, mine, threadIdx.x ^ reach));
        if (threadIdx.x % 32 == 0) best[threadIdx.x / 32] = mine;
        BARRIER
        for (int warp = 0; warp < 4; warp++) mine = max(mine, best[warp]);
        wrong += mine != 127 + 1000 * blockIdx.x;
    });
    return wrong > 0;
}
"""


def compiled(source, program, *more):
    command = [*COMPILE, *more, "-x", "c++", str(source), "-o", str(program)]
    subprocess.run(command, check=True, timeout=300)
    return str(program)


@pytest.mark.parametrize(
    ("barrier", "status", "message"),
    [
        ("__syncthreads();", 0, ""),
        ("", 1, ""),
        ("if (threadIdx.x < 64) __syncthreads(); else __syncthreads_count(1);", 70, "different"),
        ("__shfl_sync(1, 0, 0);", 70, "own mask"),
        ("if (threadIdx.x < 31) __syncwarp();", 70, "wait for each other"),
    ],
)
def test_mistakes_with_barriers_are_found(barrier, status, message, tmp_path):
    source = tmp_path / "highest.cpp"
    source.write_text(HIGHEST.replace("BARRIER", barrier))
    program = compiled(source, tmp_path / "highest")
    found = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == status
    assert message in found.stderr


def test_a_block_of_threads_adds_as_a_cpu_does(tmp_path):
    program = compiled(HERE / "delay_block.cpp", tmp_path / "delay_block", f"-I{SUPPORT}")
    found = subprocess.run([program], capture_output=True, text=True, check=False, timeout=120)
    assert found.stdout == ""
    assert found.returncode == 0
