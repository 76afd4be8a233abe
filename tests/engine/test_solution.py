"""Which models are exact, and what the user is told of those that are not."""

import warnings

import numpy as np
import pytest
from brian2 import NeuronGroup, TimedArray, ms

from brianmem.brian import brian_backend
from brianmem.engine import EventDriven, Exactness
from brianmem.errors import InexactWarning, InputError

NAMES = {"tau": 10 * ms, "tau_u": 30 * ms, "drive": 1.5, "a": 0.2, "sigma": 0.1}
LEAKY = "dv/dt = (drive - v)/tau : 1"
ADAPTIVE = "dv/dt = (drive - v - u)/tau : 1\ndu/dt = (a*v - u)/tau_u : 1"


def engine_of(model, pulse="v_post += w", names=NAMES, **options):
    arguments = {"threshold": "v > 1", "reset": "", "namespace": names} | {
        key: options.pop(key) for key in ("threshold", "reset", "refractory") if key in options
    }
    with brian_backend("numpy"):
        return EventDriven(NeuronGroup(3, model, **arguments), -np.eye(3), pulse, **options)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (LEAKY, {}),
        ("dv/dt = drive/tau : 1", {}),
        ("dv/dt = (v - drive)/tau : 1", {}),  # grows away from its drive
        ("dv/dt = (x - v)/tau_i : 1\nx : 1\ntau_i : second", {}),
        ("dv/dt = (drive - v)/tau : 1\ndh/dt = -h/tau : 1", {"threshold": "v > 1 + h"}),
        ("dv/dt = (drive - v)/tau : 1\nm = 2*v : 1", {"threshold": "m >= 2"}),
        (LEAKY, {"threshold": "1 < v", "reset": "v -= 0.5", "refractory": 2 * ms}),
        (LEAKY + " (unless refractory)\nrest : second", {"refractory": "rest"}),
        ("dv/dt = (drive - v)/tau : 1\ndu/dt = -u/tau_u : 1", {"reset": "u += 1"}),
    ],
)
def test_closed_form(model, options):
    assert engine_of(model, **options).exactness is Exactness.CLOSED_FORM


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        (ADAPTIVE, {}, "coupled variables (u, v)"),
        ("dv/dt = (drive - v)/tau : 1\ndh/dt = -h/tau_u : 1", {"threshold": "v > 1 + h"}, "(h, v)"),
        (
            "dv/dt = (drive + u - v)/tau : 1 (unless refractory)\ndu/dt = -u/tau_u : 1",
            {"refractory": 2 * ms},
            "coupled variables",
        ),
    ],
)
def test_bracketed(model, options, reason):
    engine = engine_of(model, **options)
    assert engine.exactness is Exactness.BRACKETED
    assert reason in engine.solution.reason


@pytest.mark.parametrize(
    ("model", "options", "reason"),
    [
        ("dv/dt = (drive - v)/tau + sigma*xi*tau**-0.5 : 1", {}, "noise (xi)"),
        ("dv/dt = (drive - v + v**2)/tau : 1", {}, "not linear"),
        ("dv/dt = (drive*cos(t/tau) - v)/tau : 1", {}, "not constant between spikes"),
        (LEAKY, {"threshold": "v > 1 and v < 3"}, "not one comparison"),
        (LEAKY, {"threshold": "v**2 > 1"}, "not linear"),
        (LEAKY, {"threshold": "v > 1 + exp(-t/tau)"}, "not constant between spikes"),
        (LEAKY, {"refractory": "v > 0.5"}, "changes while it lasts"),
        (LEAKY, {"reset": "v = t/tau"}, "the reset uses 't'"),
        (
            "dv/dt = (drive - v)/tau : 1 (unless refractory)\ndu/dt = (v - u)/tau_u : 1",
            {"refractory": 2 * ms},
            "'u' depends on 'v', which is frozen",
        ),
    ],
)
def test_one_by_one_with_a_reason(model, options, reason):
    with pytest.warns(InexactWarning) as caught:
        engine = engine_of(model, **options)
    assert engine.exactness is Exactness.ONE_BY_ONE
    assert reason in engine.solution.reason
    messages = [str(w.message) for w in caught if w.category is InexactWarning]
    assert engine.solution.reason in messages[0]
    with pytest.raises(InputError, match="no exact solution"):
        engine_of(model, require_exact=True, **options)


def test_piecewise_constant_input_is_exact():
    names = NAMES | {"current": TimedArray([1.0, 2.0], dt=1 * ms)}
    with warnings.catch_warnings():
        warnings.simplefilter("error", InexactWarning)
        engine = engine_of("dv/dt = (current(t) - v)/tau : 1", names=names)
    assert engine.exactness is Exactness.CLOSED_FORM


@pytest.mark.parametrize(
    ("options", "form"),
    [
        ({}, "growing"),
        ({"reset": "v = 0"}, "general"),
        ({"refractory": 2 * ms}, "general"),
        ({"pulse": "v_post += 2*w"}, "general"),
        ({"model": LEAKY.replace("drive", "x") + "\nx : 1"}, "general"),
        ({"model": LEAKY.replace("drive", "x") + "\nx : 1 (shared)"}, "growing"),
        ({"model": LEAKY.replace("drive", "x") + "\nx : 1", "form": "growing"}, "growing"),
    ],
)
def test_growing_form_where_the_equations_show_that_it_applies(options, form):
    options = {"model": LEAKY} | options
    assert engine_of(**options).form == form


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reset": "v = 0", "form": "growing"}, "neurons are reset"),
        ({"pulse": "v_post -= w", "form": "growing"}, "the pulse is not"),
        ({"refractory": 2 * ms, "form": "growing"}, "refractory"),
        ({"form": "fast"}, "unknown form"),
        ({"dtype": np.float32, "form": "general"}, "float32 is for the growing form"),
        ({"dtype": np.int32}, "float64 or float32"),
        ({"mirrored": True}, "LowRankWeights"),
        ({"pulse": "v_post += w*v_pre"}, "v_pre"),
        ({"pulse": "v_post += 1"}, "does not use the weight"),
        ({"pulse": "x_post += w"}, "which the group lacks"),
        ({"max_rate": 0 / ms}, "max_rate"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(InputError, match=message):
        engine_of(LEAKY, **options)
