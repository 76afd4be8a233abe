"""The low-rank network's neuron, as text: leaky integration, a delta pulse per spike, no reset.

Podlaski & Machens (2024), Eq. 1. The network gives tau, drive (I) and theta (T); the
self-connection in the weights does the work of a reset.
"""

from brianmem.equations import Model

LIF = Model(
    model="dv/dt = (drive - v)/tau : 1",
    threshold="v >= theta",
    reset="",
    pulse="v_post += w",
)
