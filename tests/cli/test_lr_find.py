"""``lr-find`` as a person types it: plots, marks, settings, clear words where there are none."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.conftest import Tuiwb
from tests.search.test_suggestions import RATES, slope
from tuiwb.client.range_test import RangeTest


def curve(turn: str = "", losses: Any = None, **more: Any) -> dict[str, Any]:
    values = slope(-4, -1).tolist() if losses is None else losses
    row = {"turn": turn, "factor": 1.0, "lrs": RATES[: len(values)].tolist(), "ended": ""}
    return row | {"losses": values, "runs": []} | more


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The worker's curves, without a worker."""

    def give(*curves: dict[str, Any]) -> None:
        def run(self: RangeTest, tell: Any) -> dict[str, Any]:
            for one in curves:
                for lr, loss in zip(one["lrs"], one["losses"], strict=True):
                    tell({"turn": one["turn"], "lr": lr, "loss": loss, "run": 0})
            return {"curves": list(curves)}

        monkeypatch.setattr(RangeTest, "run", run)

    return give


def test_a_plot_with_four_marks_a_table_and_settings(
    command: Tuiwb, answers: Callable[..., None]
) -> None:
    answers(curve())
    done = command("lr-find", "mlp-digits")
    assert done.returncode == 0, done.stderr
    assert "1e-4" in done.stdout
    for rule in ("valley", "steep", "minimum", "slide"):
        assert done.stdout.count(rule) >= 3  # under the plot, in the table, as a setting
    assert "valley    -s optim.lr=0." in done.stdout
    assert "step 100/100  learning rate 10" in done.stderr


def test_a_game_has_a_plot_for_each_network_and_two_settings(
    command: Tuiwb, answers: Callable[..., None]
) -> None:
    answers(curve("discriminator", slope(-5, -2).tolist()), curve("generator"))
    done = command("lr-find", "gan-ring")
    assert done.returncode == 0, done.stderr
    assert "loss of the discriminator" in done.stdout
    assert "loss of the generator" in done.stdout
    (line,) = [row for row in done.stdout.splitlines() if row.startswith("valley    -s")]
    assert "optim.lr=" in line and "task.critic_lr=" in line


def test_short_runs_are_drawn_and_settle_the_valley(
    command: Tuiwb, answers: Callable[..., None]
) -> None:
    ends = [(0.01, 0.5), (0.1, 0.3), (1.0, None)]
    answers(curve(runs=[{"lr": lr, "losses": [2.0, loss, loss]} for lr, loss in ends]))
    done = command("lr-find", "mlp-digits")
    assert done.returncode == 0, done.stderr
    assert "short runs" in done.stdout
    assert "valley    -s optim.lr=0.1\n" in done.stdout
    (row,) = [line for line in done.stdout.splitlines() if "end lowest" in line]
    assert row.split()[:3] == ["valley", "0.1", "0.3"]
    (told,) = json.loads(command("lr-find", "mlp-digits", "--json").stdout)["curves"]
    wanted = [{"lr": lr, "loss": loss, "losses": [2.0, loss, loss]} for lr, loss in ends]
    assert told["runs"] == wanted


def test_as_json(command: Tuiwb, answers: Callable[..., None]) -> None:
    answers(curve(losses=[*slope(-4, -1).tolist()[:-1], None], ended="lost"))
    done = command("lr-find", "mlp-digits", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == ""
    (told,) = found["curves"]
    assert told["losses"][-1] is None and told["ended"] == "lost"
    rates = {rule: knobs["optim.lr"] for rule, knobs in found["settings"].items()}
    assert rates["valley"] == pytest.approx(told["suggestions"]["valley"]["lr"], rel=0.05)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (curve(losses=[2.0] * 100), "the loss does not fall anywhere"),
        (
            curve(losses=[None], ended="the loss was not finite"),
            "the loss is not finite from the first rate",
        ),
    ],
)
def test_nothing_to_suggest_is_said_and_is_the_status(
    command: Tuiwb, answers: Callable[..., None], given: dict[str, Any], said: str
) -> None:
    answers(given)
    done = command("lr-find", "mlp-digits")
    assert done.returncode == 1
    assert f"nothing is suggested: {said}" in done.stdout
    assert "tuiwb check mlp-digits" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("mlp-digits", "--low", "1", "--high", "0.1"), "from a low rate to a higher one"),
        (("mlp-digits", "--low", "0"), "a learning rate is a number above 0"),
        (("mlp-digits", "--high", "nan"), "a learning rate is a number above 0"),
        (("mlp-digits", "--steps", "3"), "too few steps"),
        (("mlp-digits", "--steps", "many"), "Invalid value for '--steps'"),
        (("perceptron-blobs",), "has no learning rate to find"),
        (("mlp-digit",), "mlp-digits"),
        (("mlp-digits", "-s", "optim.lrr=1"), "unknown key optim.lrr"),
    ],
)
def test_what_cannot_be_tested_costs_no_worker(
    command: Tuiwb, words: tuple[str, ...], told: str
) -> None:
    done = command("lr-find", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_worker_does_it(tuiwb: Tuiwb) -> None:
    done = tuiwb(
        "lr-find", "linreg-diabetes", "-s", "train.device=cpu", "--low", "1e-4", "--high", "1",
        "--steps", "40", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["curves"]
    assert told["lrs"][0] == pytest.approx(1e-4)
    assert all(loss is None or math.isfinite(loss) for loss in told["losses"])
    assert told["suggestions"]
