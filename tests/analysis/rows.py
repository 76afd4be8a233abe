"""Small tables of trials, made by hand."""

from brianmem import schemas, tables

TRIAL = {
    "rule": "optimised",
    "n_neurons": 100,
    "n_patterns": 10,
    "gamma": 1.5,
    "kappa": 5.0,
    "network_seed": 0,
    "duration": 20.0,
    "gamma_chosen": True,
    "trivial": False,
    "correlation": 0.0,
    "flip_fraction": 0.0,
    "pattern": 0,
    "start": "stored",
    "overlap": 1.0,
    "overlap_final": 1.0,
    "signs_correct": 1.0,
    "n_spikes": 100,
    "backend": "numpy",
    "simulator": "exact",
    "dt": 0.0,
    "pattern_correlation": 0.1,
    "residual": 0.0,
    "rank": 4,
    "alpha": 0.1,
    "bias": 1.0,
    "spikes_in_shared_steps": 0.0,
    "digit": 0,
    "dataset": "made by hand",
    "image": 0,
    "scanned": "none",
    **{column.name: 0.0 for column in schemas.PERTURBATION},
    "axis_drive": 5.0,
    "ran_away": False,
    "completed": 0.2,
    "completed_exactly": 0.2,
    "n_runs": 8,
    "dynamics": "spiking",
    "n_spoiled": 0,
    "first_corrected": 1.0,
    "stronger_first": 0.75,
}

SCORE = {
    "learner": "hebbian",
    "n_neurons": 50,
    "n_delays": 5,
    "n_steps": 100,
    "n_patterns": 2,
    "firing_prob": 0.01,
    "beta": 0.7,
    "threshold": 0.4,
    "gain": 1.0,
    "seed": 0,
    "pattern": 0,
    "true_positives": 0,
    "false_positives": 0,
    "false_negatives": 0,
    "n_synapses": 1000,
    "backend": "numpy",
    "missed": 0,
    "extra": 0,
    "gap_low": 0.3,
    "gap_high": 0.5,
    "scanned": "none",
    "threshold_chosen": True,
    **{column.name: 0.0 for column in schemas.DELAY_DAMAGE},
    "cue_length": 1.0,
    "cue_start": 0,
    "ran_away": False,
    "n_tested": 2,
    "n_perfect": 0,
    "n_ran_away": 0,
    "n_bytes": 12000,
}


def lowrank(changes, schema=schemas.LOWRANK_CAPACITY):
    """A table of one trial for each dictionary of changes."""
    return _table(schema, [_with_load(TRIAL | change) for change in changes])


def delay(changes, schema=schemas.DELAY_RECALL):
    """A table of one row for each dictionary of changes."""
    return _table(schema, [SCORE | change for change in changes])


def shares(column, successes, n_trials, seeds=(0,), **others):
    """Changes for trials of which a given number succeeds, for each value of a column and seed."""
    return [
        others
        | {column: value, "network_seed": seed, "pattern": k}
        | dict.fromkeys(("overlap", "signs_correct"), 1.0 if k < n else 0.5)
        for value, n in successes.items()
        for seed in seeds
        for k in range(n_trials)
    ]


def basins(limits, seeds=(0,), **others):
    """Changes for patterns that complete given parts of flips; None: not even undamaged."""
    return [
        others
        | {"network_seed": seed, "pattern": k, "completed": limit, "completed_exactly": limit}
        for seed in seeds
        for k, limit in enumerate(limits)
    ]


def _with_load(row):
    return row | {"load": row["n_patterns"] / row["n_neurons"]}


def _table(schema, rows):
    names = [column.name for column in schema.columns]
    return tables.from_rows(schema, [{n: row[n] for n in names if n in row} for row in rows])
