"""Which runs are asked for."""

from __future__ import annotations

import pytest

from tuiwb.base.errors import UserError
from tuiwb.client.select import STATES, reading, wanted
from tuiwb.run.facts import STATES as JOURNALED
from tuiwb.run.kept import RunSummary

RUNS = [
    RunSummary("gpt-1", "training", "gpt-char", tags=("good",), note="Warm-up helped"),
    RunSummary("gpt-2", "crashed", "gpt-char"),
    RunSummary("mlp-1", "finished", "mlp-digits", tags=("good", "keep")),
    RunSummary("mlp-2", "failed", "mlp-digits"),
]


def asked(text: str = "", **more: list[str]) -> list[str]:
    return [run.id for run in wanted(text=text, **more).of(RUNS)]


def test_every_state_that_a_run_can_have_can_be_asked_for() -> None:
    assert set(JOURNALED) < set(STATES)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["gpt-1", "gpt-2", "mlp-1", "mlp-2"]),
        ("gpt", ["gpt-1", "gpt-2"]),
        ("GPT warm", ["gpt-1"]),
        ("failed", ["mlp-2"]),
        ("state:failed state:crashed", ["gpt-2", "mlp-2"]),
        ("state:live", ["gpt-1"]),
        ("state:over mlp", ["mlp-1", "mlp-2"]),
        ("tag:good tag:keep", ["mlp-1"]),
        ("#good", ["gpt-1", "mlp-1"]),
        ("preset:mlp-digits #good", ["mlp-1"]),
        ("nothing-like-it", []),
    ],
)
def test_words(text: str, names: list[str]) -> None:
    assert asked(text) == names
    assert [run.id for run in reading(text).of(RUNS)] == names


def test_options_and_words_together() -> None:
    assert asked("1", states=["finished,training"], tags=["good"]) == ["gpt-1", "mlp-1"]
    assert asked(states=["failed", "crashed"], presets=["gpt-char"]) == ["gpt-2"]


def test_an_unknown_state_is_refused_with_the_nearest() -> None:
    for ask in ({"states": ["finish"]}, {"text": "state:finish"}):
        with pytest.raises(UserError, match="unknown state 'finish'") as refused:
            wanted(**ask)
        assert refused.value.nearest == "finished" and "live, over" in refused.value.allowed


@pytest.mark.parametrize(("typed", "names"), [
    ("state:", ["gpt-1", "gpt-2", "mlp-1", "mlp-2"]),
    ("state:f", ["mlp-1", "mlp-2"]),
    ("state:cr", ["gpt-2"]),
    ("state:xyz", []),
    ("tag:", ["gpt-1", "gpt-2", "mlp-1", "mlp-2"]),
    ("#", []),
])  # fmt: skip
def test_a_filter_that_is_still_being_typed(typed: str, names: list[str]) -> None:
    assert [run.id for run in reading(typed).of(RUNS)] == names
