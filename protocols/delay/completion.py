"""Recall from damaged cues, and with noise: the robustness curves of Perrinet (2026), and more.

The first value of each kind of damage is the baseline; one at a time takes its other values.
"""

import sys

from brianmem import schemas
from brianmem.delay.equations import LIF
from protocols import cli
from protocols.delay import damages, networks
from protocols.protocol import Protocol

DAMAGE = {
    "upper": (None,),
    "n_tested": (64,),
    "resampled": (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0),
    "flipped": (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2),
    "cue_length": (1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125),
    "silenced": (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875),
    "spurious": (0.0, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 8e-3),
    "lost": (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5),
    "membrane_noise": (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3),
    "cue_start": (0, 250, 500, 750),
}
LEARNERS = ("hebbian", "deconvolved", "pseudo_inverse", "margin", "margin_robust")
BENCHMARK = networks.BENCHMARK | DAMAGE | {"learner": LEARNERS, "seed": tuple(range(10))}
SMALL = BENCHMARK | {
    "learner": ("hebbian", "deconvolved", "margin", "margin_robust"),
    "n_neurons": (256,),
    "n_steps": (500,),
    "n_patterns": (8,),
    "firing_prob": (2e-3,),
    "resampled": (0.0, 0.25, 0.5, 0.75, 1.0),
    "flipped": (0.0, 1e-3, 1e-2),
    "cue_length": (1.0, 0.75, 0.5, 0.25),
    "silenced": (0.0, 0.25, 0.5, 0.75),
    "spurious": (0.0, 3e-4, 1e-3, 4e-3),
    "lost": (0.0, 0.1, 0.2, 0.4),
    "membrane_noise": (0.0, 0.1, 0.2, 0.3),
    "cue_start": (0, 200),
    "seed": tuple(range(3)),
}
# Cues of which less is left, and noise, against the margin: as many patterns per synapse as 16 to
# 512 have in the benchmark.
TRADE_OFF = SMALL | {
    "learner": ("margin_robust",),
    "n_neurons": (128,),
    "n_steps": (250,),
    "firing_prob": (4e-3,),
    "n_patterns": (6, 24, 96, 192),
    "upper": (0.2, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0),
    "resampled": (0.0, 0.5),
    "flipped": (0.0,),
    "cue_length": (1.0, 0.5),
    "silenced": (0.0,),
    "spurious": (0.0, 1e-3, 4e-3),
    "lost": (0.0, 0.2),
    "membrane_noise": (0.0, 0.2),
    "cue_start": (0,),
    "n_tested": (16,),
}
SMOKE = (SMALL, TRADE_OFF | {"n_patterns": (6, 48), "upper": (0.4, 1.4, 3.0), "seed": (0, 1)})
PAPER = (
    BENCHMARK,
    BENCHMARK | {"learner": ("margin", "margin_robust"), "n_patterns": (64,)},
    BENCHMARK | {"learner": ("margin", "margin_robust"), "n_patterns": (256,), "seed": (0, 1, 2)},
    TRADE_OFF | {"seed": tuple(range(5))},
)


def run_task(task: damages.DamagedTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    return {"delay_completion": damages.run_task(task)}


PROTOCOL = Protocol(
    name="delay.completion",
    description="Recall from damaged cues, and with noise during recall, Perrinet (2026). One kind "
    "of damage varies at a time; the first value of each is the baseline.",
    task_type=damages.DamagedTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(schemas.DELAY_COMPLETION,),
    check_task=damages.check_task,
    estimate=damages.estimate,
    check_model=networks.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
