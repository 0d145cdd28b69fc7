"""What every preset promises, whichever it is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.contracts.shrunk import shrunk
from tests.engine.recorder import MemorySink, Script
from tuiwb.engine.build import build
from tuiwb.engine.loop import train
from tuiwb.spec import from_toml, presets, resolve, to_toml
from tuiwb.spec.presets import PresetInfo

OURS = presets()


def _name(info: PresetInfo) -> str:
    return info.name


@pytest.mark.parametrize("info", OURS, ids=_name)
def test_resolves_and_comes_back_from_its_own_spec(info: PresetInfo) -> None:
    resolved = resolve(info.name)
    assert from_toml(to_toml(resolved), "spec.toml").spec == resolved.spec


@pytest.mark.parametrize("info", OURS, ids=_name)
def test_tells_its_story(info: PresetInfo) -> None:
    assert info.title and info.paper and len(info.look_at) > 40
    assert info.family == info.path.parent.name
    expect = info.expect
    if expect is None:
        assert info.needs == "gpu", "a preset that runs anywhere says what it reaches"
        return
    assert expect.metric.startswith(("val_", "train_"))
    assert (expect.at_least is None) != (expect.at_most is None)
    assert expect.baseline and expect.measured
    assert expect.steps == resolve(info.name).spec.train.steps


@pytest.mark.parametrize("info", OURS, ids=_name)
def test_trains_three_steps(info: PresetInfo, tmp_path: Path) -> None:
    short = ("train.steps=3", "train.eval_every=0", "schedule.warmup=0", "data.val_share=0.05")
    clip = "train.clip_norm=1000000"  # which has the norm taken in every step
    spec = resolve(info.name, [*short, *shrunk(info), clip, "train.device=cpu"]).spec
    threads = torch.get_num_threads()
    kept = MemorySink()
    try:
        session = build(spec)
        outcome = train(session, kept, Script(), tmp_path)
    finally:
        torch.set_num_threads(threads)
    assert outcome.state == "finished"
    assert [row.step for row in kept.rows] == [1, 2, 3]
    assert all(math.isfinite(row.loss) and row.grad_norm > 0 for row in kept.rows)
    if info.expect is not None:
        assert info.expect.metric in kept.evaluations[-1][1]
    if info.expect is not None and info.expect.beats:
        assert info.expect.beats in session.dataset.baselines | session.task.baselines
