import pytest

from brianmem import quantities
from brianmem.delay import network
from brianmem.delay.equations import LIF
from brianmem.delay.parameters import DelayParameters
from brianmem.equation_check import check_model
from brianmem.equations import load_model
from brianmem.errors import InputError
from brianmem.lowrank import network as lowrank
from brianmem.lowrank.equations import LIF as LEAKY

GOOD = '''# adaptation
model = """
dv/dt = (-v - a)/tau : 1
da/dt = -a/tau_a : 1
"""
reset = "v = 0; a += jump"
[parameters]
tau_a = "50*ms"
jump = 0.05
'''


def load_and_check(tmp_path, text):
    path = tmp_path / "model.toml"
    path.write_text(text)
    model = load_model(path, LIF)
    check_model(model, network.constants(DelayParameters(), threshold=0.5))
    return model


def test_given_keys_replace_the_defaults_and_others_stay(tmp_path):
    model = load_and_check(tmp_path, GOOD)
    assert model.reset == "v = 0; a += jump"
    assert (model.threshold, model.pulse) == (LIF.threshold, LIF.pulse)
    assert model.namespace({})["jump"] == 0.05
    assert str(model.namespace({})["tau_a"]) == "50. ms"


@pytest.mark.parametrize(
    "key",
    ['threshold = "v > theta"', 'refractory = "2*ms"', "refractory = false", 'pulse = "v += w"'],
)
def test_every_key_alone_is_enough(tmp_path, key):
    load_and_check(tmp_path, key)


def test_a_file_may_begin_with_a_mark_of_its_encoding(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert load_model(path, LIF).parameters == {"tau_a": "50*ms", "jump": 0.05}


@pytest.mark.parametrize(
    ("text", "value"),
    [("50*ms", 0.05), ("-(2 + 3)*mV/ms", -5.0), ("2**-3", 0.125), ("5*mV**2/(volt*ms)", 0.005)],
)
def test_parameters_are_sums_products_and_powers_of_numbers_and_units(text, value):
    assert float(quantities.parse(text)) == pytest.approx(value, rel=1e-15)


def test_the_built_in_equations_are_right():
    check_model(LIF, network.constants(DelayParameters(), threshold=0.5))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-a/tau_a : 1", "-a/tau_b : 1", r"line 4 \(model\).*tau_b.*could not be resolved"),
        ("-a/tau_a : 1", "-a/tau_a 1", r"line 4 \(model\).*cannot be parsed"),
        ("-a/tau_a : 1", "-a : 1", r"line 4 \(model\).*expected unit hertz"),
        ("-a/tau_a : 1", "-a/tau_a : volt", r"line 3 \(model\).*inconsistent units"),
        ("da/dt", "dv/dt", r"\(model\).*v"),
        ("a += jump", "a += jmp", r"line 6 \(reset\).*jmp"),
        ("a += jump", "a += jump*mV", r"line 6 \(reset\).*inconsistent units"),
        ("a += jump", "a == jump", r"line 6 \(reset\)"),
        ("reset =", "resett =", r"line 6 .*unknown key 'resett'"),
        ('reset = "v = 0; a += jump"', "reset = 1", r"line 6 \(reset\).*must be a string"),
        ('reset = "v = 0; a += jump"', 'reset = "v', r"not valid TOML.*line 6"),
        ("reset =", 'threshold = "v + 1"\nreset =', r"line 6 \(threshold\).*not a condition"),
        ("reset =", 'threshold = "v > thet"\nreset =', r"line 6 \(threshold\).*thet"),
        ("reset =", 'refractory = "2"\nreset =', r"line 6 \(refractory\).*second"),
        ("reset =", 'pulse = "v_post += u"\nreset =', r"line 6 \(pulse\).*u"),
        ('"50*ms"', '"50*mss"', r"line 8 \(parameters\).*tau_a"),
        ('"50*ms"', "[50]", r"line 8 \(parameters\): tau_a must be a number or a string"),
        ("-a/tau_a : 1", "(-a\n/tau_a : 1", r"line 4 \(model\).*cannot be parsed"),
        ("dv/dt = (-v - a)", "dv/dt = (-v\n - a)", None),
        ("dv/dt = (-v - a)/tau", "dv/dt = (-v\n - a)/tau : 1\nx = 1 1", r"line 5 \(model\)"),
        ("dv/dt", "dv / dt", None),
        ("reset =", "re =\nreset =", r"not valid TOML"),
        ("reset =", "mod = 1\nreset =", r"line 6 \(mod\): unknown key 'mod'"),
        ("reset =", 'pulse = ""\nreset =', r"line 6 \(pulse\).*must do something"),
        ("-a/tau_a : 1", "-a/tau_a + xi*tau_a**-0.5 : 1", r"line 2 \(model\).*'xi' is random"),
        ("a += jump", "a += rand()", r"line 6 \(reset\).*'rand' is random"),
        ("tau_a = ", "tau = ", r"line 8 \(parameters\): tau is set"),
        *(
            ("tau_a = ", f"{name} = ", rf"line 8 \(parameters\): {name} is set by Brian2")
            for name in ("N", "i", "t", "e", "pi", "inf", "t_in_timesteps", "exp", "ms", "v_post")
        ),
        ("jump = 0.05", "a = 0.05", r"line 9 \(parameters\): a is a variable of the equations"),
        ("jump = 0.05", "lambda = 1", r"line 9 \(parameters\): lambda is set by nobody"),
        *(
            ("0.05", value, rf"line 9 \(parameters\): jump .*{reason}")
            for value, reason in (
                ("nan", "not finite"),
                ("-inf", "not finite"),
                ("true", "must be a number"),
                ("1" + 400 * "0", "is no finite number"),
                ('"9**9**9"', "power"),
                ('"((((((3**30)**30)**30)**30)**30)**30)"', "not finite"),
                ('"lambda: 1"', "holds more than numbers"),
                ('"hello"', "no unit hello"),
                ('"1/0"', "divides by zero"),
                ('"ms + mV"', "units do not match"),
                ('"ms.__class__.__base__.__subclasses__()"', "holds more than numbers"),
                ('"[x for x in (1,)][0]"', "holds more than numbers"),
                ('"' + 300 * "1" + '"', "more than 200 characters"),
            )
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path, old, new, message):
    assert old in GOOD
    if message is None:  # unusual, but right
        load_and_check(tmp_path, GOOD.replace(old, new))
        return
    with pytest.raises(InputError, match=message) as error:
        load_and_check(tmp_path, GOOD.replace(old, new))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml.*No such file"):
        load_model(tmp_path / "none.toml", LIF)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("dv/dt = (drive - v)/(0*tau) : 1", r"\(model\): "),
        ("dv/dt = (drive - v)/(tau - tau) : 1", r"\(model\): "),
        ("dv/dt = (drive - v)/tau + 1/(0*tau) : 1", r"\(model\): "),
    ],
)
def test_equations_that_read_well_and_cannot_run_are_refused_with_the_cause(
    model, message, tmp_path
):
    path = tmp_path / "model.toml"
    path.write_text(f'model = "{model}"')
    for check, default in ((lowrank.check_model, LEAKY), (network.check_model, LIF)):
        if default is LIF:
            path.write_text(f'model = "{model.replace("drive", "1")}"')
        with pytest.raises(InputError, match=message) as caught:
            check(load_model(path, default))
        assert "See above" not in str(caught.value) and "\n" not in str(caught.value)


def test_neurons_that_grow_run_in_the_general_form(tmp_path):
    path = tmp_path / "model.toml"
    path.write_text('model = "dv/dt = (drive + v)/tau : 1"')
    model = load_model(path, LEAKY)
    lowrank.check_model(model)
    assert lowrank._form(model) == "general" and lowrank.solution(model).exactness.exact
