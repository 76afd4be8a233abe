"""The delay network's neuron, as text: a leaky integrator that is reset to zero.

Perrinet (2026), model equations, with beta = exp(-step/tau). The network gives tau and theta; w is
the learned weight of a synapse.
"""

from brianmem.equations import Model

LIF = Model(
    model="dv/dt = -v/tau : 1",
    threshold="v >= theta",
    reset="v = 0",
    pulse="v_post += w",
)
