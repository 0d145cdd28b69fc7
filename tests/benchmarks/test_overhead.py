"""What is compared does the same work, and the tables say what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.benchmarks import overhead
from tests.benchmarks.loops import Hand, Ours, prepared
from tests.benchmarks.rivals import RIVALS, there
from tuiwb.api import open_run
from tuiwb.run.layout import RunPaths

STEPS = 24
HERE = [name for name in there() if name != "wandb.watch, all"]  # that starts a server


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", HERE)
def test_a_rival_trains_the_same_network(tmp_path: Path, name: str) -> None:
    session, plain = prepared("mlp-digits", 0.0, STEPS), prepared("mlp-digits", 0.0, STEPS)
    step, by_hand = RIVALS[name][1](session, STEPS, 5, tmp_path), Hand(plain, fused=False)
    for _ in range(STEPS):
        step()
        by_hand()
    for one, other in zip(session.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert any(tmp_path.rglob("*tfevents*"))


@pytest.mark.parametrize("every", [1, 5])
def test_ours_looks_as_often_as_it_is_told(tmp_path: Path, every: int) -> None:
    step = Ours("mlp-digits", 0.02, tmp_path / "run", STEPS, every)
    for _ in range(STEPS):
        step()
    assert step.sink.sampled == -(-STEPS // every)
    view = open_run(RunPaths(tmp_path / "run").root)
    assert view.table("histograms").rows == step.sink.sampled


def test_all_loops_take_turns_and_stand_in_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead, "there", lambda: {})
    row = overhead.measure("mlp-digits", STEPS, 5)
    assert row.bits_probes and row.bits_bare
    table = overhead.rival_table([row])
    assert [line[:22].strip() for line in table.splitlines()[1:]] == [
        "plain", "fused", "ours, default budget", "ours, every 5",
    ]  # fmt: skip
    assert "1.00 /" in table.splitlines()[1] and "/ 1.00" in table.splitlines()[2]
    assert "mlp-digits" in overhead.own_table([row])
