"""A verdict is met only where every bound is, and never by a NaN or a missing metric."""

from __future__ import annotations

import math

import pytest

from tuiwb.cli.expect import judge
from tuiwb.spec.sections import Expect


def expect(**bounds: object) -> Expect:
    return Expect(**{"metric": "val_accuracy", "steps": 10, "baseline": "chance", **bounds})


@pytest.mark.parametrize(
    ("bounds", "value", "met"),
    [
        ({"at_least": 0.9}, 0.9, True),
        ({"at_least": 0.9}, 0.89, False),
        ({"at_most": 1.5}, 1.5, True),
        ({"at_most": 1.5}, 1.6, False),
        ({"at_least": 0.9}, math.nan, False),
        ({"at_most": 1.5}, math.nan, False),
        ({"at_least": 0.9}, None, False),
        ({"at_least": 0.9, "beats": "linear"}, 0.92, False),
        ({"at_least": 0.9, "beats": "linear"}, 0.96, True),
        ({"beats": "linear"}, 0.96, True),
        ({"beats": "linear"}, 0.94, False),
        ({"at_least": 0.9, "beats": "a baseline that was not computed"}, 0.99, False),
    ],
)
def test_judge(bounds: dict[str, object], value: float | None, met: bool) -> None:
    metrics = {} if value is None else {"val_accuracy": value}
    verdict = judge(expect(**bounds), metrics, {"linear": 0.95})
    assert verdict.met is met


def test_less_is_better_where_the_target_is_at_most_or_the_metric_a_loss() -> None:
    trigram = {"trigram": 1.73}
    loss = expect(metric="val_loss", beats="trigram")
    assert judge(loss, {"val_loss": 1.5}, trigram).met
    assert not judge(loss, {"val_loss": 1.8}, trigram).met
    both = expect(metric="val_loss", at_most=1.65, beats="trigram")
    assert judge(both, {"val_loss": 1.6}, trigram).target_words == "<= 1.65"
    assert not judge(both, {"val_loss": 1.7}, trigram).met


def test_as_dict_has_the_keys_of_json() -> None:
    verdict = judge(expect(at_least=0.9), {"val_accuracy": 0.95}, {})
    assert verdict.as_dict() == {
        "metric": "val_accuracy",
        "target": 0.9,
        "value": 0.95,
        "met": True,
    }
