"""What the engines promise of Brian2's contract, and what they ask of a NeuronGroup for it.

- Units: threshold, reset, pulse and weights are checked as Brian2 checks them (`check_units`).
- Comparisons: of a neuron exactly at its threshold `>` fires if it climbs on, `>=` at once.
- Schedule: what the engine replaces is no longer run, and whoever has the group has the engine
  (`take_over`). Exact models move in the slot "groups", the others fire in "thresholds".
- `_spikespace`: from the slot "thresholds" on it holds who fired in the step, sorted, each as
  often as it fired, and every listener counts them all (`listeners`).
- `lastspike` is the exact time, which the reset that follows sees.
- Monitors of variables see them at the spike (`at_spikes`).
- Resets follow their spikes at once: what other Synapses send in that step comes behind them.
- Runs in pieces are one run; one that ends within a step runs that step to its end, and says so.
- Plasticity sees times of the clock, and is told so (`listeners.complain_of_plasticity`).

tests/engine/test_border.py holds models of every kind to it, beside plain Brian2.
"""

import warnings

from brian2 import Network, NeuronGroup
from brian2.equations.unitcheck import check_units_statements
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.utils.stringtools import get_identifiers, word_substitute

from brianmem.engine.solution import Solution
from brianmem.engine.weights import size
from brianmem.errors import InexactWarning, InputError

WEIGHT = "_weight"  # the name of w in generated code


def check_group(group, engine: str) -> None:
    if not isinstance(group, NeuronGroup):
        raise InputError(f"{engine} takes a NeuronGroup, not a {type(group).__name__}")
    if "spike" not in group.thresholder:
        raise InputError(f"the group '{group.name}' has no threshold, so that it cannot fire")
    if not group.thresholder["spike"].active:
        raise InputError(f"the group '{group.name}' has an engine already")


def count_copies(group: NeuronGroup, networks: list) -> int:
    """How many copies of each network the group holds."""
    n = len(networks) * size(networks[0])
    n_copies = len(group) // n
    if n_copies * n != len(group) or n_copies == 0:
        of = "" if len(networks) == 1 else f", as for {len(networks)} networks"
        raise InputError(
            f"the group '{group.name}' has {len(group)} neurons, and its weights need a multiple "
            f"of {n}{of}"
        )
    return n_copies


def pulse_on(pulse: str, group: NeuronGroup) -> str:
    """The pulse with the group's own names: v_post is v, and w the weight."""
    names = get_identifiers(pulse)
    presynaptic = [name for name in names if name.endswith("_pre")]
    if presynaptic:
        raise InputError(f"the pulse '{pulse}' uses {presynaptic[0]}: a pulse knows w and _post")
    if "w" not in names:
        raise InputError(f"the pulse '{pulse}' does not use the weight w")
    own = {name: name.removesuffix("_post") for name in names if name.endswith("_post")}
    unknown = [name for name in own.values() if name not in group.variables]
    if unknown:
        raise InputError(f"the pulse '{pulse}' uses {unknown[0]}_post, which the group lacks")
    return word_substitute(pulse, own | {"w": WEIGHT})


def reset_of(group: NeuronGroup) -> str:
    """What a spike does to its neuron; empty for nothing."""
    return group.event_codes.get("spike", "")


def known_names(group: NeuronGroup, reset: str, pulse: str, namespace: dict) -> dict:
    """Variables and functions that the model mentions, as far as they are known by now."""
    texts = [group.events.get("spike", ""), reset, pulse]
    if isinstance(group._refractory, str):
        texts.append(group._refractory)
    names = group.equations.names | group.equations.identifiers | {"dt"}
    names = names.union(*(get_identifiers(text) for text in texts)) - {WEIGHT}
    found = {}
    for name in sorted(names):
        try:
            found[name] = group._resolve(name, namespace, user_identifier=False)
        except KeyError:
            continue
    return found


def complain(group: NeuronGroup, solution: Solution, require_exact: bool) -> None:
    text = f"the group '{group.name}' has no exact solution between spikes: {solution.reason}"
    if require_exact:
        raise InputError(text)
    warnings.warn(
        f"{text}; its spikes are resolved one by one at the end of every clock step",
        InexactWarning,
        stacklevel=3,
    )


def take_over(group: NeuronGroup, engine, replaced: list) -> None:
    """Do something in place of the group's parts: whoever has the group has the engine."""
    for part in filter(None, replaced):
        part.active = False
        group.contained_objects.remove(part)
    group.contained_objects.append(engine)


def check_units(group: NeuronGroup, names: dict, *statements: str) -> None:
    """Raise Brian2's DimensionMismatchError where Brian2 would, were it to run the group itself.

    Parameters
    ----------
    names : Brian2's variables and functions that the model mentions, the weight among them
    statements : reset and pulse, with the group's own names of variables
    """
    parse_expression_dimensions(group.events["spike"], names)
    for code in statements:
        if code.strip():
            check_units_statements(code, names)


def complain_of_half_a_step(group: NeuronGroup) -> None:
    """A run that ends within a step of the clock has run that step to its end."""
    for reference in Network.__instances__():
        network = reference()
        if network is None or network.id != group._network:
            continue
        clock = group.clock
        if clock.t_ > network.t_ + clock.epsilon_dt * clock.dt_:
            warnings.warn(
                f"the run ended at {network.t}, within a step of the clock of '{group.name}' "
                f"({clock.dt}), and that step was run to its end, {clock.t}: choose a step that "
                "divides the duration",
                InexactWarning,
                stacklevel=3,
            )
