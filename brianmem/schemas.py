"""The columns of every table, with units and meanings: what protocols write and analysis reads."""

from brianmem.tables import Column, Schema

RULE = Column("rule", str, "", "storage rule")
N_NEURONS = Column("n_neurons", int, "", "neurons, N", least=1)
N_PATTERNS = Column("n_patterns", int, "", "stored patterns", least=1)
LOAD = Column("load", float, "", "n_patterns / n_neurons", least=0)
GAMMA = Column("gamma", float, "", "self-connection")
KAPPA = Column("kappa", float, "spikes/tau", "rate of an active neuron", least=0)
NETWORK_SEED = Column(
    "network_seed", int, "", "seed of the patterns and of the damage to starts", least=0
)
PATTERN = Column(
    "pattern", int, "", "index of the pattern, or of the random vertex, to recall", least=0
)
FLIP_FRACTION = Column(
    "flip_fraction", float, "", "part of the latents that the start has wrong", least=0, most=1
)
BACKEND = Column("backend", str, "", "what ran the simulation")

GAMMA_CHOSEN = Column(
    "gamma_chosen", bool, "", "whether the rule chose gamma, for each network, and not the grid"
)

START = Column(
    "start",
    str,
    "",
    "stored: a stored pattern; random: a vertex that was not stored",
    one_of=("stored", "random"),
)

TRIVIAL = Column(
    "trivial", bool, "", "whether the memory would keep any vertex as well, and so remembers none"
)

LOWRANK_TRIAL = (
    GAMMA_CHOSEN,
    TRIVIAL,
    FLIP_FRACTION,
    PATTERN,
    START,
    Column(
        "overlap",
        float,
        "",
        "cosine of pattern and latents averaged over the last quarter",
        least=-1,
        most=1,
    ),
    Column(
        "overlap_final", float, "", "cosine of pattern and latents at the end", least=-1, most=1
    ),
    Column(
        "signs_correct",
        float,
        "",
        "part of the averaged latents with the pattern's sign",
        least=0,
        most=1,
    ),
    Column("n_spikes", int, "", "spikes in the run", least=0),
    BACKEND,
    Column(
        "simulator",
        str,
        "",
        "exact: event-driven; clock: Brian2 with a clock, approximate",
        one_of=("exact", "clock"),
    ),
    Column("dt", float, "tau", "clock step; 0 for the exact simulator", least=0),
)

COMPLETION_TRIAL = (
    "gamma_chosen",
    "trivial",
    "pattern",
    "start",
    "backend",
    "simulator",
    "dt",
)

LOWRANK_STORED = (
    RULE,
    N_NEURONS,
    N_PATTERNS,
    LOAD,
    GAMMA,
    KAPPA,
    NETWORK_SEED,
    Column("duration", float, "tau", "simulated time", least=0),
)

LOWRANK_RECALL = Schema(
    "lowrank_recall",
    (
        *LOWRANK_STORED,
        *LOWRANK_TRIAL,
        Column(
            "pattern_correlation",
            float,
            "",
            "largest |cosine| with another stored pattern",
            least=0,
            most=1,
        ),
        Column("residual", float, "", "largest element of |D eta - xi|", least=0),
        Column("rank", int, "", "rank of the neural patterns", least=0),
        Column("alpha", float, "", "lift that makes the weights inhibitory"),
        Column("bias", float, "", "drive minus threshold", least=0),
        Column(
            "hebbian_correlation",
            float,
            "",
            "Pearson correlation of the decoder's elements with those of the Hebbian rule for the "
            "same patterns, own axes left out; empty: one of the two has equal elements",
            optional=True,
            least=-1,
            most=1,
        ),
        Column(
            "alignment_mean",
            float,
            "",
            "mean over latents of xi_k (D eta)_k of the pattern, 1 where the constraint holds; "
            "empty: a random vertex",
            optional=True,
        ),
        Column(
            "alignment_spread",
            float,
            "",
            "its standard deviation over latents, 0 where the constraint holds",
            optional=True,
            least=0,
        ),
        Column(
            "spikes_in_shared_steps",
            float,
            "",
            "part of the spikes that share their time",
            least=0,
            most=1,
        ),
        Column(
            "first_wrong_spike",
            int,
            "",
            "number of the first spike unlike the exact sequence; empty if none, or no exact one",
            optional=True,
        ),
    ),
)

LOWRANK_RECALL_TRACES = Schema(
    "lowrank_recall_traces",
    (
        *LOWRANK_STORED,
        FLIP_FRACTION,
        Column(
            "cued_pattern", int, "", "index of the pattern that the start was made from", least=0
        ),
        PATTERN,
        Column("time", float, "tau", "time", least=0),
        Column("overlap", float, "", "cosine of pattern and latents", least=-1, most=1),
    ),
)

LOWRANK_RECALL_SPIKES = Schema(
    "lowrank_recall_spikes",
    (
        *LOWRANK_STORED,
        FLIP_FRACTION,
        Column(
            "cued_pattern", int, "", "index of the pattern that the start was made from", least=0
        ),
        Column("time", float, "tau", "time of the spike", least=0),
        Column("neuron", int, "", "index of the neuron; N/2 + k is the antagonist of k", least=0),
        Column("active", bool, "", "whether the neuron is active in the cued pattern"),
    ),
)

LOWRANK_RECALL_DECODERS = Schema(
    "lowrank_recall_decoders",
    (
        *LOWRANK_STORED,
        Column("latent", int, "", "index of the latent dimension, row of D", least=0),
        Column("neuron", int, "", "index of the neuron, column of D", least=0),
        Column("value", float, "", "decoding weight"),
    ),
)

LOWRANK_RECALL_WEIGHTS = Schema(
    "lowrank_recall_weights",
    (
        *LOWRANK_STORED,
        Column("post", int, "", "index of the postsynaptic neuron", least=0),
        Column("pre", int, "", "index of the presynaptic neuron", least=0),
        Column("value", float, "", "recurrent weight, lift included"),
    ),
)

LOWRANK_RECALL_CONSTRAINTS = Schema(
    "lowrank_recall_constraints",
    (
        *LOWRANK_STORED,
        PATTERN,
        Column("latent", int, "", "index of the latent dimension", least=0),
        Column("alignment", float, "", "xi_k (D eta)_k, which is 1 where the constraint holds"),
    ),
)

CORRELATION = Column(
    "correlation", float, "", "mean correlation of any two patterns", least=0, most=1
)

LOWRANK_CAPACITY = Schema("lowrank_capacity", (*LOWRANK_STORED, CORRELATION, *LOWRANK_TRIAL))

LOWRANK_COMPLETION = Schema(
    "lowrank_completion",
    (
        *LOWRANK_STORED,
        CORRELATION,
        *(c for c in LOWRANK_TRIAL if c.name in COMPLETION_TRIAL),
        Column(
            "completed",
            float,
            "",
            "largest part of flips that ends with overlap above 0.95, by bisection; empty: not "
            "even undamaged",
            optional=True,
            least=0,
            most=1,
        ),
        Column(
            "completed_exactly",
            float,
            "",
            "the same with all signs right",
            optional=True,
            least=0,
            most=1,
        ),
        Column("n_runs", int, "", "runs that the bisection took", least=1),
    ),
)

LOWRANK_ATTRACTORS = Schema("lowrank_attractors", (*LOWRANK_STORED, *LOWRANK_TRIAL))

CUED_PATTERN = Column(
    "cued_pattern",
    int,
    "",
    "index of the pattern, or of the random vertex, that the start was made from",
    least=0,
)

LOWRANK_ATTRACTORS_TRACES = Schema(
    "lowrank_attractors_traces",
    (
        *LOWRANK_STORED,
        START,
        FLIP_FRACTION,
        CUED_PATTERN,
        Column(
            "pattern",
            int,
            "",
            "index of the stored pattern; empty: the start itself, flips included",
            optional=True,
            least=0,
        ),
        Column("time", float, "tau", "time", least=0),
        Column("overlap", float, "", "cosine of pattern and latents", least=-1, most=1),
    ),
)

LOWRANK_ATTRACTORS_SPIKES = Schema(
    "lowrank_attractors_spikes",
    (
        *LOWRANK_STORED,
        START,
        FLIP_FRACTION,
        CUED_PATTERN,
        Column("time", float, "tau", "time of the spike", least=0),
        Column("neuron", int, "", "index of the neuron; N/2 + k is the antagonist of k", least=0),
        Column("active", bool, "", "whether the neuron is active in the pattern or vertex"),
    ),
)

LOWRANK_DIGITS = Schema(
    "lowrank_digits",
    (
        *LOWRANK_STORED,
        *LOWRANK_TRIAL,
        Column("digit", int, "", "class of the image, 0 to 9", least=0, most=9),
        Column("dataset", str, "", "where the images come from"),
        Column("image", int, "", "index of the image in the data set", least=0),
    ),
)

LOWRANK_DIGITS_IMAGES = Schema(
    "lowrank_digits_images",
    (
        *LOWRANK_STORED,
        FLIP_FRACTION,
        Column("dt", float, "tau", "clock step; 0 for the exact simulator", least=0),
        Column("digit", int, "", "class of the image, 0 to 9", least=0, most=9),
        Column("stage", str, "", "cue, recall or target", one_of=("cue", "recall", "target")),
        Column("time", float, "tau", "time of a recall; 0 for cue and target", least=0),
        Column("row", int, "pixel", "row, from the top", least=0),
        Column("column", int, "pixel", "column, from the left", least=0),
        Column("value", float, "", "latent over kappa; -1 or 1 for cue and target"),
    ),
)

DELAY_NETWORK = (
    Column("learner", str, "", "learning rule"),
    N_NEURONS,
    Column("n_delays", int, "step", "largest delay, D; also the length of the cue", least=0),
    Column("n_steps", int, "step", "length of a pattern", least=0),
    N_PATTERNS,
    Column(
        "firing_prob",
        float,
        "1/step",
        "probability of a spike per neuron and step",
        least=0,
        most=1,
    ),
    Column("beta", float, "", "decay of the potential per step", least=0, most=1),
    Column("threshold", float, "", "firing threshold"),
    Column("gain", float, "", "factor on the weights"),
    Column("seed", int, "", "seed of the patterns", least=0),
)

OUTCOMES = (
    Column(
        "true_positives", int, "spike", "target spikes that were recalled, after the cue", least=0
    ),
    Column("false_positives", int, "spike", "other spikes, after the cue", least=0),
    Column(
        "false_negatives",
        int,
        "spike",
        "target spikes that were not recalled, after the cue",
        least=0,
    ),
)

TRAINING = (
    Column("threshold_chosen", bool, "", "whether training chose the threshold, and not the grid"),
    Column("n_synapses", int, "", "weights that are not zero", least=0),
    BACKEND,
    Column("missed", int, "spike", "targets below threshold in training, in all patterns", least=0),
    Column(
        "extra", int, "spike", "other sites above threshold in training, in all patterns", least=0
    ),
    Column(
        "gap_low",
        float,
        "",
        "lower edge of the thresholds with the fewest such errors; a chosen one can lie beside "
        "them, where more is recalled",
    ),
    Column("gap_high", float, "", "upper edge"),
)

RAN_AWAY = Column(
    "ran_away",
    bool,
    "",
    "whether it fired more than about six times the target's spikes; it is then stopped, unless "
    "its pulses need Synapses",
)

DELAY_RECALL = Schema("delay_recall", (*DELAY_NETWORK, PATTERN, *OUTCOMES, RAN_AWAY, *TRAINING))

DELAY_SCAN = Schema(
    "delay_scan",
    (
        Column("scanned", str, "", "the column that differs from the baseline; none: the baseline"),
        *DELAY_NETWORK,
        PATTERN,
        *OUTCOMES,
        RAN_AWAY,
        *TRAINING,
    ),
)

DELAY_RECALL_NEURONS = Schema(
    "delay_recall_neurons",
    (
        *DELAY_NETWORK,
        Column("neuron", int, "", "index of the neuron", least=0),
        *OUTCOMES,
    ),
)

DELAY_RECALL_STEPS = Schema(
    "delay_recall_steps",
    (
        *DELAY_NETWORK,
        Column("step", int, "step", "step of the pattern; the cue comes first", least=0),
        *OUTCOMES,
    ),
)

DELAY_RECALL_SPIKES = Schema(
    "delay_recall_spikes",
    (
        *DELAY_NETWORK,
        PATTERN,
        Column(
            "kind",
            str,
            "",
            "cue, target (after the cue) or recalled (after the cue)",
            one_of=("cue", "target", "recalled"),
        ),
        Column("step", int, "step", "step of the spike", least=0),
        Column("neuron", int, "", "index of the neuron", least=0),
    ),
)

DELAY_DAMAGE = (
    Column("resampled", float, "", "part of the cue's bits that are drawn anew", least=0, most=1),
    Column("flipped", float, "", "part of the cue's bits that are inverted", least=0, most=1),
    Column("cue_length", float, "", "part of the cue's D steps that is given", least=0, most=1),
    Column("silenced", float, "", "part of the neurons left out of the cue", least=0, most=1),
    Column(
        "spurious",
        float,
        "1/step",
        "probability of an extra spike per neuron and free step; where they are not wanted, these "
        "spikes count as neither right nor false",
        least=0,
        most=1,
    ),
    Column("lost", float, "", "part of the free spikes that no neuron hears", least=0, most=1),
    Column(
        "membrane_noise",
        float,
        "threshold",
        "standard deviation of what is added to each potential in each free step",
        least=0,
    ),
    Column("cue_start", int, "step", "step of the pattern at which the cue begins", least=0),
)

DELAY_DAMAGED = (
    Column("scanned", str, "", "the column that differs from the baseline; none: the baseline"),
    *DELAY_NETWORK,
    Column(
        "upper",
        float,
        "threshold",
        "margin above the threshold that targets are taught with; empty: not the margin rule",
        optional=True,
        least=0,
    ),
    *DELAY_DAMAGE,
    *OUTCOMES,
    Column("n_tested", int, "", "patterns that were recalled; the counts are their sums", least=1),
    Column("n_perfect", int, "", "of these, patterns without an error", least=0),
    Column(
        "n_ran_away",
        int,
        "",
        "of these, recalls that were stopped: more than six times the pattern's spikes",
        least=0,
    ),
    *TRAINING,
    Column("n_bytes", int, "B", "memory of the weights", least=0),
)

DELAY_COMPLETION = Schema("delay_completion", DELAY_DAMAGED)

DELAY_CAPACITY = Schema("delay_capacity", DELAY_DAMAGED)

TASK = (
    Column("protocol", str, "", "protocol"),
    Column("task", int, "", "number of the task within the protocol", least=0),
    Column("key", str, "", "hash of the configuration and of the code, the name of its part"),
    Column("configuration", str, "", "the task's parameters, as JSON"),
)

TIMINGS = Schema(
    "timings",
    (
        *TASK,
        Column("seconds", float, "s", "wall-clock time of the task", least=0),
        Column(
            "peak_memory_mb",
            float,
            "MB",
            "largest memory of the worker process so far, and of what it started",
            least=0,
        ),
        Column("failed", bool, "", "whether the task ended with an error"),
    ),
)

ERRORS = Schema(
    "errors",
    (
        *TASK,
        Column("error", str, "", "kind of the error"),
        Column("message", str, "", "what it says"),
        Column("traceback", str, "", "where it happened"),
    ),
)

COMPARISON = Schema(
    "comparison",
    (
        Column("quantity", str, "", "what is compared"),
        Column("paper", str, "", "the paper's value in words"),
        Column(
            "paper_source",
            str,
            "",
            "what that value is of: networks; stage of training; place and version of the paper; "
            "empty: not shown",
            optional=True,
        ),
        Column("here", str, "", "the value from the tables in words"),
        Column("paper_value", float, "", "the paper's value, where it gives one", optional=True),
        Column("value", float, "", "the value; a mean is over networks", optional=True),
        Column("low", float, "", "lower limit, 95 %", optional=True),
        Column("high", float, "", "upper limit, 95 %", optional=True),
        Column("difference", float, "", "value - paper_value", optional=True),
        Column("difference_low", float, "", "low - paper_value", optional=True),
        Column("difference_high", float, "", "high - paper_value", optional=True),
        Column("n", int, "", "networks, which are the unit of the interval", least=0),
    ),
)

LOWRANK_PREDICTION = Schema(
    "lowrank_prediction",
    (
        *LOWRANK_STORED,
        CORRELATION,
        *LOWRANK_TRIAL,
        Column("predicted_stable", bool, "", "whether the network should stay at the vertex"),
        Column(
            "prediction",
            str,
            "",
            "stable, or the first condition that fails: see brianmem/lowrank/prediction.py",
            one_of=(
                "stable",
                "no fixed point",
                "elsewhere",
                "repelling",
                "spread of rates",
                "thin margin",
            ),
        ),
        Column(
            "predicted_overlap",
            float,
            "",
            "cosine of vertex and latents of the fixed point; empty: none found",
            optional=True,
            least=-1,
            most=1,
        ),
        Column(
            "eigenvalue",
            float,
            "",
            "least real part of an eigenvalue of -M_AA; empty: not looked for",
            optional=True,
        ),
        Column(
            "spread",
            float,
            "",
            "standard deviation of active rates over kappa; empty: not looked for",
            optional=True,
            least=0,
        ),
        Column(
            "margin",
            float,
            "",
            "distance of silent neurons to threshold over its deviation; empty: not looked for",
            optional=True,
        ),
    ),
)

DYNAMICS = Column(
    "dynamics",
    str,
    "",
    "what ran. spiking: the network; binary: states of +-1, one changed at a time in random order; "
    "largest_first: the same, the largest field first; graded: all states follow their fields at "
    "once, with the response of the spiking neurons; bounded: the same, up to the rate of a vertex",
    one_of=("spiking", "binary", "largest_first", "graded", "bounded"),
)

LOWRANK_HOPFIELD = Schema(
    "lowrank_hopfield",
    (
        *LOWRANK_STORED,
        CORRELATION,
        DYNAMICS,
        GAMMA_CHOSEN,
        TRIVIAL,
        FLIP_FRACTION,
        PATTERN,
        START,
        BACKEND,
        Column(
            "overlap",
            float,
            "",
            "cosine of the pattern and the states at the end, of spikes the latents averaged over "
            "the last quarter",
            least=-1,
            most=1,
        ),
        Column(
            "signs_correct", float, "", "part of these with the pattern's sign", least=0, most=1
        ),
        Column(
            "n_spoiled",
            int,
            "",
            "latents that the start has right and that were wrong at some time; of spikes, of "
            "latents y at steps of 0.1 tau",
            least=0,
        ),
        Column(
            "first_corrected",
            float,
            "",
            "part of the first latents to change that the start had wrong, of as many as it has "
            "wrong; empty: it has none, or none changes",
            optional=True,
            least=0,
            most=1,
        ),
        Column(
            "stronger_first",
            float,
            "",
            "probability that of two latents that change the one changes first that has the larger "
            "field against it at the start; empty: fewer than two change",
            optional=True,
            least=0,
            most=1,
        ),
        Column(
            "n_sweeps",
            int,
            "",
            "looks at all latents until none changes, 200 at most; with the largest field first "
            "one for each change, 200 K at most; empty: other dynamics",
            optional=True,
            least=0,
        ),
    ),
)

PERTURBATION = (
    Column("noise", float, "kappa q", "standard deviation of the membrane noise", least=0),
    Column(
        "tau_spread", float, "", "standard deviation of time constants over their mean", least=0
    ),
    Column("threshold_spread", float, "kappa q", "standard deviation of thresholds", least=0),
    Column(
        "weight_spread", float, "", "standard deviation of each weight over its own size", least=0
    ),
    Column(
        "lost_synapses", float, "", "part of the synapses between neurons lost", least=0, most=1
    ),
    Column("dead_neurons", float, "", "part of the neurons that never fire", least=0, most=1),
)

LOWRANK_ROBUSTNESS = Schema(
    "lowrank_robustness",
    (
        Column("scanned", str, "", "the column that differs from the baseline; none: the baseline"),
        *LOWRANK_STORED,
        *PERTURBATION,
        Column(
            "axis_drive",
            float,
            "",
            "kappa q, what an axis gets from the others at a vertex of the network as designed: "
            "the unit of noise and of thresholds",
            least=0,
        ),
        *LOWRANK_TRIAL,
        Column(
            "ran_away",
            bool,
            "",
            "whether the run was stopped for its number of spikes; overlaps and counts are then 0",
        ),
    ),
)

BOUNDARY_RUN = (
    Column("case", str, "", "network: see brianmem/lowrank/boundary_examples.py"),
    Column("start_seed", int, "", "seed of the directions of the starts", least=0),
    Column("kappa", float, "", "scale of the boundary in latent space, in spikes", least=0),
    Column("duration", float, "tau", "simulated time", least=0),
)
BOUNDARY_START = Column("start", int, "", "number of the start within its case", least=0)


def _latents(name: str, meaning: str, optional: bool = False) -> tuple[Column, ...]:
    """NAME_1, NAME_2, and NAME_0 that is empty in networks without a lift."""
    return (
        Column(f"{name}_1", float, "", f"{meaning}, y_1", optional),
        Column(f"{name}_2", float, "", f"{meaning}, y_2", optional),
        Column(f"{name}_0", float, "", f"{meaning}, y_0; empty: there is none", True),
    )


LOWRANK_BOUNDARY = Schema(
    "lowrank_boundary",
    (
        *BOUNDARY_RUN,
        BOUNDARY_START,
        N_NEURONS,
        Column("alpha", float, "", "lift; empty: none", optional=True),
        Column("gamma", float, "", "W_ii = -gamma before the lift; empty: E_i D_i", optional=True),
        Column(
            "own_share",
            float,
            "",
            "mean part of D eta = xi that neurons meet on their own axis; empty: no memory made so",
            optional=True,
        ),
        Column("start_degrees", float, "degree", "direction of the start from the origin"),
        *_latents("start", "start"),
        *_latents("mean", "latents of the spikes averaged over the last quarter"),
        *_latents("fixed", "stable fixed point of the fluid limit next to the mean", True),
        Column("spike_size", float, "", "length of the longest decoder", least=0),
        Column(
            "overlap",
            float,
            "",
            "cosine of the mean latents and the vertex (1, -1); empty: no memory",
            optional=True,
            least=-1,
            most=1,
        ),
        Column("n_spikes", int, "", "spikes in the run", least=0),
        *(c for c in LOWRANK_TRIAL if c.name in ("backend", "simulator", "dt")),
    ),
)

LOWRANK_BOUNDARY_NEURONS = Schema(
    "lowrank_boundary_neurons",
    (
        *BOUNDARY_RUN,
        BOUNDARY_START,
        Column("neuron", int, "", "index of the neuron", least=0),
        *_latents("encoder", "E: at threshold, E y + bias is zero"),
        Column("bias", float, "", "drive minus threshold", least=0),
        *_latents("decoder", "D: what a spike adds"),
        Column("rate", float, "spikes/tau", "filtered spikes over the last quarter"),
        Column(
            "fixed_rate",
            float,
            "spikes/tau",
            "rate at the fixed point next to the mean; empty: no stable one",
            optional=True,
            least=0,
        ),
    ),
)

LOWRANK_BOUNDARY_PATHS = Schema(
    "lowrank_boundary_paths",
    (
        *BOUNDARY_RUN,
        BOUNDARY_START,
        Column("time", float, "tau", "time", least=0),
        Column(
            "event",
            str,
            "",
            "start, before or after a spike, end; in between the latents leak to the origin",
            one_of=("start", "before", "after", "end"),
        ),
        Column("neuron", int, "", "which one fires; empty at start and end", optional=True),
        *_latents("y", "latent"),
    ),
)

LOWRANK_BOUNDARY_POINTS = Schema(
    "lowrank_boundary_points",
    (
        *BOUNDARY_RUN,
        Column("point", int, "", "number of the fixed point of the fluid limit", least=0),
        Column("n_active", int, "", "neurons that fire at it", least=0),
        Column("stable", bool, "", "whether rates return to it"),
        *_latents("y", "latent"),
    ),
)

DATASET = Column("dataset", str, "", "where the rasters come from")
TARGET = Column(
    "target",
    str,
    "",
    "kind of raster; bernoulli: independent spikes; periodic: the same, one period of T - D steps "
    "after another; waves: travelling waves; digits: spoken digits",
    one_of=("bernoulli", "periodic", "waves", "digits"),
)
SPIKE_KIND = Column(
    "kind",
    str,
    "",
    "forced spikes: background, or cue, which is part of the target; after the cue: right (in the "
    "target), extra (not in it) or missed",
    one_of=("background", "cue", "right", "extra", "missed"),
)
# Rasters that are not drawn with a probability have a mean rate.
DELAY_RASTERS = tuple(
    Column(c.name, c.type, c.unit, "spikes per neuron and step, or their probability", least=0)
    if c.name == "firing_prob"
    else c
    for c in DELAY_NETWORK
)

DELAY_TARGETS = Schema(
    "delay_targets",
    (
        TARGET,
        DATASET,
        *DELAY_RASTERS,
        PATTERN,
        Column("period", int, "", "number of the period that is scored; 0 for others", least=0),
        Column("n_periods", int, "", "periods that are recalled; 1 for other rasters", least=1),
        *OUTCOMES,
        RAN_AWAY,
        Column(
            "longest_silence",
            int,
            "step",
            "steps in a row without a spike in the pattern, at most; a silence of D steps cannot "
            "be bridged",
            least=0,
        ),
        Column("wavelength", float, "neuron", "of a wave; empty: none", optional=True, least=0),
        Column(
            "speed",
            float,
            "neuron/step",
            "of the slowest wave; the fastest is twice as fast, odd patterns run towards neuron 0; "
            "empty: none",
            optional=True,
            least=0,
        ),
        Column(
            "jitter",
            float,
            "step",
            "standard deviation of a wave's spikes; empty: none",
            optional=True,
            least=0,
        ),
        Column("bin_ms", float, "ms", "a step of spoken digits; empty: none", True, least=0),
        Column("label", int, "", "class of a spoken digit; empty: none", True, least=0, most=19),
        *TRAINING,
    ),
)

DELAY_TARGETS_SPIKES = Schema(
    "delay_targets_spikes",
    (
        TARGET,
        DATASET,
        *DELAY_RASTERS,
        PATTERN,
        Column("bin_ms", float, "ms", "a step of spoken digits; empty: none", True, least=0),
        SPIKE_KIND,
        Column("step", int, "step", "step of the spike", least=0),
        Column("neuron", int, "", "index of the neuron", least=0),
    ),
)

SEQUENCE = (
    *DELAY_NETWORK,
    Column(
        "background_steps",
        int,
        "step",
        "steps of random spikes, of probability firing_prob, before each cue and at the end",
        least=0,
    ),
)

DELAY_SEQUENCE = Schema(
    "delay_sequence",
    (
        *SEQUENCE,
        Column("cued_pattern", int, "", "pattern whose cue was given; its place in time", least=0),
        Column("pattern", int, "", "pattern that the recall is compared with", least=0),
        *OUTCOMES,
        RAN_AWAY,
        *TRAINING,
    ),
)

DELAY_SEQUENCE_STEPS = Schema(
    "delay_sequence_steps",
    (
        *SEQUENCE,
        Column("pattern", int, "", "pattern that all spikes are compared with", least=0),
        Column("bin_steps", int, "step", "steps that are counted together", least=1),
        Column("step", int, "step", "the first of them, from the beginning of the run", least=0),
        Column("true_positives", int, "spike", "spikes of the run in the pattern", least=0),
        Column("false_positives", int, "spike", "other spikes of the run", least=0),
        Column("false_negatives", int, "spike", "missing spikes of the pattern", least=0),
    ),
)

DELAY_SEQUENCE_SPIKES = Schema(
    "delay_sequence_spikes",
    (
        *SEQUENCE,
        SPIKE_KIND,
        Column("step", int, "step", "step of the spike, from the beginning of the run", least=0),
        Column("neuron", int, "", "index of the neuron", least=0),
    ),
)

TRAINED = (
    *(c for c in DELAY_NETWORK if c.name not in ("learner", "threshold", "gain", "seed")),
    Column(
        "start",
        str,
        "",
        "weights that training starts from",
        one_of=("hebbian", "random_positive", "random"),
    ),
    Column("scale", float, "", "their strength, see SurrogateSettings", least=0),
    Column("support", str, "", "synapses that learn", one_of=("hebbian", "full")),
    Column(
        "surrogate",
        str,
        "",
        "where the derivative of a spike is not zero",
        one_of=("windowed", "one_sided", "full"),
    ),
    Column("rate", float, "", "learning rate", least=0),
    Column("dropout", float, "", "part of inputs and currents left out in training", least=0),
    Column("n_epochs", int, "", "gradient steps, at most", least=1),
    Column("seed", int, "", "seed of the patterns and of random weights", least=0),
    Column("epoch", int, "", "gradient steps done; 0: the weights to start from", least=0),
)

DELAY_TRAINING = Schema(
    "delay_training",
    (
        *TRAINED,
        Column("loss", float, "", "1 - F1 of free recall, over all patterns", least=0, most=1),
        Column("n_spikes", int, "spike", "spikes after the cue, in all patterns", least=0),
        Column("n_wanted", int, "spike", "spikes of the patterns after the cue", least=0),
        Column("n_stopped", int, "", "patterns whose recall ran away and was stopped", least=0),
    ),
)

DELAY_TRAINING_WINDOWS = Schema(
    "delay_training_windows",
    (
        *TRAINED,
        Column("step", float, "step", "middle of the window", least=0),
        Column("f1", float, "", "F1 in the window, over all patterns", least=0, most=1),
    ),
)

DELAY_PRECISION = Schema(
    "delay_precision",
    (
        *DELAY_DAMAGED,
        Column(
            "keep",
            float,
            "",
            "part of all synapses of a neuron that is left to it",
            least=0,
            most=1,
        ),
        Column(
            "n_levels",
            int,
            "",
            "values that the weights of a neuron can have; empty: float32",
            optional=True,
            least=2,
        ),
    ),
)
