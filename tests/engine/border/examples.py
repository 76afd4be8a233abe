"""Networks of Brian2's own examples, written anew and small."""

import numpy as np
from brian2 import (
    Hz,
    NeuronGroup,
    PoissonGroup,
    Synapses,
    TimedArray,
    linked_var,
    ms,
    mV,
    nA,
    nS,
    pF,
)

from brianmem.engine import Exactness
from tests.engine.border.model import CLOCKED, Model, inputs

CLOSED, BRACKETED, ONE = Exactness.CLOSED_FORM, Exactness.BRACKETED, Exactness.ONE_BY_ONE
# Exact, but beside objects that follow the clock: on the same one.
BESIDE_A_CLOCK = {"fine": 0.1, "step": 0.1}


def _together(*makers):
    """What several makers of surrounding objects make."""
    return lambda group: [made for make in makers for made in make(group)]


def _synapses(on_pre: str, connect: str = "i != j", equations: str = "", names=None, **options):
    """Recurrent Synapses as the example has them, beside the engine."""

    def around(group: NeuronGroup) -> list:
        found = Synapses(
            group, group, equations, on_pre=on_pre, clock=group.clock, name="own",
            namespace=names or {}, **options,
        )  # fmt: skip
        found.connect(connect)
        return [found]

    return around


def _shared_input(group: NeuronGroup) -> list:
    """A fluctuating input that all neurons see."""
    source = NeuronGroup(
        1, "dx/dt = -x/tau_x + (2/tau_x)**.5*xi : 1", method="euler",
        namespace={"tau_x": 5 * ms}, clock=group.clock, name="input",
    )  # fmt: skip
    group.x = linked_var(source, "x")
    return [source]


def _short_term_depression(group: NeuronGroup) -> list:
    found = Synapses(
        group, group,
        """
        dx/dt = z/(80*ms) : 1 (clock-driven)
        dy/dt = -y/(3*ms) : 1 (clock-driven)
        z = 1 - x - y : 1
        current_post = 4*mV*y : volt (summed)""",
        on_pre="y += 0.5*x; x += -0.5*x", method="exact", clock=group.clock, name="own",
    )  # fmt: skip
    found.connect("i != j")
    found.x = 1
    return [found]


def _inhibitory_plasticity(group: NeuronGroup) -> list:
    found = Synapses(
        group[4:], group[:4],
        """
        w : 1
        dApre/dt = -Apre/(20*ms) : 1 (event-driven)
        dApost/dt = -Apost/(20*ms) : 1 (event-driven)""",
        on_pre="Apre += 1; w = clip(w + (Apost - 0.12)*eta, 0, 100); g_gaba_post += w*nS",
        on_post="Apost += 1; w = clip(w + Apre*eta, 0, 100)",
        namespace={"eta": 0.3}, clock=group.clock, name="own",
    )  # fmt: skip
    found.connect()
    found.w = 1
    return [found]


def _poisson_with_stdp(group: NeuronGroup) -> list:
    source = PoissonGroup(40, 60 * Hz, clock=group.clock, name="poisson")
    found = Synapses(
        source, group,
        """
        w : 1
        dApre/dt = -Apre/(20*ms) : 1 (event-driven)
        dApost/dt = -Apost/(20*ms) : 1 (event-driven)""",
        on_pre="ge_post += 0.4*w; Apre += 0.1; w = clip(w + Apost, 0, 1)",
        on_post="Apost -= 0.105; w = clip(w + Apre, 0, 1)",
        clock=group.clock, name="own",
    )  # fmt: skip
    found.connect()
    found.w = "0.1 + 0.02*i"
    return [source, found]


def _delay_lines(group: NeuronGroup) -> list:
    source = NeuronGroup(
        2, "dx/dt = (5*sin(2*pi*300*Hz*t)**3 - x)/ms : 1 (unless refractory)", threshold="x > 1",
        reset="x = 0", refractory=2 * ms, method="euler", clock=group.clock, name="receptors",
    )  # fmt: skip
    found = Synapses(source, group, on_pre="v_post += 0.6", clock=group.clock, name="own")
    found.connect()
    found.delay = "i*(1 + j)*0.7*ms"
    return [source, found]


def _noisy_inputs(group: NeuronGroup) -> list:
    group.run_regularly("I_noise = 5*randn()", dt=1 * ms)
    return []


CONDUCTANCES = """
dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v) + I_na + I_kd)/Cm : volt
I_na = -g_na*m**3*h*(v - ENa) : amp
I_kd = -g_kd*n**4*(v - EK) : amp
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dge/dt = -ge/(5*ms) : siemens
dgi/dt = -gi/(10*ms) : siemens
alpha_m = 0.32*4/exprel((13 - v/mV + VT/mV)/4)/ms : Hz
beta_m = 0.28*5/exprel((v/mV - VT/mV - 40)/5)/ms : Hz
alpha_h = 0.128*exp((17 - v/mV + VT/mV)/18)/ms : Hz
beta_h = 4/(1 + exp((40 - v/mV + VT/mV)/5))/ms : Hz
alpha_n = 0.032*5/exprel((15 - v/mV + VT/mV)/5)/ms : Hz
beta_n = 0.5*exp((10 - v/mV + VT/mV)/40)/ms : Hz
"""
HODGKIN_HUXLEY = {
    "gl": 10 * nS, "El": -60 * mV, "Ee": 0 * mV, "Ei": -80 * mV, "Cm": 200 * pF, "VT": -63 * mV,
    "g_na": 20e3 * nS, "ENa": 50 * mV, "g_kd": 6e3 * nS, "EK": -90 * mV,
}  # fmt: skip

EXAMPLES = [
    Model(
        "adaptive_threshold",
        BRACKETED,
        "dv/dt = -v/(10*ms) : volt\ndvt/dt = (10*mV - vt)/(15*ms) : volt",
        "v > vt",
        "v = 0*mV; vt += 3*mV",
        start={"vt": "10*mV + 0.1*i*mV"},
        recorded=("v", "vt"),
        around=inputs(range(1, 29), "v_post += 3*mV"),
    ),
    Model(
        "IF_curve_LIF",
        CLOSED,
        "dv/dt = (v0 - v)/tau : volt (unless refractory)\nv0 : volt",
        "v > 10*mV",
        "v = 0*mV",
        refractory=5 * ms,
        n=20,
        names={"tau": 10 * ms},
        start={"v0": "20*mV*i/19"},
        duration=40,
    ),
    Model(
        "CUBA",
        BRACKETED,
        """
        dv/dt = (ge + gi - (v - El))/(20*ms) : volt (unless refractory)
        dge/dt = -ge/(5*ms) : volt
        dgi/dt = -gi/(10*ms) : volt""",
        "v > -50*mV",
        "v = -60*mV",
        refractory=5 * ms,
        n=8,
        names={"El": -49 * mV},
        start={"v": "(-60 + 1.2*i)*mV", "ge": "8*mV"},
        pulse="ge_post += w; gi_post -= 2*w",
        strength=1.62 * mV,
        unit="volt",
        recorded=("v", "ge", "gi"),
        around=inputs([3, 6, 7, 12, 19, 26], "ge_post += 9*mV"),
        duration=40,
    ),
    Model(
        "COBAHH",
        ONE,
        CONDUCTANCES,
        "v > -20*mV",
        refractory=3 * ms,
        method="exponential_euler",
        names=HODGKIN_HUXLEY,
        start={"v": "-60*mV", "ge": "(20 + 4*i)*nS", "h": 1},
        recorded=("v", "ge"),
        around=_synapses("ge_post += 2*nS"),
        **CLOCKED,
    ),
    Model(
        "phase_locking",
        ONE,
        "dv/dt = (-v + a*sin(2*pi*100*Hz*t) + 1.2)/(5*ms) : 1\na : 1",
        "v > 1",
        "v = 0",
        method="euler",
        start={"a": "0.05 + 0.12*i"},
        **CLOCKED,
    ),
    Model(
        "reliability",
        ONE,
        "dv/dt = (x + 1.5 - v)/tau + 0.1*xi*tau**-.5 : 1 (unless refractory)\nx : 1 (linked)",
        "v > 1",
        "v = 0",
        refractory=1 * ms,
        method="euler",
        names={"tau": 5 * ms},
        around=_shared_input,
        **CLOCKED,
    ),
    Model(
        "reliability, without noise of each neuron's own",
        CLOSED,
        "dv/dt = (0.3*x + 1.5 + 0.1*i - v)/tau : 1 (unless refractory)\nx : 1 (linked)",
        "v > 1",
        "v = 0",
        refractory=1 * ms,
        names={"tau": 5 * ms},
        draws=True,
        around=_shared_input,
        **BESIDE_A_CLOCK,
    ),
    Model(
        "Brette_2004",
        ONE,
        "dv/dt = (-v + a + 2*sin(2*pi*t/tau))/tau : 1\na : 1",
        "v > 1",
        "v = 0",
        method="euler",
        names={"tau": 10 * ms},
        start={"a": "2 + 0.3*i"},
        **CLOCKED,
    ),
    Model(
        "Rossant_et_al_2011bis",
        BRACKETED,
        """
        dv/dt = (ge + gi - (v - El))/(5*ms) : volt
        dge/dt = -ge/(3*ms) : volt
        dgi/dt = -gi/(10*ms) : volt""",
        "v > -55*mV",
        "v = El",
        refractory=5 * ms,
        names={"El": -65 * mV},
        start={"v": "-65*mV", "ge": "(20 + 4*i)*mV"},
        recorded=("v", "ge", "gi"),
        around=inputs([2, 4, 7, 11, 12, 13, 19, 22], "ge_post += 11*mV; gi_post -= 1*mV"),
    ),
    Model(
        "Sturzl_et_al_2000, command neurons",
        BRACKETED,
        "dv/dt = (x - v)/(1*ms) : 1\ndx/dt = (y - x)/(1.001*ms) : 1\ndy/dt = -y/(1.001*ms) : 1",
        "v > 1",
        "v = 0",
        method="rk4",
        recorded=("v", "x", "y"),
        around=inputs([1, 4, 8, 9, 15, 21], "y_post += 4 - 0.3*j", "j >= 0", step=0.2),
        step=0.2,
        fastest=0.2,
    ),
    Model(
        "Sturzl_et_al_2000, legs",
        ONE,
        "dv/dt = (1 + rates(t - d) - v)/ms + 0.01*(2/ms)**.5*xi : 1\nd : second",
        "v > 1",
        "v = 0",
        refractory=1 * ms,
        method="euler",
        names={"rates": TimedArray(np.sin(np.arange(300) / 4), dt=0.1 * ms)},
        start={"d": "0.13*i*ms"},
        **CLOCKED,
    ),
    Model(
        "Diesmann_et_al_1999",
        ONE,
        """
        dV/dt = (-(V - Vr) + x)/(10*ms) : volt
        dx/dt = (-x + y)/(0.325*ms) : volt
        dy/dt = -y/(0.325*ms) + 45*mV/ms + (39.24*mV/ms**0.5)*xi : volt""",
        "V > -55*mV",
        "V = Vr",
        refractory=1 * ms,
        method="euler",
        n=20,
        names={"Vr": -70 * mV},
        start={"V": "(-70 + 0.7*i)*mV"},
        recorded=("V", "x"),
        around=_synapses("y_post += 4.86*mV", "i < 10 and j >= 10"),
        **CLOCKED,
    ),
    Model(
        "Brunel_Hakim_1999",
        ONE,
        "dV/dt = (-V + 25*mV + 1*mV*sqrt(tau)*xi)/tau : volt",
        "V > 20*mV",
        "V = 10*mV",
        refractory=2 * ms,
        method="euler",
        n=20,
        names={"tau": 20 * ms},
        start={"V": "(10 + 0.45*i)*mV"},
        recorded=("V",),
        around=_synapses("V_post -= 0.4*mV", delay=1.6 * ms),
        **CLOCKED,
    ),
    Model(
        "Brette_Guigon_2003",
        ONE,
        """
        dv/dt = (v*I + 1)/tau + 0.02*(2/tau)**.5*xi : 1
        I = 0.5 + 3*p*B : 1
        B = 2/(1 + exp(-2*x)) - 1 : 1
        p : 1
        x : 1 (linked)""",
        "v > 1",
        "v = 0",
        method="euler",
        names={"tau": 8 * ms},
        start={"p": "0.15*i"},
        recorded=("v", "B"),
        around=_shared_input,
        **CLOCKED,
    ),
    Model(
        "Kremer_et_al_2011, layer 2/3",
        BRACKETED,
        """
        dv/dt = (ge + gi + El - v)/(10*ms) : volt
        dge/dt = -ge/(2*ms) : volt
        dgi/dt = -gi/(25*ms) : volt
        dvt/dt = (Vt - vt)/(50*ms) : volt""",
        "v > vt",
        "v = El; vt += 2*mV",
        refractory=2 * ms,
        method="rk4",
        names={"El": -70 * mV, "Vt": -55 * mV},
        start={"v": "(-70 + i)*mV", "vt": "-55*mV", "ge": "(90 + 6*i)*mV"},
        pulse="ge_post += w; gi_post -= 0.2*w",
        strength=2 * mV,
        unit="volt",
        recorded=("v", "ge", "gi", "vt"),
        around=inputs([3, 5, 8, 12, 13, 18, 24], "ge_post += 60*mV"),
        fastest=1,
    ),
    Model(
        "Tsodyks_Uziel_Markram_2000",
        CLOSED,
        "dv/dt = (-v + current + Ib)/(30*ms) : volt (unless refractory)\ncurrent : volt\nIb : volt",
        "v > 15*mV",
        "v = 13.5*mV",
        refractory=3 * ms,
        start={"Ib": "(15.5 + 0.3*i)*mV", "v": "(12 + 0.4*i)*mV"},
        around=_short_term_depression,
        **BESIDE_A_CLOCK,
    ),
    Model(
        "Izhikevich_2003",
        ONE,
        """
        dv/dt = (0.04*v**2 + 5*v + 140 - u + I + I_noise)/ms : 1
        du/dt = 0.02*(0.2*v - u)/ms : 1
        I : 1
        I_noise : 1""",
        "v >= 30",
        "v = -65; u += 8",
        method="euler",
        n=12,
        start={"v": "-65 + 2*i", "u": "0.2*v", "I": "4 + i"},
        recorded=("v", "u", "I"),
        draws=True,
        around=_together(_noisy_inputs, _synapses("I_post += 0.5 - 0.1*i")),
        fine=None,
        step=0.5,
    ),
    Model(
        "Vogels_et_al_2011",
        ONE,
        """
        dv/dt = (-gl*(v + 60*mV) - (g_ampa*v + g_gaba*(v + 80*mV)) + I)/C : volt (unless refractory)
        dg_ampa/dt = -g_ampa/(5*ms) : siemens
        dg_gaba/dt = -g_gaba/(10*ms) : siemens
        I : amp""",
        "v > -50*mV",
        "v = -60*mV",
        refractory=5 * ms,
        method="euler",
        names={"gl": 10 * nS, "C": 200 * pF},
        start={"v": "(-60 + i)*mV", "I": "(300 + 40*i)*pA"},
        recorded=("v", "g_gaba"),
        around=_inhibitory_plasticity,
        **CLOCKED,
    ),
    Model(
        "Touboul_Brette_2008",
        ONE,
        """
        dvm/dt = (gL*(EL - vm) + gL*DeltaT*exp((vm - VT)/DeltaT) + I - w)/C : volt
        dw/dt = (4*nS*(vm - EL) - w)/(40*ms) : amp
        Vr : volt""",
        "vm > VT + 5*DeltaT",
        "vm = Vr; w += 0.08*nA",
        method="euler",
        names={
            "gL": 30 * nS, "EL": -70.6 * mV, "VT": -50.4 * mV, "DeltaT": 2 * mV, "C": 281 * pF,
            "I": 1.2 * nA,
        },
        start={"vm": "(-70.6 + i)*mV", "Vr": "(-48.3 + 0.1*i)*mV"},
        recorded=("vm", "w"),
        fine=None,
        step=0.05,
    ),
    Model(
        "licklider",
        ONE,
        "dv/dt = -v/tau + 0.1*(2/tau)**.5*xi : 1",
        "v > 1",
        "v = 0",
        method="euler",
        names={"tau": 1 * ms},
        around=_delay_lines,
        fine=None,
        step=0.02,
    ),
    Model(
        "STDP",
        ONE,
        "dv/dt = (ge*(0*mV - v) - 74*mV - v)/(10*ms) : volt\ndge/dt = -ge/(5*ms) : 1",
        "v > -54*mV",
        "v = -60*mV",
        method="euler",
        n=2,
        start={"v": "-60*mV"},
        recorded=("v", "ge"),
        draws=True,
        around=_poisson_with_stdp,
        **CLOCKED,
    ),
]  # fmt: skip
