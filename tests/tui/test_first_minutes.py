"""A real run in few key presses, as the tour leads to it: trained, steered, forked, compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.scenarios.helpers import end_worker_of
from tests.tui.driving import text_of
from tests.tui.driving import until as soon
from tuiwb.api import open_run
from tuiwb.base.clock import SystemClock
from tuiwb.run.layout import RunPaths
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.run import RunScreen


class Fingers:
    """Presses keys, and counts."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot, self.pressed = pilot, 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()
            self.pressed += 1

    def counted(self) -> int:
        pressed, self.pressed = self.pressed, 0
        return pressed


async def until(pilot: Pilot[None], fact: object) -> None:
    """A worker starts in seconds where the machine is busy."""
    for _ in range(8):
        try:
            await soon(pilot, fact)  # type: ignore[arg-type]
        except AssertionError:
            continue
        return
    await soon(pilot, fact)  # type: ignore[arg-type]


@pytest.fixture
def ended(runs: Path) -> Iterator[None]:
    yield
    for path in runs.glob("*-0*"):
        end_worker_of(RunPaths(path))


@pytest.mark.slow
@pytest.mark.usefixtures("ended")
async def test_from_the_first_screen_to_two_runs_compared(runs: Path) -> None:
    app = Workbench(runs, glyphs="braille", clock=SystemClock())
    async with app.run_test(size=(120, 40)) as pilot:
        hand = Fingers(pilot)
        await until(pilot, lambda: "trained here yet" in text_of(app))
        await hand.press("T")
        await until(pilot, lambda: "tour 1 of" in text_of(app))
        hand.counted()

        await hand.press("enter")
        await until(pilot, lambda: "tour 2 of" in text_of(app))
        await hand.press("ctrl+r")
        await until(pilot, lambda: (run := in_front(app)) and run.status.state == "training")
        assert hand.counted() <= 4, "from a preset to live training"
        first = in_front(app)
        await until(pilot, lambda: open_run(first.path).table("evals").rows > 2)
        await until(pilot, lambda: "tour 3 of" in text_of(app))

        await hand.press("c")
        await until(pilot, lambda: "tour 4 of" in text_of(app))
        hand.counted()
        before = first.spec.get("optim.lr")
        await hand.press("s", "*", "2", "enter")
        assert hand.counted() <= 4, "a new learning rate while it trains"
        await until(pilot, lambda: "tour 5 of" in text_of(app))
        (asked,) = [e for e in open_run(first.path).events if e["kind"] == "command"]
        assert asked["accepted"] and asked["args"] == {"optim.lr": 2 * before}

        screen = app.screen
        assert isinstance(screen, RunScreen) and screen.sight.cursor is not None
        await hand.press("f")
        await until(pilot, lambda: "fork at" in text_of(app))
        await hand.press("enter")
        assert hand.counted() <= 3, "a fork at the cursor"
        await until(pilot, lambda: (run := in_front(app)) and run.meta.get("parent"))
        child = in_front(app)
        assert child.meta["parent"]["run"] == first.id
        assert child.meta["parent"]["step"] <= screen.sight.cursor
        await until(pilot, lambda: "tour 6 of" in text_of(app))

        await hand.press(app_key(app, "run.compare"))
        await until(pilot, lambda: "the tour is done" in text_of(app))
        assert first.id in text_of(app) and child.id in text_of(app)
        await hand.press("T")
        await until(pilot, lambda: "tour" not in text_of(app))


def in_front(app: Workbench):  # type: ignore[no-untyped-def]
    """The run on the screen as it is on the disk, or None."""
    screen = app.screen
    return open_run(screen.path) if isinstance(screen, RunScreen) and screen.frame else None


def app_key(app: Workbench, name: str) -> str:
    return next(action.keys[0] for action in app.actions if action.id == name)
