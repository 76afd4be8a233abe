from brianmem import schemas, tables
from figures import lowrank_clock
from tests.analysis.rows import lowrank


def test_networks_that_were_only_run_exactly_are_left_out(tmp_path):
    exact = [{"network_seed": seed, "spikes_in_shared_steps": 0.1 * seed} for seed in range(3)]
    clock = [
        row | {"dt": 0.01, "simulator": "clock", "overlap": 0.9, "first_wrong_spike": 2}
        for row in exact[:2]
    ]
    table = lowrank(exact + clock, schemas.LOWRANK_RECALL)
    tables.write(table, schemas.LOWRANK_RECALL, tmp_path, {})
    found = lowrank_clock.numbers(tmp_path)
    for measures in found.values():
        assert (measures["n_networks"] == 2).all()
    shared = found["shared_steps"].set_index("dt")["spikes_in_shared_steps"]
    assert shared[0.0] == shared[0.01] == 0.05
    assert lowrank_clock.draw(tmp_path).get_suptitle().startswith("2 networks, ")
