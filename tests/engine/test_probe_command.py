"""``probe``: a study of a running or paused loop, journaled, acknowledged, and without a trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.recorder import Ask, MemorySink, trained
from tuiwb.engine import desk

SHORT = ("train.steps=6", "train.eval_every=0", "train.device=cpu", "model.hidden=[8]")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LOOK_EVERY", 0.0)


def run(folder: Path, script: dict[int, Ask], preset: str = "mlp-digits") -> MemorySink:
    few = SHORT if preset == "mlp-digits" else SHORT[:3]
    return trained(folder, preset, *few, script=script)[1]


def studies(sink: MemorySink) -> list[dict[str, Any]]:
    return [event for event in sink.events if event["kind"] == "study"]


def test_figures_are_an_event_and_no_bit_changes(tmp_path: Path) -> None:
    asked = {
        2: Ask("probe", {"study": "noise-scale"}),
        3: Ask("pause"),
        5: Ask("probe", {"study": "sharpness"}),
        6: Ask("probe", {"study": "step-gauge"}),
        8: Ask("resume"),
    }
    sink = run(tmp_path / "a", asked)
    assert [asked[at].accepted for at in (2, 5, 6)] == [2, 3, 3]
    names = ["noise-scale", "sharpness", "step-gauge"]
    assert [(e["name"], e["step"]) for e in studies(sink)] == list(
        zip(names, (2, 3, 3), strict=True)
    )
    assert "noise_scale" in studies(sink)[0]["figures"]
    assert sink.losses == run(tmp_path / "b", {}).losses


def test_an_unknown_study_is_refused_with_the_nearest(tmp_path: Path) -> None:
    asked = {1: Ask("probe", {"study": "sharpnes"}), 2: Ask("probe")}
    sink = run(tmp_path, asked)
    assert "did you mean sharpness" in (asked[1].refused or "")
    assert asked[2].refused and not studies(sink)


def test_a_task_without_one_loss_refuses(tmp_path: Path) -> None:
    asked = {1: Ask("probe", {"study": "sharpness"})}
    run(tmp_path, asked, "gan-ring")
    assert "no gradient of one loss" in (asked[1].refused or "")
