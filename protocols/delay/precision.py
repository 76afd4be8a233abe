"""Recall with fewer synapses and with weights of few bits: what an edge device would hold."""

import sys
from dataclasses import dataclass, replace

from brianmem import schemas
from brianmem.delay.equations import LIF
from brianmem.delay.learning import MARGIN_SETTINGS
from brianmem.delay.learning.margin_settings import MarginSettings
from brianmem.errors import InputError
from protocols import cli
from protocols.delay import damages, networks
from protocols.protocol import Protocol


@dataclass(frozen=True)
class PrecisionTask(damages.DamagedTask):
    """One network of the margin rule; keep and n_levels are those of MarginSettings."""

    keep: float
    n_levels: int | None


# 8, 4, 3 and 2 bits, symmetric about 0, and one bit.
LEVELS = (None, 255, 15, 7, 3, 2)
KEPT = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03)
DAMAGE = {
    "upper": (None,),
    "n_tested": (16,),
    "resampled": (0.0, 0.25),
    "flipped": (0.0,),
    "cue_length": (1.0, 0.75),
    "silenced": (0.0,),
    "spurious": (0.0, 1e-4),
    "lost": (0.0, 0.05),
    "membrane_noise": (0.0,),
    "cue_start": (0,),
}
BASE = networks.BENCHMARK | DAMAGE | {"learner": ("margin_dense",), "seed": tuple(range(5))}


def _grid(base: dict) -> tuple[dict, dict]:
    """Fewer synapses at full precision, and fewer levels of all synapses."""
    return (
        base | {"keep": KEPT, "n_levels": (None,)},
        base | {"keep": (1.0, 0.3), "n_levels": LEVELS},
    )


SMALL = BASE | {
    "n_neurons": (128,),
    "n_steps": (250,),
    "firing_prob": (4e-3,),
    "seed": tuple(range(3)),
}
SMOKE = _grid(SMALL | {"n_patterns": (16,), "seed": (0, 1)})
PAPER = (*_grid(BASE | {"n_patterns": (16,)}), *_grid(BASE | {"n_patterns": (64,)}))


def settings(task: PrecisionTask) -> MarginSettings:
    """How the task's network is taught; InputError for values out of range."""
    chosen = damages.margin_settings(task)
    if chosen is None:
        raise InputError(
            f"only the margin rule compresses: choose from {', '.join(MARGIN_SETTINGS)}, not "
            f"'{task.learner}'"
        )
    return replace(chosen, keep=task.keep, n_levels=task.n_levels)


def check_task(task: PrecisionTask) -> None:
    """Raise InputError for values that no network can have."""
    settings(task)
    damages.check_task(task)


def run_task(task: PrecisionTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    columns = {"keep": task.keep, "n_levels": task.n_levels}
    rows = damages.run_task(task, settings(task))
    return {"delay_precision": [row | columns for row in rows]}


PROTOCOL = Protocol(
    name="delay.precision",
    description="Recall with fewer synapses, and with weights of few bits.",
    task_type=PrecisionTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(schemas.DELAY_PRECISION,),
    check_task=check_task,
    estimate=damages.estimate,
    check_model=networks.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
