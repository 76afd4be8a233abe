"""What a neuron does between two spikes, derived from its equations, and how exactly it is known.

Between spikes the state x of a neuron follows dx/dt = M x + b, and the neuron fires when its excess
f = h x + k (one side of the threshold condition minus the other) reaches zero. Where f moves on its
own, df/dt = rate f + slope, the time of the crossing has a closed form.
"""

import ast
from dataclasses import dataclass
from enum import Enum

import numpy as np
import sympy as sp
from brian2 import Equations, NeuronGroup, Quantity, second
from brian2.core.functions import Function
from brian2.core.variables import Constant
from brian2.equations.codestrings import is_constant_over_dt
from brian2.equations.equations import extract_constant_subexpressions
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.stateupdaters.exact import get_linear_system
from brian2.utils.caching import cached
from brian2.utils.stringtools import get_identifiers, word_substitute
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

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
    strict : whether the excess must be above zero, and not at it, for a spike
    n_coupled : how many variables are propagated together, by support/propagate.h; 0: each has a
        closed form
    system : of these, statements for their values _state_k, the elements of M and b that are not
        zero, _m_k_l and _b_k, and a rate _fastest that no eigenvalue of M exceeds
    entries : which elements, as (row, column), b being the last column
    advance : statements that move the state ahead by _delta, of coupled variables to _ahead_k
    peek : if bracketed, statements for _excess_ahead and _climb_ahead, _delta from now
    frame : statements for _tau, _drive and _bias of the growing frame; empty if it does not apply
    variable : the variable that the growing frame follows; empty if it does not apply
    frame_shared : whether all neurons of the group share tau, drive and bias by their equations
    refractory : statement for _refractory, in seconds; empty if there is none
    """

    exactness: Exactness
    reason: str = ""
    crossing: str = ""
    strict: bool = False
    n_coupled: int = 0
    system: str = ""
    entries: tuple[tuple[int, int], ...] = ()
    advance: str = ""
    peek: str = ""
    frame: str = ""
    variable: str = ""
    frame_shared: bool = False
    refractory: str = ""


class _NotExactError(Exception):
    """Why the neurons of a model have to be resolved one by one, within steps of the clock."""


def derive(group: NeuronGroup, reset: str, pulse: str, variables: dict) -> Solution:
    """The solution of a group's equations between spikes.

    Parameters
    ----------
    group : the neurons
    reset : what a spike does to its neuron
    pulse : what it does to the other neurons, with the group's own names of variables
    variables : what the equations mention, as Brian2's variables and functions, by name

    Raises InputError for a group that cannot fire, has no differential equation, or draws random
    numbers in its threshold.
    """
    if "spike" not in group.events:
        raise InputError(f"the group '{group.name}' has no threshold, so that it cannot fire")
    if not group.equations.diff_eq_names:
        raise InputError(f"the group '{group.name}' has no differential equation")
    condition = group.events["spike"]
    random = names_behind(condition, group.equations) & RANDOM
    if random:
        raise InputError(
            f"the threshold '{condition}' draws numbers by {min(random)}(), which would be drawn "
            "anew for each spike: draw them in a variable, once a step, by run_regularly"
        )
    try:
        _check_statements(group, reset=reset, pulse=pulse)
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


def _check_statements(group: NeuronGroup, **statements: str) -> None:
    for name, code in statements.items():
        found = names_behind(code, group.equations) & CLOCK
        if found:
            raise _NotExactError(
                f"the {name} uses '{min(found)}', which stands still between steps"
            )


def names_behind(code: str, equations: Equations) -> set[str]:
    """The names in code, and those in the subexpressions that it uses."""
    names, waiting = set(), get_identifiers(code)
    while waiting:
        name = waiting.pop()
        names.add(name)
        if name in equations.subexpr_names:
            waiting |= equations[name].identifiers - names
    return names


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
    left, right, strict = _sides(condition) or (None, None, False)
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
    coupled = not matrix.is_diagonal()
    ahead = _coupled_ahead(names) if coupled else _ahead(names, matrix, constants)
    advance = "\n".join([ahead, *(f"{name} = _{name}" for name in names)])
    together = {"strict": strict}
    if coupled:
        together |= _system(names, matrix, constants)
    crossing = f"_excess = ({left}) - ({right})\n_size = abs({left}) + abs({right})\n"
    if not alone:
        climb = (gradient.T * (matrix * state + constants))[0]
        future = {name: f"_{name}" for name in names}
        excess_ahead = sympy_to_str((gradient.T * state)[0] + offset)
        return Solution(
            Exactness.BRACKETED,
            reason=f"the threshold '{condition}' depends on coupled variables ({', '.join(names)})",
            crossing=f"{crossing}_climb = {sympy_to_str(climb)}\n"
            f"_stride = 1/(1e-300 + {_fastest(matrix)})",
            **together,
            advance=advance,
            peek=f"{ahead}\n_excess_ahead = {word_substitute(excess_ahead, future)}\n"
            f"_climb_ahead = {word_substitute(sympy_to_str(climb), future)}",
            refractory=refractory,
        )
    slope = sp.simplify(inflow - rate * offset)
    frame = {}
    potential_alone = len(names) == 1 and gradient[0] == 1 and not refractory
    if potential_alone and rate != 0 and _may_be_negative(rate, variables):
        frame = _frame(variables, names[0], rate, slope, constants[0])
    return Solution(
        Exactness.CLOSED_FORM,
        crossing=f"{crossing}_rate = {sympy_to_str(rate)}\n_slope = {sympy_to_str(slope)}",
        **together,
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


def _sides(condition: str) -> tuple[str, str, bool] | None:
    """(a, b, strict) of a > b and b < a, or of a >= b and b <= a; None for any other condition."""
    tree = ast.parse(condition.strip(), mode="eval").body
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1:
        return None
    left, right = ast.unparse(tree.left), ast.unparse(tree.comparators[0])
    strict = isinstance(tree.ops[0], ast.Gt | ast.Lt)
    if isinstance(tree.ops[0], ast.Gt | ast.GtE):
        return left, right, strict
    if isinstance(tree.ops[0], ast.Lt | ast.LtE):
        return right, left, strict
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


def _ahead(names: list[str], matrix: sp.Matrix, constants: sp.Matrix) -> str:
    """Statements for _x, the value of every variable x at _delta from now, none coupled to others.

    exprel(z) = (exp(z) - 1)/z holds for no leak, too: it is 1 at z = 0.
    """
    return "\n".join(
        f"_{name} = {name} + ({sympy_to_str(matrix[k, k] * sp.Symbol(name) + constants[k])})"
        f"*_delta*exprel(({sympy_to_str(matrix[k, k])})*_delta)"
        for k, name in enumerate(names)
    )


def _coupled_ahead(names: list[str]) -> str:
    """The same for variables that are propagated together: the loop finds them."""
    return "\n".join(f"_{name} = _ahead_{k}" for k, name in enumerate(names))


def _system(names: list[str], matrix: sp.Matrix, constants: sp.Matrix) -> dict:
    """What support/propagate.h is told of dx/dt = M x + b."""
    whole = matrix.row_join(sp.Matrix(constants))
    entries = [(k, m) for k in range(len(names)) for m in range(len(names) + 1) if whole[k, m] != 0]
    statements = [f"_state_{k} = {name}" for k, name in enumerate(names)]
    statements += [f"_m_{k}_{m} = {sympy_to_str(whole[k, m])}" for k, m in entries]
    statements += [f"_fastest = {_fastest(matrix)}"]
    return {
        "n_coupled": len(names),
        "system": "\n".join(statements),
        "entries": tuple(entries),
    }


def _fastest(matrix: sp.Matrix) -> str:
    """A rate that the absolute value of no eigenvalue exceeds, whatever the variables' units.

    Eigenvalues are those of the blocks of variables that depend on each other both ways. Of a block
    of one it is the element itself, else Fujiwara's bound for the roots of the characteristic
    polynomial, from above: 2 sum |c_k|^(1/k).
    """
    terms = []
    for block in _blocks(matrix):
        own = matrix.extract(block, block)
        if len(block) == 1:
            terms.append(f"abs({sympy_to_str(own[0])})")
            continue
        coefficients = own.charpoly().all_coeffs()[1:]
        terms += [f"2*abs({sympy_to_str(c)})**{1 / k!r}" for k, c in enumerate(coefficients, 1)]
    return " + ".join(terms)


def _blocks(matrix: sp.Matrix) -> list[list[int]]:
    """Indices of variables that depend on each other both ways, directly or through others."""
    graph = csr_array(np.array(matrix.applyfunc(lambda entry: int(entry != 0)), dtype=float))
    n_blocks, label = connected_components(graph, connection="strong")
    return [np.flatnonzero(label == block).tolist() for block in range(n_blocks)]


def _may_be_negative(rate: sp.Expr, variables: dict) -> bool:
    """Whether a rate is negative, as far as the values of constants tell."""
    values = {
        symbol: variables[symbol.name].value
        for symbol in rate.free_symbols
        if isinstance(variables.get(symbol.name), Constant)
    }
    value = rate.subs(values)
    return not value.is_number or bool(value.is_finite and value < 0)


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
