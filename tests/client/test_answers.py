"""What came of a command in words, and what happened as marks."""

from __future__ import annotations

from typing import Any

import pytest

from tuiwb.client.answers import asked, in_words
from tuiwb.client.marks import happened
from tuiwb.plots.palette import MARKS, mark_style


def told(command: str, **more: Any) -> dict[str, Any]:
    return {"kind": "command", "time": 1.0, "step": 8, "command": command, "accepted": True, **more}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (told("set", args={"optim.lr": 0.5}, was={"optim.lr": 0.25}),
         "set optim.lr=0.5 (was 0.25) at step 8"),
        (told("set", args={"train.stop_when": "a < 1"}), "set train.stop_when=a < 1 at step 8"),
        (told("evaluate", metrics={"val_loss": 0.5, "val_accuracy": None}),
         "evaluated at step 8: val loss 0.5, val accuracy not finite"),
        (told("checkpoint", bytes=1200), "checkpoint at step 8 (1.2 kB) is on disk"),
        (told("picture", names=["a", "b"]), "pictures taken at step 8: a, b"),
        (told("note", args={"text": "so\x1b[31m"}), "noted at step 8: so"),
        (told("stop", ends=10), "stop: asked at step 8, it ends after the epoch at step 10"),
        (told("stop"), "stop at step 8"),
        (told("step", args={"steps": 1}), "one step at step 8"),
        (told("step", args={"steps": 3}), "step: 3 more from step 8 on"),
        (told("pause", step=None), "pause"),
        (told("set", accepted=False, reason="too much"), "set refused: too much"),
        # a journal of another hand
        ({"command": 3, "accepted": True, "args": 4}, "3"),
        (told("evaluate", metrics=[1]), "evaluated at step 8: "),
        (told("picture", names="x"), "pictures taken at step 8: "),
        ({}, " refused: no reason given"),
    ],
)  # fmt: skip
def test_an_answer_in_a_line(answer: dict[str, Any], words: str) -> None:
    line = in_words(answer)
    assert line.startswith(words) if words.endswith("so") else line == words
    assert "\x1b" not in line


def test_a_command_in_short() -> None:
    assert (
        asked(told("set", args={"optim.lr": 0.5, "train.patience": 3})) == "set lr=0.5 patience=3"
    )
    assert asked(told("probe", args={"study": "sharpness"})) == "probe sharpness"
    assert asked(told("pause", args=None)) == "pause"


def test_each_thing_that_happened_is_one_mark_of_its_kind() -> None:
    events = [
        {"kind": "state", "time": 0.0, "step": None, "state": "training"},
        told("set", args={"optim.lr": 0.5}),
        told("set", args={"optim.lr": 9e9}, accepted=False),
        told("evaluate"),
        told("note", args={"text": "hm"}),
        {"kind": "note", "time": 1.0, "step": 8, "text": "hm"},
        {"kind": "note", "time": 1.0, "step": None, "text": "of the data"},
        told("checkpoint"),
        {"kind": "checkpoint", "time": 1.0, "step": 8, "reason": "asked"},
        {"kind": "checkpoint", "time": 1.0, "step": 9, "reason": "evaluation"},
        {"kind": "finding", "time": 1.0, "step": 7, "symptom": "divergence", "severity": "alarm"},
        {"kind": "finding", "time": 1.0, "step": 7, "symptom": "plateau", "severity": "warning"},
    ]
    found = [(one.step, one.kind, one.label) for one in happened(events)]
    assert found == [
        (8, "command", "set lr=0.5"),
        (8, "look", "evaluate"),
        (8, "note", "hm"),
        (8, "checkpoint", ""),
        (9, "kept", ""),
        (7, "finding", "divergence"),
        (7, "warning", "plateau"),
    ]
    assert {kind for _, kind, _ in found} <= MARKS.keys()
    small = ("look", "note", "checkpoint", "kept")
    assert all(mark_style(kind).guide is (kind not in small) for _, kind, _ in found)
