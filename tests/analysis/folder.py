"""A folder of small tables of every protocol, made by hand."""

from brianmem import schemas, tables
from tests.analysis.rows import delay, lowrank, shares

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
FLIPS = {0.0: 4, 0.1: 4, 0.2: 3, 0.3: 0}
COMPLETION = [
    *shares("flip_fraction", FLIPS, 4, SEEDS, n_patterns=10),
    *shares("flip_fraction", {0.0: 4, 0.1: 2, 0.2: 0, 0.3: 0}, 4, SEEDS, n_patterns=30),
    *shares("flip_fraction", dict.fromkeys(FLIPS, 4), 4, SEEDS, rule="pseudo_inverse"),
    *shares("flip_fraction", dict.fromkeys(FLIPS, 0), 4, SEEDS, rule="hebbian"),
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
TASK = {"protocol": "lowrank.capacity", "key": "k", "configuration": "{}"}
TIMINGS = [
    TASK | {"task": task, "seconds": 40.0 * (task + 1), "peak_memory_mb": 99.6, "failed": task == 1}
    for task in range(2)
]
ERROR = TASK | {"task": 1, "error": "ValueError", "message": "no luck", "traceback": "line 1"}

MAIN = {
    schemas.LOWRANK_RECALL: lowrank(RECALL + DAMAGED + CLOCK, schemas.LOWRANK_RECALL),
    schemas.LOWRANK_CAPACITY: lowrank(CAPACITY + LARGER),
    schemas.LOWRANK_COMPLETION: lowrank(COMPLETION, schemas.LOWRANK_COMPLETION),
    schemas.LOWRANK_DIGITS: lowrank(DIGITS, schemas.LOWRANK_DIGITS),
    schemas.DELAY_RECALL: delay(HITS),
    schemas.DELAY_SCAN: delay(SCAN, schemas.DELAY_SCAN),
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
        "configuration": {"grid": "smoke", "n_neurons": [100, 200], "gamma": [None]},
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
