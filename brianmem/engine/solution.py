"""What a neuron does between two spikes, derived from its equations, and how exactly it is known.

Between spikes the state x of a neuron follows dx/dt = M x + b, and the neuron fires when its excess
f = h x + k (one side of the threshold condition minus the other) reaches zero. Where f moves on its
own, df/dt = rate f + slope, the time of the crossing has a closed form.
"""

import ast
from dataclasses import dataclass
from enum import Enum

import sympy as sp
from brian2 import Equations, NeuronGroup, Quantity, second
from brian2.core.functions import Function
from brian2.equations.codestrings import is_constant_over_dt
from brian2.equations.equations import extract_constant_subexpressions
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.stateupdaters.exact import exact, get_linear_system
from brian2.utils.caching import cached
from brian2.utils.stringtools import get_identifiers, word_substitute

from brianmem.errors import InputError

CLOCK = {"t", "t_in_timesteps", "dt"}
RANDOM = {"rand", "randn", "poisson"}


class Exactness(Enum):
    """How the next spike of a neuron is found, from the best to the least."""

    CLOSED_FORM = "closed form"
    BRACKETED = "bracketed"
    ONE_BY_ONE = "one by one"

    @property
    def exact(self) -> bool:
        """Whether spike times do not depend on the clock."""
        return self is not Exactness.ONE_BY_ONE


@dataclass(frozen=True)
class Solution:
    """How a group's neurons move and fire; all code is Brian2's abstract code.

    Attributes
    ----------
    exactness : which of the three ways this model gets
    reason : why it does not get a better one; empty for a closed form
    crossing : statements for _excess; with them _size, _rate and _slope in closed form, _size,
        _climb (the derivative of the excess) and _stride (a time in which the excess has one
        extremum at most) if bracketed, and _fires if one by one
    advance : statements that move the state ahead by _delta
    peek : if bracketed, statements for _excess_ahead and _climb_ahead, _delta from now
    frame : statements for _tau, _drive and _bias of the growing frame; empty if it does not apply
    variable : the variable that the growing frame follows; empty if it does not apply
    frame_shared : whether all neurons of the group share tau, drive and bias by their equations
    refractory : statement for _refractory, in seconds; empty if there is none
    """

    exactness: Exactness
    reason: str = ""
    crossing: str = ""
    advance: str = ""
    peek: str = ""
    frame: str = ""
    variable: str = ""
    frame_shared: bool = False
    refractory: str = ""


class _NotExactError(Exception):
    """Why the neurons of a model have to be resolved one by one, within steps of the clock."""


def derive(group: NeuronGroup, pulse: str, variables: dict) -> Solution:
    """The solution of a group's equations between spikes.

    Parameters
    ----------
    group : the neurons
    pulse : what a spike does to the other neurons, with the group's own names of variables
    variables : what the equations mention, as Brian2's variables and functions, by name

    Raises InputError for a group that cannot fire or has no differential equation.
    """
    if "spike" not in group.events:
        raise InputError(f"the group '{group.name}' has no threshold, so that it cannot fire")
    if not group.equations.diff_eq_names:
        raise InputError(f"the group '{group.name}' has no differential equation")
    condition = group.events["spike"]
    try:
        _check_statements(group, pulse)
        refractory = _refractory(group, variables)
        # The user's own: in the group's, frozen variables are multiplied by int(not_refractory).
        equations, _ = extract_constant_subexpressions(group.user_equations)
        step = variables["dt"].get_value()[0] if "dt" in variables else None
        return _solve(equations, condition, variables, refractory, step)
    except _NotExactError as obstacle:
        sides = _sides(condition)
        excess = f"({sides[0]}) - ({sides[1]})" if sides else "0.0"
        code = f"_fires = {condition}\n_excess = {excess}"
        return Solution(Exactness.ONE_BY_ONE, str(obstacle), crossing=code)


def _check_statements(group: NeuronGroup, pulse: str) -> None:
    for name, code in (("reset", group.event_codes.get("spike", "")), ("pulse", pulse)):
        found = get_identifiers(code) & CLOCK
        if found:
            raise _NotExactError(
                f"the {name} uses '{min(found)}', which stands still between steps"
            )


def _refractory(group: NeuronGroup, variables: dict) -> str:
    period = group._refractory
    if period is False:
        return ""
    if isinstance(period, Quantity):
        return f"_refractory = {float(period)!r}"
    names = get_identifiers(period)
    if names & (CLOCK | RANDOM | set(group.equations.diff_eq_names)):
        raise _NotExactError(f"the refractory period '{period}' changes while it lasts")
    if is_boolean_expression(period, variables):
        raise _NotExactError(f"the refractory period '{period}' is a condition, not a duration")
    if parse_expression_dimensions(period, variables) != second.dim:
        raise InputError(f"the refractory period '{period}' is not a time")
    return f"_refractory = {period}"


@cached
def _solve(
    equations: Equations, condition: str, variables: dict, refractory: str, step: float | None
) -> Solution:
    # With the step of the clock: a TimedArray is constant over some steps and not over others.
    if equations.is_stochastic:
        raise _NotExactError(f"the equations hold noise ({min(equations.stochastic_variables)})")
    try:
        names, matrix, constants = get_linear_system(equations, variables)
    except UnsupportedEquationsException:
        raise _NotExactError("the differential equations are not linear") from None
    for entry in [*matrix, *constants]:
        _check_constant(entry, variables, step)
    _check_frozen(equations, names, matrix)
    state = sp.Matrix([sp.Symbol(name, real=True) for name in names])
    left, right = _sides(condition) or (None, None)
    if left is None:
        raise _NotExactError(f"the threshold '{condition}' is not one comparison of two values")
    gradient, offset = _linear_excess(left, right, equations, variables, state)
    for entry in [*gradient, offset]:
        _check_constant(entry, variables, step)

    inflow = (gradient.T * constants)[0]
    row = gradient.T * matrix
    first = next(k for k, h in enumerate(gradient) if h != 0)
    rate = sp.simplify(row[first] / gradient[first])
    alone = all(sp.simplify(r - rate * h) == 0 for r, h in zip(row, gradient, strict=True))
    ahead = _ahead(equations, variables, names, matrix, constants)
    advance = "\n".join([ahead, *(f"{name} = _{name}" for name in names)])
    crossing = f"_excess = ({left}) - ({right})\n_size = abs({left}) + abs({right})\n"
    if not alone:
        climb = (gradient.T * (matrix * state + constants))[0]
        future = {name: f"_{name}" for name in names}
        excess_ahead = sympy_to_str((gradient.T * state)[0] + offset)
        return Solution(
            Exactness.BRACKETED,
            reason=f"the threshold '{condition}' depends on coupled variables ({', '.join(names)})",
            crossing=f"{crossing}_climb = {sympy_to_str(climb)}\n_stride = {_stride(matrix)}",
            advance=advance,
            peek=f"{ahead}\n_excess_ahead = {word_substitute(excess_ahead, future)}\n"
            f"_climb_ahead = {word_substitute(sympy_to_str(climb), future)}",
            refractory=refractory,
        )
    slope = sp.simplify(inflow - rate * offset)
    frame = {}
    if len(names) == 1 and gradient[0] == 1 and rate != 0 and not refractory:
        frame = _frame(variables, names[0], rate, slope, constants[0])
    return Solution(
        Exactness.CLOSED_FORM,
        crossing=f"{crossing}_rate = {sympy_to_str(rate)}\n_slope = {sympy_to_str(slope)}",
        advance=advance,
        refractory=refractory,
        **frame,
    )


def _check_constant(entry: sp.Expr, variables: dict, step: float | None) -> None:
    if not is_constant_over_dt(entry, variables, step):
        raise _NotExactError(f"'{sympy_to_str(entry)}' is not constant between spikes")


def _check_frozen(equations, names: list[str], matrix: sp.Matrix) -> None:
    """A variable that moves on must not depend on one that refractoriness freezes."""
    frozen = [name for name in names if "unless refractory" in equations[name].flags]
    for name in frozen:
        for other in set(names) - set(frozen):
            if matrix[names.index(other), names.index(name)] != 0:
                raise _NotExactError(
                    f"'{other}' depends on '{name}', which is frozen in the refractory period"
                )


def _sides(condition: str) -> tuple[str, str] | None:
    """(a, b) of a condition a > b, a >= b, b < a or b <= a; None for any other."""
    tree = ast.parse(condition.strip(), mode="eval").body
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1:
        return None
    left, right = ast.unparse(tree.left), ast.unparse(tree.comparators[0])
    if isinstance(tree.ops[0], ast.Gt | ast.GtE):
        return left, right
    if isinstance(tree.ops[0], ast.Lt | ast.LtE):
        return right, left
    return None


def _linear_excess(left: str, right: str, equations, variables: dict, state: sp.Matrix) -> tuple:
    """h and k of the excess h x + k."""
    excess = str_to_sympy(f"({left}) - ({right})", variables)
    substituted = equations.get_substituted_expressions(variables, include_subexpressions=True)
    subexpressions = {
        sp.Symbol(name, real=True): str_to_sympy(expression.code, variables)
        for name, expression in substituted
        if name not in equations.diff_eq_names
    }
    excess = excess.subs(subexpressions)
    gradient = sp.Matrix([sp.simplify(sp.diff(excess, x)) for x in state])
    offset = sp.simplify(excess - (gradient.T * state)[0])
    if any(entry.has(x) for entry in [*gradient, offset] for x in state):
        raise _NotExactError(f"the threshold '{left}' against '{right}' is not linear")
    if all(h == 0 for h in gradient):
        raise _NotExactError("the threshold does not depend on a differential equation")
    return gradient, offset


def _ahead(equations, variables: dict, names: list[str], matrix, constants) -> str:
    """Statements for _x, the value of every variable x at _delta from now."""
    if matrix.is_diagonal():
        # exprel(z) = (exp(z) - 1)/z holds for no leak, too: it is 1 at z = 0.
        return "\n".join(
            f"_{name} = {name} + ({sympy_to_str(matrix[k, k] * sp.Symbol(name) + constants[k])})"
            f"*_delta*exprel(({sympy_to_str(matrix[k, k])})*_delta)"
            for k, name in enumerate(names)
        )
    if len(names) == 2 and sp.simplify(matrix.det()) != 0:
        return _ahead_of_two(names, matrix, constants)
    try:
        code = exact(equations, variables)
    except UnsupportedEquationsException:
        code = _augmented(names, matrix, constants)
    ahead = [line for line in code.splitlines() if line.startswith("_")]
    return "\n".join(word_substitute(line, {"dt": "_delta"}) for line in ahead)


def _ahead_of_two(names: list[str], matrix, constants) -> str:
    """The same for two coupled variables, also with equal or complex eigenvalues.

    Cayley-Hamilton: exp(M d) = c0 + c1 M, and its integral is alpha + beta M, with
    c1 = beta tr + alpha and c0 = 1 - beta det. Eigenvalues are mean +- spread +- i turn.
    """
    x, y = (sp.Symbol(name, real=True) for name in names)
    climb = matrix * sp.Matrix([x, y]) + constants
    text = {
        "trace": sp.simplify(matrix.trace()),
        "det": sp.simplify(matrix.det()),
        "climb_0": climb[0],
        "climb_1": climb[1],
        **{f"m_{i}{j}": matrix[i, j] for i in range(2) for j in range(2)},
    }
    text = {key: f"({sympy_to_str(value)})" for key, value in text.items()}
    statements = """\
_mean = 0.5*{trace}
_root = _mean**2 - {det}
_spread = sqrt(0.5*(abs(_root) + _root))
_turn = sqrt(0.5*(abs(_root) - _root))*_delta + 1e-30
_fast = exp((_mean + _spread)*_delta)
_c_1 = _fast*_delta*exprel(-2*_spread*_delta)*sin(_turn)/_turn
_c_0 = 0.5*(_fast + exp((_mean - _spread)*_delta))*cos(_turn) - _mean*_c_1
_beta = (1 - _c_0)/{det}
_alpha = _c_1 - _beta*{trace}
_climb_0 = {climb_0}
_climb_1 = {climb_1}
""".format(**text)
    for k, name in enumerate(names):
        turned = f"{text[f'm_{k}0']}*_climb_0 + {text[f'm_{k}1']}*_climb_1"
        statements += f"_{name} = {name} + _alpha*_climb_{k} + _beta*({turned})\n"
    return statements.strip()


def _augmented(names: list[str], matrix, constants) -> str:
    """The same for a singular M, from the exponential of [[M, b], [0, 0]]."""
    n = len(names)
    system = sp.zeros(n + 1, n + 1)
    system[:n, :n], system[:n, n] = matrix, constants
    try:
        propagator = (system * sp.Symbol("dt", real=True, positive=True)).exp()
    except NotImplementedError:
        raise _NotExactError("the linear equations have no solution that sympy finds") from None
    state = sp.Matrix([*(sp.Symbol(name, real=True) for name in names), 1])
    solution = (propagator * state)[:n]
    if any(entry.has(sp.I, sp.re, sp.im) for entry in solution):
        raise _NotExactError("the linear equations have a solution in complex numbers only")
    return "\n".join(
        f"_{name} = {sympy_to_str(sp.simplify(entry))}"
        for name, entry in zip(names, solution, strict=True)
    )


def _stride(matrix: sp.Matrix) -> str:
    """A time within which the derivative of the excess changes its sign once at most.

    Fujiwara's bound for the roots of the characteristic polynomial, from above: no eigenvalue is
    faster than 2 sum |c_k|^(1/k). Two variables cannot turn twice within its inverse; of more, the
    derivative of the excess could, in principle.
    """
    coefficients = matrix.charpoly().all_coeffs()[1:]
    terms = [
        f"abs({sympy_to_str(sp.simplify(c))})**{1 / k!r}" for k, c in enumerate(coefficients, 1)
    ]
    return f"1/(1e-300 + 2*({' + '.join(terms)}))"


def _frame(variables: dict, name: str, rate, slope, constant) -> dict:
    """The growing frame follows v - drive, which decays with tau; bias is drive - threshold."""
    code = {"_tau": -1 / rate, "_drive": -constant / rate, "_bias": -slope / rate}
    code = {key: sympy_to_str(sp.simplify(value)) for key, value in code.items()}
    names = set().union(*(get_identifiers(text) for text in code.values()))
    known = [variables[n] for n in names if n in variables]
    return {
        "variable": name,
        "frame": "\n".join(f"{key} = {value}" for key, value in code.items()),
        "frame_shared": all(isinstance(v, Function) or v.scalar for v in known),
    }
