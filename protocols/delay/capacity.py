"""How many patterns a delay network holds, and what is left of its robustness by then.

Perrinet (2026) leaves the capacity open.
"""

import sys

from brianmem import schemas
from brianmem.delay.equations import LIF
from protocols import cli
from protocols.delay import damages, networks
from protocols.protocol import Protocol

DAMAGE = {
    "upper": (None,),
    "n_tested": (32,),
    "resampled": (0.0, 0.25),
    "flipped": (0.0,),
    "cue_length": (1.0, 0.75),
    "silenced": (0.0,),
    "spurious": (0.0, 1e-4),
    "lost": (0.0,),
    "membrane_noise": (0.0,),
    "cue_start": (0,),
}
SEEDS = tuple(range(3))


def _curve(learner: str, n_neurons: int, n_patterns: tuple[int, ...], seeds=SEEDS) -> dict:
    """Networks of one learner and size; smaller ones have shorter and busier patterns.

    With N p = 0.512 spikes a step, a window of D steps holds 21 of them, at any size.
    """
    block = networks.BENCHMARK | DAMAGE
    if n_neurons < 512:
        block |= {"n_steps": (250,), "firing_prob": (0.512 / n_neurons,)}
    return block | {
        "learner": (learner,),
        "n_neurons": (n_neurons,),
        "n_patterns": n_patterns,
        "seed": seeds,
    }


PAPER = (
    _curve("margin_capacity", 64, (128, 192, 224, 240, 256, 288)),
    _curve("hebbian", 128, (1, 2, 4, 8, 16)),
    _curve("deconvolved", 128, (2, 4, 8, 16, 32)),
    _curve("pseudo_inverse", 128, (4, 8, 16, 24, 32)),
    _curve("margin", 128, (16, 64, 128, 256, 512, 768, 896)),
    _curve("margin_robust", 128, (16, 64, 128)),
    _curve("margin_loaded", 128, (128, 256, 384, 512)),
    _curve("margin_capacity", 128, (512, 768, 832, 896, 960, 1024)),
    _curve("surrogate", 128, (4, 8, 16, 32, 64)),
    _curve("hebbian", 256, (2, 4, 8, 16, 32)),
    _curve("deconvolved", 256, (4, 8, 16, 32, 64)),
    _curve("pseudo_inverse", 256, (16, 32, 48, 64)),
    _curve("surrogate", 256, (8, 16, 32, 64)),
    _curve("margin", 256, (32, 128, 256, 512, 1024)),
    _curve("margin_capacity", 256, (2048, 2560, 2880)),
    _curve("margin_capacity", 256, (3136, 3392), (0,)),
    _curve("hebbian", 512, (2, 4, 8, 16, 32, 64)),
    _curve("deconvolved", 512, (8, 16, 32, 64, 128)),
    _curve("pseudo_inverse", 512, (8, 16, 20, 24)),
    _curve("surrogate", 512, (16, 32, 64)),
    _curve("margin", 512, (16, 64, 256, 512)),
    _curve("margin_robust", 512, (64, 256), (0,)),
    _curve("margin_loaded", 512, (1024,)),
    _curve("margin_capacity", 512, (1024, 2300, 2600), (0,)),
    _curve("hebbian", 1024, (16, 32, 64)),
    _curve("deconvolved", 1024, (32, 64, 96)),
    _curve("pseudo_inverse", 1024, (32, 48), (0,)),
    _curve("surrogate", 1024, (32, 64), (0,)),
    _curve("margin", 1024, (64, 256), (0,)),
    _curve("margin_robust", 1024, (64,), (0,)),
    _curve("margin_loaded", 1024, (1024,), (0,)),
    _curve("margin_capacity", 1024, (4600,), (0,)),
)
SMOKE = (
    _curve("hebbian", 64, (1, 2, 4, 8)),
    _curve("deconvolved", 64, (1, 2, 4, 8)),
    _curve("margin", 64, (8, 32, 64, 128)),
    _curve("margin_robust", 64, (8, 32, 64), (0, 1)),
    _curve("margin_capacity", 64, (128, 224, 320), (0,)),
    _curve("hebbian", 128, (1, 2, 4, 8, 16)),
    _curve("deconvolved", 128, (2, 4, 8, 16)),
    _curve("margin", 128, (16, 64, 256)),
    _curve("margin_capacity", 128, (256, 768), (0,)),
)


def run_task(task: damages.DamagedTask) -> dict[str, list[dict]]:
    """Rows of the table for one network."""
    return {"delay_capacity": damages.run_task(task)}


PROTOCOL = Protocol(
    name="delay.capacity",
    description="Recall and its robustness against the number of patterns, for each learner.",
    task_type=damages.DamagedTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(schemas.DELAY_CAPACITY,),
    check_task=damages.check_task,
    estimate=damages.estimate,
    check_model=networks.check_model,
    default_model=LIF,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
