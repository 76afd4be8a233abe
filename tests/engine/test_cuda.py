"""What the engine generates for CUDA; running it needs a GPU."""

import sys
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms, prefs
from brian2.devices import device, reset_device, set_device

from brianmem.engine import EventDriven

MODELS = {
    "event_loop": ("dv/dt = (2 - v)/tau_i : 1\ntau_i : second", {"reset": "v = 0"}),
    "growing_frame": ("dv/dt = (2 - v)/(10*ms) : 1", {"reset": ""}),
    "one_by_one": ("dv/dt = (2 + v**2)/(10*ms) : 1", {"reset": "v = 0", "method": "euler"}),
}


@pytest.mark.filterwarnings("ignore::brianmem.errors.InexactWarning")
@pytest.mark.parametrize("template", MODELS)
def test_kernels_are_generated(template, tmp_path):
    if sys.version_info < (3, 12):
        pytest.skip("brian2cuda 1.0b1 needs Python 3.12")
    pytest.importorskip("brian2cuda", reason="the extra 'cuda' is not installed")
    model, options = MODELS[template]
    backend = prefs.devices.cuda_standalone.cuda_backend
    backend.detect_gpus, backend.gpu_id, backend.compute_capability = False, 0, 9.0
    set_device("cuda_standalone", directory=str(tmp_path), build_on_run=False)
    try:
        group = NeuronGroup(40, model, threshold="v > 1", name="tested", **options)
        engine = EventDriven(group, -np.eye(20), name="tested_events")
        Network(group, engine).run(1 * ms)
        device.build(run=False, compile=False, directory=str(tmp_path))
        [source] = Path(tmp_path, "code_objects").glob("tested_events_codeobject*.cu")
        text = source.read_text()
        assert engine.n_blocks == 2
        assert "__global__" in text and "__syncthreads" in text
    finally:
        device.reinit()
        reset_device()
