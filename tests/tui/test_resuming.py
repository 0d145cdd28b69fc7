"""The key r: on the bench and in the list of runs, and where it is offered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tui.driving import text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.base.errors import UserError
from tuiwb.client import resume as module
from tuiwb.tui.screens.ask import Message
from tuiwb.tui.screens.presets import PresetsScreen

Record = Callable[..., Recorder]
ENDS: dict[str, Callable[[Recorder], Recorder]] = {
    "crashed": lambda made: made.crash("Killed"),
    "stopped": lambda made: made.end("stopped", reason="by tui"),
    "failed": lambda made: made.end("failed", reason="disk full"),
    "diverged": lambda made: made.end("diverged", reason="loss is nan"),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which runs were to be resumed; no worker is started."""
    paths: list[Path] = []

    def resume(path: Path, **more: Any) -> float:
        paths.append(path)
        return 0.0

    monkeypatch.setattr(module, "resume", resume)
    return paths


@pytest.mark.slow
@pytest.mark.parametrize("state", ENDS)
async def test_r_goes_on_with_a_run_that_ended_early(
    runs: Path, record: Record, asked: list[Path], state: str
) -> None:
    made = ENDS[state](record().start().train(90))
    async with workbench(runs, (200, 60), made.paths.root, made.clock) as (app, pilot):
        assert "press r to resume" in text_of(app)
        await pilot.press("r")
        await until(pilot, lambda: asked)
        assert asked == [made.paths.root]
        await until(pilot, lambda: "goes on from its newest checkpoint" in text_of(app))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_key_is_offered_at_every_size(
    runs: Path, record: Record, size: tuple[int, int]
) -> None:
    made = record().start().train(90).crash("Killed")
    async with workbench(runs, size, made.paths.root, made.clock) as (app, _):
        text = text_of(app)
        assert "r resume" in text
        assert "crashed at step 90" in text


async def test_a_run_that_is_over_or_alive_is_not_offered(
    runs: Path, record: Record, asked: list[Path]
) -> None:
    over = record().start().train(90).end("finished")
    async with workbench(runs, (200, 60), over.paths.root, over.clock) as (app, _):
        assert "press r" not in text_of(app) and "r resume" not in text_of(app)
    alive = record("cnn-digits-0002").start().train(90)
    async with workbench(runs, (200, 60), alive.paths.root, alive.clock) as (app, pilot):
        assert "press r" not in text_of(app) and "r resume" not in text_of(app)
        await pilot.press("r")
        await until(pilot, lambda: "it is being trained" in text_of(app))
    assert not asked


@pytest.mark.slow
async def test_a_refusal_is_shown_whole(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **more: Any) -> float:
        raise UserError("it has finished", next="fork it")

    monkeypatch.setattr(module, "resume", refuse)
    made = record().start().train(90).end("finished")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Message))
        assert "fork it" in text_of(app)


async def test_r_in_the_list_of_runs(runs: Path, record: Record, asked: list[Path]) -> None:
    made = record().start().train(90).crash("Killed")
    async with workbench(runs, (120, 40), clock=made.clock) as (app, pilot):
        assert isinstance(app.screen, PresetsScreen)
        await pilot.press("r")
        await until(pilot, lambda: "tab goes to the runs" in text_of(app))
        assert not asked
        await pilot.press("tab", "r")
        await until(pilot, lambda: asked)
        assert asked == [made.paths.root]
