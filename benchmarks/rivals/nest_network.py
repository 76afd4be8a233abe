"""NEST: iaf_psc_delta with a step of 1 ms; HOW is `together` or `in_turn`."""

import math

import nest
import numpy as np

from benchmarks.rivals.case import Case, Result, Stopwatch, serve

# During a cue no potential but that of a forced neuron reaches the threshold.
CLAMPED, FORCE = 1e6, 2e6
# NEST's spikes carry the end of the step that they are fired in, and sources begin at 1 ms.
FIRST = 1


def recall(case: Case, how: str = "together") -> Result:
    """All patterns as copies side by side, or one after another in one network.

    A spike of step t with a delay of d ms reaches the potential in step t + d, as in the recursion;
    V <- exp(-1 ms/tau_m) V + input, and V >= V_th fires and is reset to 0 in the same step.
    """
    n, n_copies = int(case.n_neurons), int(case.n_patterns) if how == "together" else 1
    n_rounds = int(case.n_patterns) // n_copies
    # In turn, spikes on their way have to arrive before the next cue.
    period = FIRST + int(case.n_steps) + (int(case.n_delays) if n_rounds > 1 else 0)
    watch = Stopwatch()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = 1.0
    nest.local_num_threads = 1
    neuron = {
        "E_L": 0.0,
        "V_reset": 0.0,
        "V_m": 0.0,
        "V_th": CLAMPED,
        "tau_m": -1 / math.log(case.beta),
        "C_m": 1.0,
        "t_ref": 0.0,
    }
    neurons = nest.Create("iaf_psc_delta", n_copies * n, params=neuron)
    first = np.array(neurons.tolist()[:1])
    post, pre, delay, value = case.synapses()
    kept = {"weight": value, "delay": delay.astype(float)}
    for copy in range(n_copies):
        offset = first + copy * n
        nest.Connect(pre + offset, post + offset, "one_to_one", kept)
    del post, pre, delay, value, kept
    _force(case, first, n_copies, period)
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Prepare()
    setup = watch.lap()

    seconds = 0.0
    for _ in range(n_rounds):
        neurons.set(V_th=CLAMPED, V_m=0.0)
        seconds += _run(FIRST + case.n_cue_steps)
        neurons.V_th = float(case.threshold)
        seconds += _run(case.n_steps - case.n_cue_steps)
        if n_rounds > 1:
            neurons.V_th = CLAMPED
            seconds += _run(case.n_delays)
    nest.Cleanup()
    cell, round_ = recorder.events["senders"] - first, recorder.events["times"].astype(int) - 1
    turn, step = np.divmod(round_, period)
    return Result(
        cell // n if how == "together" else turn,
        cell % n,
        step - FIRST,
        np.array([seconds]),
        setup,
        nest.__version__,
    )


def _force(case: Case, first: int, n_copies: int, period: int) -> None:
    """A source for each neuron that a cue makes fire."""
    copy, turn = (case.pattern, 0) if n_copies > 1 else (0 * case.pattern, case.pattern)
    cell = case.neuron + copy * case.n_neurons
    # Emitted at the end of the step before, and one step on their way.
    times = (turn * period + case.step + FIRST).astype(float)
    order = np.lexsort((times, cell))
    cell, times = cell[order], times[order]
    forced, begins = np.unique(cell, return_index=True)
    sources = nest.Create("spike_generator", len(forced))
    sources.set([{"spike_times": part} for part in np.split(times, begins[1:])])
    weight, delay = np.full(len(forced), FORCE), np.ones(len(forced))
    nest.Connect(
        np.array(sources.tolist()),
        forced + first,
        "one_to_one",
        {"weight": weight, "delay": delay},
    )


def _run(steps: int) -> float:
    watch = Stopwatch()
    nest.Run(float(steps))
    return watch.lap()


if __name__ == "__main__":
    serve(recall)
