"""Stop conditions: what a person may write, and what is told where it is none."""

from __future__ import annotations

import math

import pytest

from tuiwb.base.errors import UserError
from tuiwb.spec import from_toml, resolve, to_toml
from tuiwb.spec.stopping import Condition, parse


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("val_loss < 0.05", Condition("val_loss", "<", 0.05)),
        ("val_accuracy>=0.95", Condition("val_accuracy", ">=", 0.95)),
        ("  train_mistakes <= 0 ", Condition("train_mistakes", "<=", 0.0)),
        ("val_gain > -1.5e-3", Condition("val_gain", ">", -0.0015)),
    ],
)
def test_what_is_a_condition(text: str, condition: Condition) -> None:
    assert parse(text) == condition


@pytest.mark.parametrize(
    "text",
    ["val_loss", "val_loss = 1", "< 0.5", "val_loss < ", "val loss < 1", "val_loss < low",
     "val_loss < nan", "val_loss < inf", "val_loss < 1 or val_accuracy > 2", "0.5 > val_loss"],
)  # fmt: skip
def test_what_is_none_says_how_one_is_written(text: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve("mlp-digits", [f"train.stop_when={text}"])
    told = str(caught.value)
    assert "stop_when" in told and ("val_loss < 0.05" in told or "is no number" in told)


def test_met_is_met_at_the_edge_and_never_by_nan() -> None:
    for sign, below, at, above in (
        ("<", True, False, False), ("<=", True, True, False),
        (">", False, False, True), (">=", False, True, True),
    ):  # fmt: skip
        condition = Condition("m", sign, 1.0)
        assert [condition.met(v) for v in (0.5, 1.0, 1.5)] == [below, at, above]
        assert not condition.met(math.nan)


def test_it_needs_evaluations() -> None:
    with pytest.raises(UserError, match="needs evaluations to judge by"):
        resolve("mlp-digits", ["train.stop_when=val_loss<1", "train.eval_every=0"])


def test_it_survives_a_run_s_spec() -> None:
    spec = resolve("mlp-digits", ["train.stop_when=val_loss < 0.3"])
    assert from_toml(to_toml(spec), "spec.toml").get("train.stop_when") == "val_loss < 0.3"
    assert spec.command().endswith("-s 'train.stop_when=val_loss < 0.3'")
