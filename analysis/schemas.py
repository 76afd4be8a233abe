"""The columns of the tables that analysis writes."""

from dataclasses import replace

from analysis import statistics
from brianmem import schemas
from brianmem.tables import Column, Schema

BY_NAME = {
    column.name: column
    for column in (
        *schemas.LOWRANK_STORED,
        *schemas.LOWRANK_TRIAL,
        schemas.CORRELATION,
        *schemas.DELAY_RECALL_SPIKES.columns,
    )
} | {
    "gamma": Column("gamma", float, "", "self-connection; empty: chosen for each network", True),
    "threshold": Column(
        "threshold", float, "", "firing threshold; empty: chosen for each network", True
    ),
}


def _columns(*names: str) -> list[Column]:
    return [BY_NAME[name] for name in names]


def _with_interval(name: str, unit: str, meaning: str, **limits) -> list[Column]:
    """A value and its interval; any of them may be unknown."""
    return [
        Column(name, float, unit, meaning, optional=True, **limits),
        Column(f"{name}_low", float, unit, "lower limit, 95 %", optional=True, **limits),
        Column(f"{name}_high", float, unit, "upper limit, 95 %", optional=True, **limits),
    ]


SHARE = {"least": 0, "most": 1}
OVERLAP = _with_interval("overlap", "", "mean over networks", least=-1, most=1)
F1 = [
    *_with_interval("f1", "", "mean over networks; empty: nothing to recall", **SHARE),
    Column("f1_least", float, "", "lowest F1 of a network", optional=True, **SHARE),
]
MEASURE = Column(
    "measure",
    str,
    "",
    "what counts as success. overlap: above 0.95; all_signs: all latents on the right side",
    one_of=("overlap", "all_signs"),
)
CRITERION = Column("criterion", float, "", "share of the trials that must succeed", **SHARE)
REASON = Column(
    "reason",
    str,
    "",
    "what the value rests on, or why there is none: see analysis/statistics.py",
    one_of=statistics.REASONS,
)
N_NETWORKS = Column("n_networks", int, "", "networks, which are the unit of the interval", least=0)
N_TRIALS = Column("n_trials", int, "", "trials of all networks", least=0)

LOWRANK = _columns("rule", "n_neurons", "n_patterns", "load", "gamma", "kappa", "duration")
DELAY = [BY_NAME[c.name] for c in schemas.DELAY_NETWORK if c.name != "seed"]

OVERLAP_SUMMARY = Schema(
    "overlap_summary",
    (
        Column("source", str, "", "table that the trials are from"),
        *LOWRANK,
        replace(schemas.CORRELATION, optional=True),
        *_columns("start", "flip_fraction"),
        N_NETWORKS,
        N_TRIALS,
        *OVERLAP,
        *_with_interval("success", "", "part of the trials with overlap above 0.95", **SHARE),
        *_with_interval("all_signs", "", "part of the trials with all signs right", **SHARE),
        *_with_interval("overlap_final", "", "mean over networks, at the end", least=-1, most=1),
    ),
)

F1_SUMMARY = Schema("f1_summary", (*DELAY, N_NETWORKS, *F1))

F1_SCAN = Schema(
    "f1_scan",
    (
        Column("scanned", str, "", "the parameter of the curve"),
        Column("value", float, "", "its value; the median, if chosen for each network"),
        Column("baseline", bool, "", "whether this is the baseline, which all curves share"),
        *DELAY,
        N_NETWORKS,
        *F1,
    ),
)

DAMAGE = Schema(
    "damage",
    (
        Column("kind", str, "", "kind of damage: a column of the protocol's table"),
        *DELAY,
        Column("strength", float, "", "of the damage, in the unit of that column", least=0),
        N_NETWORKS,
        *F1,
        *_with_interval("perfect", "", "part of the patterns recalled without an error", **SHARE),
        *_with_interval("ran_away", "", "part of the recalls that ran away", **SHARE),
    ),
)

F1_OF_ONE = Column(
    "f1", float, "", "F1 over all patterns; empty: nothing to recall", optional=True, **SHARE
)

F1_NEURONS = Schema(
    "f1_neurons",
    (
        *schemas.DELAY_NETWORK,
        Column("neuron", int, "", "index of the neuron", least=0),
        F1_OF_ONE,
    ),
)

F1_STEPS = Schema(
    "f1_steps",
    (
        *schemas.DELAY_NETWORK,
        Column("step", int, "step", "middle of the window, after the cue", least=0),
        replace(F1_OF_ONE, meaning="F1 in a sliding window; empty: nothing to recall"),
    ),
)

CAPACITY = Schema(
    "capacity",
    (
        *_columns("rule", "n_neurons", "correlation", "gamma", "kappa", "duration"),
        MEASURE,
        CRITERION,
        Column("n_loads", int, "", "loads of the fit", least=1),
        N_NETWORKS,
        *_with_interval("capacity", "", "load at which the share falls to the criterion", least=0),
        REASON,
        Column(
            "revival",
            float,
            "",
            "load at which the share rises again after its fall; empty: it does not",
            optional=True,
        ),
        Column(
            "random_kept",
            float,
            "",
            "control: largest share, over loads, of random vertices that are kept",
            optional=True,
            **SHARE,
        ),
    ),
)

COMPLETION = Schema(
    "completion",
    (
        *LOWRANK,
        schemas.CORRELATION,
        MEASURE,
        CRITERION,
        N_NETWORKS,
        N_TRIALS,
        *_with_interval(
            "completed",
            "",
            "flip fraction that the criterion's share of patterns completes; empty: not even none",
            **SHARE,
        ),
        *_with_interval("recalled", "", "share of patterns recalled undamaged", **SHARE),
        Column(
            "random_kept",
            float,
            "",
            "control: share of random vertices that are kept undamaged",
            optional=True,
            **SHARE,
        ),
    ),
)

HOPFIELD = Schema(
    "hopfield",
    (
        *LOWRANK,
        schemas.CORRELATION,
        schemas.DYNAMICS,
        *_columns("flip_fraction"),
        N_NETWORKS,
        N_TRIALS,
        *_with_interval("success", "", "part of the trials with overlap above 0.95", **SHARE),
        *_with_interval("all_signs", "", "part of the trials with all signs right", **SHARE),
        *_with_interval(
            "spoiled", "", "part of the latents right at the start that are ever wrong", **SHARE
        ),
        *_with_interval(
            "first_corrected",
            "",
            "part of the first changes that are corrections: of as many as are wrong",
            **SHARE,
        ),
        *_with_interval(
            "stronger_first",
            "",
            "probability that the latent with the larger field against it changes first",
            **SHARE,
        ),
    ),
)

HOPFIELD_BASINS = Schema(
    "hopfield_basins",
    (
        *LOWRANK,
        schemas.CORRELATION,
        schemas.DYNAMICS,
        MEASURE,
        CRITERION,
        Column("n_fractions", int, "", "flip fractions that were tried", least=1),
        N_NETWORKS,
        *_with_interval(
            "completed",
            "",
            "flip fraction at which the share of successes falls to the criterion",
            **SHARE,
        ),
        REASON,
    ),
)

BEST_GAMMA = Schema(
    "best_gamma",
    (
        *_columns("rule", "n_neurons", "n_patterns", "load", "correlation", "kappa", "duration"),
        Column("n_gammas", int, "", "gammas that were tried", least=1),
        N_NETWORKS,
        Column("gamma", float, "", "gamma of the highest mean overlap"),
        *OVERLAP,
        Column(
            "gamma_low",
            float,
            "",
            "from here to gamma_high, the mean overlap is at most .01 below the best",
            optional=True,
        ),
        Column("gamma_high", float, "", "see gamma_low", optional=True),
        Column("chosen", float, "", "gamma that the rule chooses, mean", optional=True),
        *_with_interval("overlap_chosen", "", "mean with that gamma", least=-1, most=1),
        Column("window_low", float, "", "theory: stable from here on", optional=True),
        Column("window_high", float, "", "theory: stable up to here", optional=True),
    ),
)

SPIKE_DISTANCES = Schema(
    "spike_distances",
    (
        *schemas.DELAY_NETWORK,
        schemas.PATTERN,
        Column("time_constant", float, "ms", "decay of the kernel; the shift of cost 1", least=0),
        Column("n_active", int, "", "neurons with a target or recalled spike", least=0),
        Column(
            "van_rossum",
            float,
            "",
            "mean over these neurons; 1 for one spike more or less",
            optional=True,
            least=0,
        ),
        Column(
            "victor_purpura",
            float,
            "",
            "mean over these neurons; 1 for one spike more or less",
            optional=True,
            least=0,
        ),
    ),
)

PREDICTED_BY = ("all", "rule", "n_neurons", "load", "gamma", "kappa", "start", "trivial")

PREDICTION_CONFUSION = Schema(
    "prediction_confusion",
    (
        Column("by", str, "", "column that is split; all: none", one_of=PREDICTED_BY),
        Column("value", str, "", "its value; chosen: the rule chose gamma"),
        Column("n_networks", int, "", "networks", least=0),
        N_TRIALS,
        Column("true_positives", int, "", "predicted stable, recalled", least=0),
        Column("false_positives", int, "", "predicted stable, not recalled", least=0),
        Column("false_negatives", int, "", "not predicted stable, recalled", least=0),
        Column("true_negatives", int, "", "not predicted stable, not recalled", least=0),
        Column("agreement", float, "", "part of the trials predicted right", **SHARE),
        Column(
            "base_rate",
            float,
            "",
            "the same for the better of two constant predictions, always stable and never",
            **SHARE,
        ),
        *_with_interval("sensitivity", "", "part of the recalled that was predicted", **SHARE),
        *_with_interval("specificity", "", "part of the others that was predicted", **SHARE),
        *_with_interval(
            "networks_right", "", "part of the networks with all trials predicted right", **SHARE
        ),
        Column(
            "error_median",
            float,
            "",
            "median of |predicted - simulated overlap| over true positives; empty: none",
            optional=True,
            least=0,
        ),
        Column("error_90", float, "", "its 90 % quantile", optional=True, least=0),
        Column("error_most", float, "", "its largest value", optional=True, least=0),
    ),
)

PERTURBED = (
    Column(
        "perturbation",
        str,
        "",
        "what varies; the rest is as designed",
        one_of=tuple(column.name for column in schemas.PERTURBATION),
    ),
    *LOWRANK,
    *_columns("flip_fraction"),
)

ROBUSTNESS = Schema(
    "robustness",
    (
        *PERTURBED,
        Column("strength", float, "", "value of the column that varies, in its unit", least=0),
        Column(
            "strength_in_jumps",
            float,
            "gamma",
            "the same in units of the self-connection, mean over networks; empty: its unit is not "
            "kappa q",
            optional=True,
            least=0,
        ),
        N_NETWORKS,
        N_TRIALS,
        *OVERLAP,
        *_with_interval("success", "", "part of the trials with overlap above 0.95", **SHARE),
        *_with_interval("all_signs", "", "part of the trials with all signs right", **SHARE),
    ),
)

TOLERANCE = Schema(
    "tolerance",
    (
        *PERTURBED,
        CRITERION,
        Column("n_strengths", int, "", "strengths that were tried, 0 included", least=1),
        N_NETWORKS,
        *_with_interval(
            "tolerated",
            "",
            "strength at which the share with overlap above 0.95 falls to the criterion",
            least=0,
        ),
        *_with_interval(
            "tolerated_in_jumps",
            "gamma",
            "the same in units of the self-connection; empty, too: its unit is not kappa q",
            least=0,
        ),
        REASON,
        Column(
            "tolerated_on_grid",
            float,
            "",
            "largest strength tried such that it and all smaller ones reach the criterion",
            optional=True,
            least=0,
        ),
    ),
)
