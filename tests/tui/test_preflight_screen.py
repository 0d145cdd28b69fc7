"""The pre-flight screen: results as they come, refusals in words, and an end when it is left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tui.driving import SIZES, text_of, until, workbench
from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.client.preflight import Preflight
from tuiwb.spec import resolve
from tuiwb.tui.screens import preflight as screens
from tuiwb.tui.screens.preflight import PreflightScreen
from tuiwb.tui.screens.setup import SetupScreen

PASSED = {
    "check": "initial-loss", "title": "the first loss is that of a guess", "state": "passed",
    "words": "2.31, a uniform guess among 10 costs 2.303", "numbers": {"first_loss": 2.31},
    "limits": {"first_loss": "1.73 to 9.21"}, "causes": [], "remedy": "", "names": [],
}  # fmt: skip
FAILED = {
    "check": "batch-size", "title": "the loss does not hang on the batch size", "state": "failed",
    "words": "2.3, of the same samples twice 4.6", "numbers": {"ratio": 2.0},
    "limits": {"ratio": "1 ± 1e-3"}, "causes": ["a loss that is summed over the batch"],
    "remedy": "reduction = mean", "names": [],
}  # fmt: skip


class Fake(Preflight):
    """Says what it is told to, then waits until it may end."""

    def __init__(self, rows: list[Mapping[str, Any]], error: UserError | None = None) -> None:
        self.rows, self.error = rows, error
        self.go, self.cancelled = threading.Event(), threading.Event()

    def run(self, tell: Callable[[Mapping[str, Any]], None] = lambda row: None) -> dict[str, Any]:
        for row in self.rows:
            tell(row)
        self.go.wait(30)
        if self.error is not None:
            raise self.error
        if self.cancelled.is_set():
            raise WorkerFailed("cancelled")
        return {"checks": self.rows, "passed": 1, "failed": 1, "seconds": 12.0}

    def cancel(self) -> None:
        self.cancelled.set()
        self.go.set()


@pytest.mark.parametrize("size", SIZES)
async def test_results_stand_there_as_they_come(runs: Path, size: tuple[int, int]) -> None:
    running = {"check": "modes-agree", "title": "training and evaluation", "state": "running"}
    fake = Fake([PASSED, FAILED, running])
    async with workbench(runs, size) as (app, pilot):
        screen = PreflightScreen(resolve("mlp-digits"), fake)
        app.push_screen(screen)
        await until(pilot, lambda: "training and evaluation" in text_of(app) or size[1] < 16)
        if size[1] >= 24:
            text = text_of(app)
            assert "✓ the first loss is that of a guess" in text
            assert "✗ the loss does not hang on the batch size" in text
            assert "ratio 2, allowed 1 ± 1e-3" in text
            assert "perhaps a loss that is summed over the batch" in text
            assert "reduction = mean" in text
        fake.go.set()
        await until(pilot, lambda: "1 passed, 1 failed" in str(screen.list.border_subtitle))


async def test_to_leave_it_ends_the_checks(runs: Path) -> None:
    fake = Fake([PASSED])
    async with workbench(runs) as (app, pilot):
        app.push_screen(PreflightScreen(resolve("mlp-digits"), fake))
        await until(pilot, lambda: "guess" in text_of(app))
        await pilot.press("escape")
        await until(pilot, fake.cancelled.is_set)
        assert not isinstance(app.screen, PreflightScreen)


@pytest.mark.slow
async def test_a_spec_that_cannot_be_built_is_told_in_words(runs: Path) -> None:
    fake = Fake([], UserError("the kernel is larger than its image", where="model.kernel"))
    fake.go.set()
    async with workbench(runs) as (app, pilot):
        app.push_screen(PreflightScreen(resolve("mlp-digits"), fake))
        await until(pilot, lambda: "larger than its image" in text_of(app))


async def test_the_key_of_set_up_opens_it(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Fake] = []

    def fake(resolved: Any) -> Fake:
        made.append(Fake([PASSED]))
        return made[-1]

    monkeypatch.setattr(screens, "Preflight", fake)
    async with workbench(runs) as (app, pilot):
        app.show_setup("cnn-digits")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, PreflightScreen))
        await until(pilot, lambda: "uniform guess" in text_of(app))
    assert len(made) == 1
