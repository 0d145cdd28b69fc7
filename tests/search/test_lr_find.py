"""Curves, read: what is said where nothing is suggested, and which knobs a suggestion comes to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.search.test_suggestions import RATES, slope
from tuiwb.search.lr_find import Reading, read, settings
from tuiwb.spec import resolve


def curve(turn: str = "", begin: float = -4, end: float = -1, ended: str = "") -> dict[str, Any]:
    losses = slope(begin, end).tolist()
    row = {"turn": turn, "factor": 1.0, "lrs": RATES.tolist(), "losses": losses, "ended": ended}
    return row | {"runs": []}


def chosen(readings: list[Reading], turn: str, rule: str) -> float:
    (reading,) = [one for one in readings if one.turn == turn]
    return next(one.lr for one in reading.found if one.name == rule)


def test_one_curve_sets_the_rate() -> None:
    readings = read([curve()], "mlp-digits")
    made = settings(resolve("mlp-digits"), readings)
    assert list(made) == ["valley", "steep", "minimum", "slide"]
    for rule, knobs in made.items():
        rate = chosen(readings, "", rule)
        assert knobs == {"optim.lr": pytest.approx(rate, rel=0.05)}
        assert len(f"{knobs['optim.lr']:g}".replace(".", "").replace("e-0", "").strip("0")) <= 3


def test_a_game_sets_the_rate_and_the_critic_s_factor() -> None:
    """The factor times the rate is what the discriminator's own curve suggests."""
    readings = read([curve("discriminator", -5, -2), curve("generator", -4, -1)], "gan-ring")
    made = settings(resolve("gan-ring"), readings)
    knobs = made["valley"]
    assert set(knobs) == {"optim.lr", "task.critic_lr"}
    assert knobs["optim.lr"] == pytest.approx(chosen(readings, "generator", "valley"), rel=0.05)
    product = knobs["optim.lr"] * knobs["task.critic_lr"]
    assert product == pytest.approx(chosen(readings, "discriminator", "valley"), rel=0.05)


def test_a_network_without_a_suggestion_keeps_its_rate() -> None:
    flat = curve("discriminator") | {"losses": [0.7] * 100}
    readings = read([flat, curve("generator", -4, -1)], "gan-ring")
    resolved = resolve("gan-ring", ["task.critic_lr=3"])
    knobs = settings(resolved, readings)["valley"]
    kept = 3 * resolved.get("optim.lr")
    assert knobs["optim.lr"] * knobs["task.critic_lr"] == pytest.approx(kept, rel=0.05)
    assert "does not fall" in readings[0].silent and not readings[1].silent
    flat = curve("generator") | {"losses": [0.7] * 100}
    readings = read([curve("discriminator", -5, -2), flat], "gan-ring")
    assert set(settings(resolved, readings)["valley"]) == {"task.critic_lr"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"losses": [2.0] * 100}, "does not fall anywhere from 1e-6 to 10: try a higher --high"),
        (
            {"lrs": [1e-3], "losses": [None], "ended": "lost"},
            "not finite from the first rate on, 0.001",
        ),
        (
            {"lrs": [1e-3, 1e-2, 0.1], "losses": [2.0, 1.0, None], "ended": "the loss was lost"},
            "the loss was lost already, after 2 steps: take a lower --low",
        ),
    ],
)
def test_it_is_said_why_nothing_is_suggested(change: dict[str, Any], said: str) -> None:
    (reading,) = read([curve() | change], "mlp-digits")
    assert reading.found == ()
    assert said in reading.silent
    assert settings(resolve("mlp-digits"), [reading]) == {}
    rates, mean = reading.smooth()
    assert len(rates) == len(mean) and np.isfinite(mean).all()


def test_nothing_of_a_curve_is_lost_in_json() -> None:
    runs = [{"lr": 0.01, "losses": [2.0, 1.5]}, {"lr": 0.1, "losses": [2.0, None]}]
    (reading,) = read([curve(ended="early") | {"runs": runs}], "mlp-digits")
    told = reading.as_dict()
    assert told["lrs"] == RATES.tolist() and len(told["losses"]) == 100
    assert told["runs"] == [run | {"loss": run["losses"][-1]} for run in runs]
    assert told["ended"] == "early" and set(told["suggestions"]["valley"]) == {"lr", "loss"}
