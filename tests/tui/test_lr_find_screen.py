"""The range test of a set-up: a curve that grows, rows to choose from, and Enter fills the form."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.search.test_suggestions import RATES, slope
from tests.tui.driving import SIZES, text_of, until, workbench
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.range_test import RangeTest
from tuiwb.spec import Resolved, resolve
from tuiwb.tui.screens import lr_find as screens
from tuiwb.tui.screens.lr_find import RateScreen
from tuiwb.tui.screens.setup import SetupScreen

FALLS = slope(-4, -1).tolist()


RUNS = [{"lr": lr, "losses": [end]} for lr, end in ((0.01, 0.9), (0.025, 0.7), (0.0625, None))]


def curve(turn: str = "", losses: list[float] = FALLS) -> dict[str, Any]:
    row = {"turn": turn, "factor": 1.0, "lrs": RATES.tolist(), "losses": losses, "ended": ""}
    return row | {"runs": []}


class Fake(RangeTest):
    """Tells every step of its curves, then waits until it may answer."""

    def __init__(
        self, resolved: Resolved, curves: list[dict[str, Any]], error: UserError | None = None
    ) -> None:
        super().__init__(resolved)
        self.curves, self.error = curves, error
        self.go, self.cancelled = threading.Event(), threading.Event()

    def run(self, tell: Callable[[Mapping[str, Any]], None] = lambda row: None) -> dict[str, Any]:
        for one in self.curves:
            for lr, loss in zip(one["lrs"], one["losses"], strict=True):
                tell({"turn": one["turn"], "lr": lr, "loss": loss, "run": 0})
            for place, run in enumerate(one["runs"], 1):
                for loss in run["losses"]:
                    tell({"turn": one["turn"], "lr": run["lr"], "loss": loss, "run": place})
        self.go.wait(30)
        if self.error is not None:
            raise self.error
        if self.cancelled.is_set():
            raise WorkerFailed("cancelled")
        return {"curves": self.curves}

    def cancel(self) -> None:
        self.cancelled.set()
        self.go.set()


GAME = [curve("discriminator", slope(-5, -2).tolist()), curve("generator")]


@pytest.mark.parametrize("size", SIZES)
async def test_the_curve_grows_and_then_has_its_marks(runs: Path, size: tuple[int, int]) -> None:
    fake = Fake(resolve("mlp-digits"), [curve()])
    async with workbench(runs, size) as (app, pilot):
        screen = RateScreen(resolve("mlp-digits"), asked=fake)
        app.push_screen(screen)
        await until(pilot, lambda: "step 100 of 100" in text_of(app))
        assert "optim.lr" not in text_of(app)
        fake.go.set()
        await until(pilot, lambda: "optim.lr = " in text_of(app))
        text = text_of(app)
        for rule in ("valley", "steep", "minimum", "slide"):
            assert rule in text
        if size[1] >= 24:
            assert "1e-4" in text and "╎valley" in text
            await pilot.press("down")
            await until(pilot, lambda: "╎steep" in text_of(app))
            assert "╎valley" not in text_of(app)


async def test_short_runs_are_told_drawn_and_settle_the_valley(runs: Path) -> None:
    fake = Fake(resolve("mlp-digits"), [curve() | {"runs": RUNS}])
    async with workbench(runs, (120, 40)) as (app, pilot):
        app.push_screen(RateScreen(resolve("mlp-digits"), asked=fake))
        await until(pilot, lambda: "short run 3, step 103 of 100" in text_of(app))
        # the chart is mounted at the first look, and painted once it has a size
        await until(pilot, lambda: "━ short runs 0.7" in text_of(app))
        fake.go.set()
        await until(pilot, lambda: "optim.lr = 0.025" in text_of(app))
        assert "where short runs end lowest" in text_of(app)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_game_has_a_chart_for_each_network(runs: Path, size: tuple[int, int]) -> None:
    fake = Fake(resolve("gan-ring"), GAME)
    fake.go.set()
    async with workbench(runs, size) as (app, pilot):
        app.push_screen(RateScreen(resolve("gan-ring"), asked=fake))
        await until(pilot, lambda: "task.critic_lr = " in text_of(app))
        # the curves are mounted at the next look, after an answer that came at once
        await until(pilot, lambda: text_of(app).count("╎valley") == 2)
        text = text_of(app)
        assert "loss of the discriminator" in text and "loss of the generator" in text


async def test_to_leave_it_ends_the_test(runs: Path) -> None:
    fake = Fake(resolve("mlp-digits"), [curve()])
    async with workbench(runs) as (app, pilot):
        app.push_screen(RateScreen(resolve("mlp-digits"), asked=fake))
        await until(pilot, lambda: "step 100" in text_of(app))
        await pilot.press("enter")  # there is nothing to take yet
        assert isinstance(app.screen, RateScreen)
        await pilot.press("escape")
        await until(pilot, fake.cancelled.is_set)
        assert not isinstance(app.screen, RateScreen)


@pytest.mark.parametrize(
    ("curves", "error", "said"),
    [
        ([curve(losses=[2.0] * 100)], None, "the loss does not fall anywhere"),
        ([], UserError("the kernel is larger than its image", where="model.kernel"), "larger than"),
    ],
)
async def test_what_cannot_be_suggested_is_told_in_words(
    runs: Path, curves: list[dict[str, Any]], error: UserError | None, said: str
) -> None:
    fake = Fake(resolve("mlp-digits"), curves, error)
    fake.go.set()
    async with workbench(runs) as (app, pilot):
        app.push_screen(RateScreen(resolve("mlp-digits"), asked=fake))
        await until(pilot, lambda: said in text_of(app) and "escape closes" in text_of(app))
        await pilot.press("enter")
        assert isinstance(app.screen, RateScreen)


async def set_up(
    runs: Path, monkeypatch: pytest.MonkeyPatch, preset: str, curves: list[dict[str, Any]]
) -> dict[str, Any]:
    """Set-up of a preset, f, the second row, Enter; what the form holds then."""

    def fake(resolved: Resolved) -> Fake:
        made = Fake(resolved, curves)
        made.go.set()
        return made

    monkeypatch.setattr(screens, "RangeTest", fake)
    async with workbench(runs) as (app, pilot):
        app.show_setup(preset)
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        setup = app.screen
        assert isinstance(setup, SetupScreen)
        said: list[str] = []
        monkeypatch.setattr(setup, "say", lambda text, style: said.append(text))
        await pilot.press("f")
        await until(pilot, lambda: "optim.lr = " in text_of(app))
        assert isinstance(app.screen, RateScreen)
        made = app.screen.made
        await pilot.press("down", "enter")
        await until(pilot, lambda: said)
        assert not isinstance(pilot.app.screen, RateScreen)
        assert setup.fields.key == "optim.lr"
        assert "the steep of the range test" in said[0]
        changed = {key: now for key, _, now in setup.form.difference()}
        assert changed == {key: f"{value:g}" for key, value in made["steep"].items()}
        return made


async def test_enter_puts_the_chosen_rate_into_the_form(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await set_up(runs, monkeypatch, "cnn-digits", [curve()])
    assert set(made["steep"]) == {"optim.lr"}


async def test_enter_puts_both_rates_of_a_game_into_the_form(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await set_up(runs, monkeypatch, "gan-ring", GAME)
    assert set(made["steep"]) == {"optim.lr", "task.critic_lr"}


async def test_a_task_without_a_rate_says_so_at_once(runs: Path) -> None:
    async with workbench(runs) as (app, pilot):
        app.show_setup("perceptron-blobs")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        await pilot.press("f")
        await until(pilot, lambda: "no learning rate to find" in text_of(app))
        assert not isinstance(app.screen, RateScreen)
