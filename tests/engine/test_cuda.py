"""What the engine compiles for GPUs, where there may be none; what it does is tested elsewhere.

The fixture `backend` runs the same programs on a CPU, and on a GPU if there is one.
"""

import subprocess

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, get_device, ms, prefs
from scipy.sparse import csr_array

from brianmem import cuda, cuda_toolkit
from brianmem.brian import brian_backend
from brianmem.engine import DelayStep, EventDriven
from brianmem.errors import ProgramError
from tests.engine import on_cpu

MODELS = {
    "event_loop": ("dv/dt = (2 - v)/tau_i : 1\ntau_i : second", {"reset": "v = 0"}),
    "growing_frame": ("dv/dt = (2 - v)/(10*ms) : 1", {"reset": ""}),
    "one_by_one": ("dv/dt = (2 + v**2)/(10*ms) : 1", {"reset": "v = 0", "method": "euler"}),
    "dense_delays": ("dv/dt = -v/(10*ms) : 1", {"reset": "v = 0", "method": "exact"}),
    "sparse_delays": ("dv/dt = -v/(10*ms) : 1", {"reset": "v = 0", "method": "exact"}),
}
TABLE = np.random.default_rng(0).standard_normal((60, 20))
WEIGHTS = {"dense_delays": TABLE, "sparse_delays": csr_array(TABLE)}


@pytest.mark.nvcc
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::brianmem.errors.InexactWarning")
@pytest.mark.parametrize("name", MODELS)
def test_programs_are_compiled_and_linked(name, monkeypatch, tmp_path, capfd):
    lacking = cuda_toolkit.missing_to_generate() or cuda_toolkit.missing_to_compile()
    if lacking:
        pytest.skip(f"nvcc compiles nothing without {lacking}")
    nowhere_to_run = cuda_toolkit.missing_to_run()
    monkeypatch.setattr(cuda_toolkit, "missing_to_run", lambda: None)
    cuda.settings()  # defines brian2cuda's preferences
    for preference, value in on_cpu.NO_GPU.items():
        monkeypatch.setitem(prefs, cuda.PREFERENCES + preference, value)
    model, options = MODELS[name]
    with brian_backend("cuda_standalone", build_on_run=False):
        group = NeuronGroup(40, model, threshold="v > 1", name="tested", **options)
        if name in WEIGHTS:
            engine = DelayStep(group, WEIGHTS[name], name="tested_engine")
        else:
            engine = EventDriven(group, -np.eye(20), name="tested_engine")
        Network(group, engine).run(1 * ms)
        get_device().build(run=False, directory=str(tmp_path), with_output=False)
        assert "warning" not in capfd.readouterr().err
        program = tmp_path / "main"
        symbols = subprocess.run(["nm", program], capture_output=True, text=True, check=True)
        assert engine.n_blocks == 2
        assert "_run_kernel_tested_engine_codeobject" in symbols.stdout
        if nowhere_to_run:  # it finds its libraries, and no GPU
            with pytest.raises(ProgramError, match="cudaSetDevice"):
                get_device().run(str(tmp_path), "results", with_output=False)
