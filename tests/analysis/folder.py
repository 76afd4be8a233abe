"""A folder of small tables of every protocol, made by hand."""

from brianmem import schemas, tables
from tests.analysis.rows import basins, delay, lowrank, shares

SEEDS = (0, 1, 2)
LOADS = {20: 4, 30: 3, 40: 0}
NONE, ALL = dict.fromkeys(LOADS, 0), dict.fromkeys(LOADS, 4)


def random_vertices(kept, **others):
    """Changes for starts that were not stored: how many of four are kept, by n_patterns."""
    return shares("n_patterns", kept, 4, SEEDS, start="random", **others)


CAPACITY = [
    *shares("n_patterns", LOADS, 4, SEEDS, rule="optimised"),
    *shares("n_patterns", ALL, 4, SEEDS, rule="pseudo_inverse"),
    *shares("n_patterns", NONE, 4, SEEDS, rule="hebbian"),
    *random_vertices(NONE, rule="optimised"),
    *random_vertices(NONE | {40: 4}, rule="pseudo_inverse"),
]
LARGER = [
    row | {"n_neurons": 200, "n_patterns": 2 * row["n_patterns"]}
    for row in CAPACITY
    if row["rule"] == "optimised"
]
SCANNED = [
    row | {"gamma": gamma, "gamma_chosen": gamma is None, "overlap": overlap}
    for gamma, overlap in ((None, 0.98), (1.2, 0.99), (1.6, 0.5))
    for row in shares("n_patterns", {20: 4, 30: 4}, 2, (7, 8), rule="optimised")
]
SCANNED = [row if row["gamma"] else row | {"gamma": 1.5} for row in SCANNED]
LOWER_RATE = [row | {"kappa": 1.0} for row in CAPACITY]
CORRELATED = [
    row | {"correlation": c, "network_seed": 9} for c in (0.0, 0.4) for row in CAPACITY[:4]
]
COMPLETION = [
    *basins([0.1, 0.2, 0.2, 0.3], SEEDS, n_patterns=10),
    *basins([0.0, 0.1, 0.1, 0.1], SEEDS, n_patterns=30),
    *basins([0.3] * 4, SEEDS, rule="pseudo_inverse"),
    *basins([None] * 4, SEEDS, rule="hebbian"),
    *basins([0.3] * 4, SEEDS, rule="extended"),
    *basins([None] * 4, SEEDS, start="random"),
    *basins([0.3, 0.1], (9,), correlation=0.4),
    *basins([0.3, 0.2], (9,)),
]
RECALL = [
    {"rule": rule, "network_seed": seed, "pattern": k, "n_neurons": 20, "n_patterns": 4}
    | {"overlap": 1.0 if k < n else 0.5}
    for rule, recalled in (("optimised", (2, 2, 1)), ("hebbian", (0, 0, 0)))
    for seed, n in zip(SEEDS, recalled, strict=True)
    for k in range(2)
]
CLOCK = [
    row
    | {"dt": 0.01, "simulator": "clock", "overlap": row["overlap"] - 0.1, "first_wrong_spike": 2}
    for row in RECALL
]
DAMAGED = [row | {"flip_fraction": 0.1} for row in RECALL]
ATTRACTORS = [
    *shares("flip_fraction", {0.0: 4, 0.02: 4, 0.04: 2}, 4, SEEDS, n_patterns=40),
    *random_vertices({40: 0}),
]
PREDICTION = [
    row | {"predicted_stable": stable, "prediction": reason, "predicted_overlap": overlap}
    for n, (stable, reason, overlap) in enumerate(
        ((True, "stable", 0.999), (False, "no fixed point", None), (False, "thin margin", 0.99))
    )
    for row in shares("n_patterns", {10: 3 - n}, 4, SEEDS, rule=("optimised", "hebbian")[n % 2])
]
DIGITS = [
    {"flip_fraction": 118 / 784, "n_neurons": 1568, "n_patterns": 10, "pattern": k, "digit": k}
    | {"dataset": "scikit-learn digits", "overlap": 1.0}
    for k in range(10)
]
HITS = [
    {"learner": learner, "true_positives": 9 - seed, "false_positives": errors, "seed": seed}
    | {"n_neurons": 512, "n_delays": 41, "n_steps": 1000, "n_patterns": 16, "firing_prob": 1e-3}
    for learner, errors in (("hebbian", 3), ("deconvolved", 1))
    for seed in SEEDS
]
SCAN = [
    *HITS,
    *(row | {"scanned": "n_delays", "n_delays": 3, "false_negatives": 30} for row in HITS),
    *(row | {"scanned": "n_delays", "n_delays": 11, "false_negatives": 9} for row in HITS),
    *(row | {"scanned": "beta", "beta": 0.5} for row in HITS),
]
SCAN += [
    row | {"learner": "normalised", "threshold": 0.8, "threshold_chosen": False, "gap_high": 1.5}
    for row in SCAN
    if row["learner"] == "hebbian"
]
RECALLED = {"true_positives": 40, "n_tested": 4, "n_perfect": 4}
LOST = {"true_positives": 10, "false_negatives": 30, "n_tested": 4, "n_perfect": 1}
DELAY_SIZE = {"n_neurons": 512, "n_delays": 41, "n_steps": 1000, "n_patterns": 16} | {
    "firing_prob": 1e-3
}
DELAY_DAMAGED = [
    DELAY_SIZE | {"learner": learner, "seed": seed} | change | outcome
    for learner, second in (("hebbian", LOST), ("margin", RECALLED))
    for seed in SEEDS
    for change, outcome in (
        ({}, RECALLED),
        ({"scanned": "resampled", "resampled": 0.25}, second),
        ({"scanned": "resampled", "resampled": 0.5}, LOST),
        ({"scanned": "cue_length", "cue_length": 0.75}, second),
        ({"scanned": "flipped", "flipped": 1e-3}, LOST),
        ({"scanned": "flipped", "flipped": 1e-2}, LOST | {"n_ran_away": 2}),
    )
]
MARGINS = [
    row | {"n_neurons": 128, "upper": upper, "n_patterns": n}
    for row in DELAY_DAMAGED
    if row["learner"] == "margin"
    for upper in (0.5, 1.0, 2.0)
    for n in (16, 64)
]
DELAY_LOADS = [
    row | {"n_patterns": n, "learner": learner, "missed": missed}
    for learner in ("hebbian", "margin")
    for n, missed in ((16, 0), (64, 3))
    for row in DELAY_DAMAGED
    if row["learner"] == "hebbian" and row.get("resampled") != 0.5 and "flipped" not in row
]
# How many of four patterns are recalled; each perturbation has the baseline, which recalls all.
ROBUSTNESS = [
    *shares("noise", {0.0: 4}, 4, SEEDS),
    *shares("noise", {0.1: 4, 0.2: 0}, 4, SEEDS, scanned="noise"),
    *shares("dead_neurons", {0.02: 2, 0.1: 0}, 4, SEEDS, scanned="dead_neurons"),
]
ROBUSTNESS = [
    row | {"n_patterns": p, "rule": rule, "flip_fraction": flips, "signs_correct": row["overlap"]}
    for p, rule in ((10, "optimised"), (10, "extended"), (40, "extended"))
    for flips in (0.0, 0.05)
    for row in ROBUSTNESS
]
# How many of four starts each kind of network completes.
HOPFIELD = [
    row | {"n_neurons": n, "n_patterns": n // 10, "rule": rule, "dynamics": dynamics}
    for n in (100, 200)
    for rule in ("optimised", "regularised")
    for dynamics, completed in (
        ("spiking", {0.1: 4, 0.2: 3, 0.3: 0}),
        ("binary", {0.1: 3, 0.2: 0, 0.3: 0}),
        ("largest_first", {0.1: 4, 0.2: 2, 0.3: 0}),
        ("graded", {0.1: 4, 0.2: 3, 0.3: 1}),
        ("bounded", {0.1: 4, 0.2: 4, 0.3: 1}),
    )
    for row in shares("flip_fraction", completed, 4, SEEDS)
]
TASK = {"protocol": "lowrank.capacity", "key": "k", "configuration": "{}"}
TIMINGS = [
    TASK | {"task": task, "seconds": 40.0 * (task + 1), "peak_memory_mb": 99.6, "failed": task == 1}
    for task in range(2)
]
ERROR = TASK | {"task": 1, "error": "ValueError", "message": "no luck", "traceback": "line 1"}

MAIN = {
    schemas.LOWRANK_RECALL: lowrank(RECALL + DAMAGED + CLOCK, schemas.LOWRANK_RECALL),
    schemas.LOWRANK_CAPACITY: lowrank(CAPACITY + LARGER + SCANNED + LOWER_RATE + CORRELATED),
    schemas.LOWRANK_COMPLETION: lowrank(COMPLETION, schemas.LOWRANK_COMPLETION),
    schemas.LOWRANK_ATTRACTORS: lowrank(ATTRACTORS, schemas.LOWRANK_ATTRACTORS),
    schemas.LOWRANK_PREDICTION: lowrank(PREDICTION, schemas.LOWRANK_PREDICTION),
    schemas.LOWRANK_DIGITS: lowrank(DIGITS, schemas.LOWRANK_DIGITS),
    schemas.LOWRANK_HOPFIELD: lowrank(HOPFIELD, schemas.LOWRANK_HOPFIELD),
    schemas.LOWRANK_ROBUSTNESS: lowrank(ROBUSTNESS, schemas.LOWRANK_ROBUSTNESS),
    schemas.DELAY_RECALL: delay(HITS),
    schemas.DELAY_SCAN: delay(SCAN, schemas.DELAY_SCAN),
    schemas.DELAY_COMPLETION: delay(DELAY_DAMAGED + MARGINS, schemas.DELAY_COMPLETION),
    schemas.DELAY_CAPACITY: delay(DELAY_LOADS, schemas.DELAY_CAPACITY),
}


def provenance(schema):
    """A sidecar as protocols write it."""
    return {
        "versions": {"python": "3.11.0", "brian2": "2.9.0", "absent": None},
        "git_commit": "0123456789",
        "git_clean": True,
        "compiler": "g++ 12",
        "platform": "Linux",
        "protocol": "protocols." + schema.name.replace("_", ".", 1),
        "backend": "cython",
        "grid": "smoke",
        "settings": [],
        "seed": 0,
        "blocks": [{"n_neurons": [100, 200], "gamma": [None]}],
        "options": {},
        "equations": {"model": "dv/dt = -v/tau : 1", "source": None},
        "tasks": 2,
        "failed_tasks": 0,
    }


def write(folder, made=MAIN, **changes):
    """Write tables with their sidecars, in which `changes` replace items."""
    for schema, table in made.items():
        tables.write(table, schema, folder, provenance(schema) | changes)


def write_tasks(folder):
    """Write what tasks cost, and that one of them failed."""
    for schema, rows in ((schemas.TIMINGS, TIMINGS), (schemas.ERRORS, [ERROR])):
        tables.write(tables.from_rows(schema, rows), schema, folder, {"cores": 2})
