"""Every symptom speaks on its sick example and is silent on its near miss and its healthy one."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tuiwb.doctor.examine import SYMPTOMS, examine
from tuiwb.doctor.window import Window


@pytest.mark.parametrize("name", SYMPTOMS.names())
def test_a_rule_tells_sick_from_near_miss_and_healthy(name: str) -> None:
    module = SYMPTOMS.load(name)
    examples = module.EXAMPLES()
    assert set(examples) == {"sick", "near-miss", "healthy"}
    finding = module.rule(examples["sick"])
    assert finding is not None
    assert finding.symptom == name
    assert finding.causes and finding.source and finding.words
    assert finding.remedy.change or finding.remedy.words
    json.dumps(finding.as_dict())
    assert module.rule(examples["near-miss"]) is None
    assert module.rule(examples["healthy"]) is None


@pytest.mark.parametrize("name", SYMPTOMS.names())
def test_no_rule_speaks_about_another_s_healthy_run(name: str) -> None:
    assert examine(SYMPTOMS.load(name).EXAMPLES()["healthy"]) == []


@pytest.mark.parametrize("length", [0, 1, 2, 49, 151])
def test_a_rule_survives_any_length(length: int) -> None:
    rows = {name: np.ones(length) for name in ("loss", "lr", "grad_norm")}
    window = Window({"step": np.arange(length), "nonfinite": np.zeros(length), **rows})
    assert examine(window) == []


def test_a_rule_keeps_no_state() -> None:
    window = SYMPTOMS.load("divergence").EXAMPLES()["sick"]
    copy = dataclasses.replace(window, steps={k: v.copy() for k, v in window.steps.items()})
    assert examine(window) == examine(copy) == examine(window)
