"""The spikes of a recall, sorted by what they are, as rows of a table."""

from brianmem.raster import Raster


def spike_rows(recalled: Raster, target: Raster, forced: Raster) -> list[dict]:
    """Kind, step and neuron of each spike of rasters with one pattern.

    Kinds are those of brianmem.schemas.SPIKE_KIND. Forced spikes are part of what is recalled.
    """
    came, wanted, given = (
        set(zip(raster.step.tolist(), raster.neuron.tolist(), strict=True))
        for raster in (recalled, target, forced)
    )
    kinds = {
        "background": given - wanted,
        "cue": given & wanted,
        "right": (came & wanted) - given,
        "extra": came - wanted - given,
        "missed": wanted - came,
    }
    return [
        {"kind": kind, "step": step, "neuron": neuron}
        for kind, spikes in kinds.items()
        for step, neuron in sorted(spikes)
    ]
