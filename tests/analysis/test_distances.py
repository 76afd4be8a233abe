import numpy as np
import pytest

from analysis.distances import spike_distances
from brianmem import schemas
from brianmem.errors import InputError
from tests.analysis.rows import delay


def found(*spikes, time_constant=10.0):
    """Distances of spikes given as (kind, step, neuron)."""
    rows = [dict(zip(("kind", "step", "neuron"), spike, strict=True)) for spike in spikes]
    table = spike_distances(delay(rows, schemas.DELAY_RECALL_SPIKES), time_constant)
    [row] = table.to_dict("records")
    return row["n_active"], row["van_rossum"], row["victor_purpura"]


@pytest.mark.parametrize("shift", [1, 5, 15, 25, 60])
def test_one_shifted_spike(shift):
    n_active, van_rossum, victor_purpura = found(("target", 10, 3), ("recalled", 10 + shift, 3))
    assert n_active == 1
    assert victor_purpura == pytest.approx(min(2, shift / 10))
    # (2/t_c) times the integral of the squared difference of two exponentials.
    assert van_rossum == pytest.approx(np.sqrt(2 - 2 * np.exp(-shift / 10)))


def test_one_spike_more_or_less_counts_one():
    assert found(("target", 10, 3)) == pytest.approx((1, 1, 1))
    assert found(("recalled", 99, 3), time_constant=2.0) == pytest.approx((1, 1, 1))
    n_active, van_rossum, victor_purpura = found(
        ("target", 10, 3), ("target", 12, 3), ("recalled", 10, 3)
    )
    assert (n_active, van_rossum, victor_purpura) == pytest.approx((1, 1, 1))


def test_two_missing_spikes_by_hand():
    # Each adds 1 to the squared distance, and both together twice their overlap exp(-s/t_c).
    _, van_rossum, victor_purpura = found(("target", 10, 3), ("target", 30, 3))
    assert victor_purpura == 2
    assert van_rossum == pytest.approx(np.sqrt(2 + 2 * np.exp(-2)))


def test_the_mean_is_over_neurons_with_a_target_or_recalled_spike():
    same = [(kind, step, 1) for kind in ("target", "recalled") for step in (20, 25)]
    assert found(*same) == (1, 0, 0)
    assert found(*same, ("target", 30, 2), ("cue", 2, 7)) == pytest.approx((2, 0.5, 0.5))


def test_the_time_constant_sets_what_a_shift_counts():
    spikes = ("target", 10, 3), ("recalled", 15, 3)
    assert found(*spikes, time_constant=20.0)[2] == pytest.approx(0.25)
    assert found(*spikes, time_constant=1.0)[2] == pytest.approx(2)
    with pytest.raises(InputError, match="must be positive"):
        found(*spikes, time_constant=0.0)


def test_a_pattern_without_spikes_after_the_cue_has_no_distance():
    n_active, van_rossum, victor_purpura = found(("cue", 2, 7))
    assert n_active == 0 and np.isnan([van_rossum, victor_purpura]).all()
    empty = delay([], schemas.DELAY_RECALL_SPIKES)
    assert not len(spike_distances(empty))


def test_networks_and_patterns_have_rows_of_their_own():
    rows = [
        {"kind": "target", "step": 10, "neuron": 1, "pattern": pattern, "seed": seed}
        for pattern, seed in ((0, 0), (1, 0), (0, 1))
    ]
    table = spike_distances(delay(rows, schemas.DELAY_RECALL_SPIKES))
    assert table[["seed", "pattern"]].to_numpy().tolist() == [[0, 0], [0, 1], [1, 0]]
