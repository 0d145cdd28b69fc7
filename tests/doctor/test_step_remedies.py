"""Remedies of the rules on steps and evaluations are changes that the spec takes."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tests.doctor.asking import MINE, ask, with_spec
from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.facts import flat
from tuiwb.spec import resolve
from tuiwb.spec.toml import literal


@pytest.mark.parametrize("name", MINE)
def test_every_remedy_is_one_that_the_spec_takes(name: str) -> None:
    window = SYMPTOMS.load(name).EXAMPLES()["sick"]
    preset = "gan-ring" if window.facts.task == "adversarial" else "mlp-digits"
    real = flat(msgspec.to_builtins(resolve(preset).spec))
    known = {key: value for key, value in window.facts.spec.items() if key in real}
    told = ask(name, with_spec(window, {**real, **known}))
    assert told is not None
    change = told.remedy.change
    resolved = resolve(preset, [f"{key}={literal(value)}" for key, value in change.items()])
    for key, value in change.items():
        taken = resolved.get(key)
        assert (list(taken) if isinstance(taken, tuple) else taken) == value
    # a loop of the user's own has no spec to change: words alone
    bare = ask(name, replace(window, facts=replace(window.facts, spec={})))
    assert bare is None or (not bare.remedy.change and bare.remedy.words)


def test_a_clip_is_lowered_and_never_raised() -> None:
    loss = healthy().loss
    loss[60:] = np.nan
    for clip, change in ((0.0, 1.0), (5.0, 1.0), (0.25, None)):
        window = with_spec(healthy(columns={"loss": loss}), {"train.clip_norm": clip})
        found = ask("non-finite", window)
        assert found is not None and found.remedy.change.get("train.clip_norm") == change


def test_a_network_is_widened_by_the_knob_that_sets_its_width() -> None:
    sick = SYMPTOMS.load("underfit").EXAMPLES()["sick"]
    for spec, key, value in (
        ({"model.hidden": [64, 32], "model.layers": 0, "model.width": 64}, "hidden", [128, 64]),
        ({"model.hidden": [], "model.layers": 0, "model.width": 64}, "hidden", [64]),
        ({"model.hidden": [64], "model.layers": 8, "model.width": 64}, "width", 128),
        ({"model.width": 16}, "width", 32),
    ):
        found = ask("underfit", with_spec(sick, spec))
        assert found is not None
        assert found.remedy.change.get(f"model.{key}") == value


def test_dropout_is_offered_only_where_a_layer_could_drop_something() -> None:
    sick = SYMPTOMS.load("overfitting").EXAMPLES()["sick"]
    known = {"model.name": "mlp", "regularize.weight_decay": 0.0, "regularize.dropout": 0.0}
    found = ask("overfitting", with_spec(sick, known))
    assert found is not None and found.remedy.change["regularize.dropout"] == 0.3
    assert "dropout" in found.remedy.words
    del known["regularize.dropout"]
    found = ask("overfitting", with_spec(sick, known))
    assert found is not None and found.remedy.change == {"regularize.weight_decay": 0.1}
    assert "dropout" not in found.remedy.words
    # of a loop of the user's own nobody knows: words are all there is
    found = ask("overfitting", with_spec(sick, {"optim.lr": 0.1}))
    assert found is not None and "dropout" in found.remedy.words
