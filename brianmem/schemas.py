"""The columns of every table, with units and meanings: what protocols write and analysis reads."""

from brianmem.tables import Column, Schema

RULE = Column("rule", str, "", "storage rule")
N_NEURONS = Column("n_neurons", int, "", "neurons, N")
N_PATTERNS = Column("n_patterns", int, "", "stored patterns")
LOAD = Column("load", float, "", "n_patterns / n_neurons")
GAMMA = Column("gamma", float, "", "self-connection")
KAPPA = Column("kappa", float, "spikes/tau", "rate of an active neuron")
NETWORK_SEED = Column("network_seed", int, "", "seed of the patterns and of the damage to starts")
PATTERN = Column("pattern", int, "", "index of the pattern, or of the random vertex, to recall")
FLIP_FRACTION = Column("flip_fraction", float, "", "part of the latents that the start has wrong")
BACKEND = Column("backend", str, "", "what ran the simulation")

LOWRANK_TRIAL = (
    FLIP_FRACTION,
    PATTERN,
    Column("start", str, "", "stored: a stored pattern; random: a vertex that was not stored"),
    Column("overlap", float, "", "cosine of pattern and latents averaged over the last quarter"),
    Column("overlap_final", float, "", "cosine of pattern and latents at the end"),
    Column("signs_correct", float, "", "part of the averaged latents with the pattern's sign"),
    Column("n_spikes", int, "", "spikes in the run"),
    BACKEND,
    Column("simulator", str, "", "exact: event-driven; clock: Brian2 with a clock, approximate"),
    Column("dt", float, "tau", "clock step; 0 for the exact simulator"),
)

LOWRANK_STORED = (
    RULE,
    N_NEURONS,
    N_PATTERNS,
    LOAD,
    GAMMA,
    KAPPA,
    NETWORK_SEED,
    Column("duration", float, "tau", "simulated time"),
)

LOWRANK_RECALL = Schema(
    "lowrank_recall",
    (
        *LOWRANK_STORED,
        *LOWRANK_TRIAL,
        Column("pattern_correlation", float, "", "largest |cosine| with another stored pattern"),
        Column("residual", float, "", "largest element of |D eta - xi|"),
        Column("rank", int, "", "rank of the neural patterns"),
        Column("alpha", float, "", "lift that makes the weights inhibitory"),
        Column("bias", float, "", "drive minus threshold"),
        Column("spikes_in_shared_steps", float, "", "part of the spikes that share their time"),
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
        Column("cued_pattern", int, "", "index of the pattern that the start was made from"),
        PATTERN,
        Column("time", float, "tau", "time"),
        Column("overlap", float, "", "cosine of pattern and latents"),
    ),
)

LOWRANK_RECALL_SPIKES = Schema(
    "lowrank_recall_spikes",
    (
        *LOWRANK_STORED,
        FLIP_FRACTION,
        Column("cued_pattern", int, "", "index of the pattern that the start was made from"),
        Column("time", float, "tau", "time of the spike"),
        Column("neuron", int, "", "index of the neuron; N/2 + k is the antagonist of k"),
        Column("active", bool, "", "whether the neuron is active in the cued pattern"),
    ),
)

LOWRANK_RECALL_DECODERS = Schema(
    "lowrank_recall_decoders",
    (
        *LOWRANK_STORED,
        Column("latent", int, "", "index of the latent dimension, row of D"),
        Column("neuron", int, "", "index of the neuron, column of D"),
        Column("value", float, "", "decoding weight"),
    ),
)

LOWRANK_RECALL_WEIGHTS = Schema(
    "lowrank_recall_weights",
    (
        *LOWRANK_STORED,
        Column("post", int, "", "index of the postsynaptic neuron"),
        Column("pre", int, "", "index of the presynaptic neuron"),
        Column("value", float, "", "recurrent weight, lift included"),
    ),
)

LOWRANK_RECALL_CONSTRAINTS = Schema(
    "lowrank_recall_constraints",
    (
        *LOWRANK_STORED,
        PATTERN,
        Column("latent", int, "", "index of the latent dimension"),
        Column("alignment", float, "", "xi_k (D eta)_k, which is 1 where the constraint holds"),
    ),
)

LOWRANK_DIGITS = Schema(
    "lowrank_digits",
    (
        *LOWRANK_STORED,
        *LOWRANK_TRIAL,
        Column("digit", int, "", "class of the image, 0 to 9"),
        Column("dataset", str, "", "where the images come from"),
        Column("image", int, "", "index of the image in the data set"),
    ),
)

LOWRANK_DIGITS_IMAGES = Schema(
    "lowrank_digits_images",
    (
        *LOWRANK_STORED,
        FLIP_FRACTION,
        Column("dt", float, "tau", "clock step; 0 for the exact simulator"),
        Column("digit", int, "", "class of the image, 0 to 9"),
        Column("stage", str, "", "cue, recall or target"),
        Column("time", float, "tau", "time of a recall; 0 for cue and target"),
        Column("row", int, "pixel", "row, from the top"),
        Column("column", int, "pixel", "column, from the left"),
        Column("value", float, "", "latent over kappa; -1 or 1 for cue and target"),
    ),
)

DELAY_NETWORK = (
    Column("learner", str, "", "learning rule"),
    N_NEURONS,
    Column("n_delays", int, "step", "largest delay, D; also the length of the cue"),
    Column("n_steps", int, "step", "length of a pattern"),
    N_PATTERNS,
    Column("firing_prob", float, "1/step", "probability of a spike per neuron and step"),
    Column("beta", float, "", "decay of the potential per step"),
    Column("threshold", float, "", "firing threshold"),
    Column("gain", float, "", "factor on the weights"),
    Column("seed", int, "", "seed of the patterns"),
)

OUTCOMES = (
    Column("true_positives", int, "spike", "target spikes that were recalled, after the cue"),
    Column("false_positives", int, "spike", "other spikes, after the cue"),
    Column("false_negatives", int, "spike", "target spikes that were not recalled, after the cue"),
)

DELAY_RECALL = Schema(
    "delay_recall",
    (
        *DELAY_NETWORK,
        PATTERN,
        *OUTCOMES,
        Column("n_synapses", int, "", "weights that are not zero"),
        BACKEND,
        Column("missed", int, "spike", "targets below threshold in training, in all patterns"),
        Column("extra", int, "spike", "other sites above threshold in training, in all patterns"),
        Column("gap_low", float, "", "lower edge of the thresholds with the fewest such errors"),
        Column("gap_high", float, "", "upper edge"),
    ),
)

DELAY_RECALL_STEPS = Schema(
    "delay_recall_steps",
    (
        *DELAY_NETWORK,
        Column("step", int, "step", "step of the pattern; the cue comes first"),
        *OUTCOMES,
    ),
)

DELAY_RECALL_SPIKES = Schema(
    "delay_recall_spikes",
    (
        *DELAY_NETWORK,
        PATTERN,
        Column("kind", str, "", "cue, target (after the cue) or recalled (after the cue)"),
        Column("step", int, "step", "step of the spike"),
        Column("neuron", int, "", "index of the neuron"),
    ),
)

TIMINGS = Schema(
    "timings",
    (
        Column("protocol", str, "", "protocol"),
        Column("task", int, "", "number of the task within the protocol"),
        Column("configuration", str, "", "the task's own parameters, as JSON"),
        Column("seconds", float, "s", "wall-clock time of the task"),
        Column("peak_memory_mb", float, "MB", "largest memory of the worker process so far"),
        Column("jobs", int, "", "worker processes"),
    ),
)

COMPARISON = Schema(
    "comparison",
    (
        Column("quantity", str, "", "what is compared"),
        Column("paper", str, "", "the paper's value"),
        Column("here", str, "", "the value from the tables"),
    ),
)
