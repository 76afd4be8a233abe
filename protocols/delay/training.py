"""How recall develops while a delay network is trained by gradient: Perrinet (2026)."""

import sys
from dataclasses import dataclass

import numpy as np

from brianmem import schemas
from brianmem.delay.learning import fit
from brianmem.delay.learning.surrogate_settings import SurrogateSettings
from brianmem.delay.parameters import DelayParameters
from brianmem.errors import InputError
from brianmem.patterns import draw_rasters
from brianmem.progress import report
from protocols import cli
from protocols.delay import networks
from protocols.protocol import Protocol
from protocols.sweep.plan import Estimate

SIZES = ("n_neurons", "n_delays", "n_steps", "n_patterns", "firing_prob", "beta")
DESCENT = ("start", "scale", "support", "surrogate", "rate", "dropout", "n_epochs")


@dataclass(frozen=True)
class TrainingTask:
    """One network; the fields of DESCENT are those of SurrogateSettings."""

    n_neurons: int
    n_delays: int
    n_steps: int
    n_patterns: int
    firing_prob: float
    beta: float
    start: str
    scale: float
    support: str
    surrogate: str
    rate: float
    dropout: float
    n_epochs: int
    seed: int


BENCHMARK = {name: networks.BENCHMARK[name] for name in SIZES} | {
    "start": ("hebbian",),
    "scale": (2.2,),
    "support": ("hebbian",),
    "surrogate": ("one_sided",),
    "rate": (5e-3,),
    "dropout": (0.0,),
    "n_epochs": (128,),
    "seed": tuple(range(10)),
}
SMALL = BENCHMARK | {
    "n_neurons": (128,),
    "n_steps": (250,),
    "n_patterns": (5,),
    "firing_prob": (4e-3,),
    "seed": tuple(range(3)),
}
# Weights that leave the network silent, and such that make it run away.
ON_ALL = {"support": ("full",)}
RANDOM = (
    SMALL | {"start": ("random_positive",)},
    SMALL | ON_ALL | {"start": ("random_positive",), "scale": (0.1, 0.2)},
    SMALL | ON_ALL | {"start": ("random",), "scale": (0.15, 0.35)},
)
SMOKE = (SMALL, *RANDOM)
MANY = {"n_epochs": (512,), "seed": tuple(range(5))}
PAPER = (
    BENCHMARK,
    BENCHMARK | {"surrogate": ("windowed",)},
    BENCHMARK | {"start": ("random_positive",)},
    SMALL | {"surrogate": ("full",), "rate": (1e-3,), "seed": tuple(range(5))},
    SMALL | {"seed": tuple(range(5))},
    *(block | MANY for block in RANDOM),
)


def settings(task: TrainingTask) -> SurrogateSettings:
    """How the task's network is trained; InputError for values out of range."""
    return SurrogateSettings(**{name: getattr(task, name) for name in DESCENT})


def parameters(task: TrainingTask) -> DelayParameters:
    """The parameters of the task's network; InputError if one is out of range."""
    return DelayParameters("surrogate", **{name: getattr(task, name) for name in SIZES})


def check_task(task: TrainingTask) -> None:
    """Raise InputError for values that no network, or no training, can have."""
    parameters(task)
    if settings(task).n_epochs < 1:
        raise InputError("n_epochs must be at least 1: there is no training to show")


def estimate(task: TrainingTask) -> Estimate:
    """What the task costs: recalls and gradients of all patterns in each epoch."""
    as_learned = networks.DelayTask(
        "hebbian", *(getattr(task, name) for name in SIZES), None, 1.0, task.seed, "numpy", None
    )
    learned = networks.estimate(as_learned)
    n_sites = task.n_patterns * task.n_neurons * task.n_steps
    # Measured on one core: a gradient step of the benchmark takes 0.2 s.
    seconds = learned.seconds + task.n_epochs * 2.5e-8 * n_sites
    return Estimate(seconds, learned.memory_mb + 24 * n_sites / 2**20)


def run_task(task: TrainingTask) -> dict[str, list[dict]]:
    """Rows of both tables for one network: one per epoch, and one per epoch and window."""
    params = parameters(task)
    patterns = draw_rasters(
        task.n_patterns,
        task.n_neurons,
        task.n_steps,
        task.firing_prob,
        np.random.default_rng(task.seed),
    )
    rng = np.random.default_rng([task.seed, 1])
    _, info = fit(patterns, params, rng, report, settings=settings(task))
    columns = {name: getattr(task, name) for name in (*SIZES, *DESCENT, "seed")}
    n_wanted = int(np.sum(patterns.step >= task.n_delays))
    rows = [
        columns
        | {"epoch": epoch, "loss": loss, "n_spikes": n_spikes, "n_wanted": n_wanted}
        | {"n_stopped": n_stopped}
        for epoch, (loss, n_spikes, n_stopped) in enumerate(
            zip(info["loss"], info["n_spikes"], info["n_stopped"], strict=True)
        )
    ]
    edges = np.linspace(task.n_delays, task.n_steps, info["f1_along_time"].shape[1] + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    windows = [
        columns | {"epoch": epoch, "step": step, "f1": f1}
        for epoch, scores in enumerate(info["f1_along_time"])
        for step, f1 in zip(middles, scores, strict=True)
    ]
    return {"delay_training": rows, "delay_training_windows": windows}


PROTOCOL = Protocol(
    name="delay.training",
    description="F1, spikes and F1 along time while a network is trained by surrogate gradients, "
    "from Hebbian and from random weights, Perrinet (2026).",
    task_type=TrainingTask,
    grids={"smoke": SMOKE, "paper": PAPER},
    seed_name="seed",
    run_task=run_task,
    schemas=(schemas.DELAY_TRAINING, schemas.DELAY_TRAINING_WINDOWS),
    check_task=check_task,
    estimate=estimate,
)

if __name__ == "__main__":
    sys.exit(cli.main(PROTOCOL))
