"""Regenerating: the next seed of the data, and nothing else."""

from __future__ import annotations

from tuiwb.spec import resolve
from tuiwb.spec.redraw import redrawn


def test_only_the_seed_of_the_data_differs() -> None:
    before = resolve("playground-2d", ["optim.lr=0.02", "data.split_seed=4"])
    after = redrawn(before)
    assert after.get("data.split_seed") == 5
    assert after.changed() == before.changed() | {"data.split_seed": 5}
    assert after.preset == "playground-2d"
    again = resolve("playground-2d", ["optim.lr=0.02", "data.split_seed=5"])
    assert after.spec == again.spec and after.command() == again.command()
