"""Driving the app in tests: waiting for what happens off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tuiwb.base.clock import Clock, FrozenClock
from tuiwb.base.errors import UserError
from tuiwb.spec import Resolved
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.run import RunScreen

SIZES = ((120, 40), (80, 24), (50, 15), (200, 60))
FACTS: dict[str, Any] = {
    "layers": [
        {"name": "block1.conv", "kind": "Conv2d", "output_shape": [32, 8, 8], "parameters": 288,
         "flops": 36_864},
        {"name": "block1.activation", "kind": "ReLU", "output_shape": [32, 8, 8], "parameters": 0,
         "flops": 0},
        {"name": "output", "kind": "Linear", "output_shape": [10], "parameters": 20_490,
         "flops": 40_960},
    ],
    "parameters": 20_778,
    "trainable": 20_778,
    "memory_bytes": 6_917_576,
}  # fmt: skip


class FakeStandby:
    """A standby that answers at once, with facts or with an error."""

    alive = True

    def __init__(self, facts: Mapping[str, Any] = FACTS, error: UserError | None = None) -> None:
        self.facts, self.error, self.ready, self.asked = facts, error, True, 0

    def describe_later(self, resolved: Resolved) -> Future[Mapping[str, Any]]:
        self.asked += 1
        answer: Future[Mapping[str, Any]] = Future()
        if self.error is not None:
            answer.set_exception(self.error)
        else:
            answer.set_result(self.facts)
        return answer

    def start(self) -> None: ...

    def close(self) -> None: ...


async def until(pilot: Pilot[None], fact: Callable[[], object]) -> None:
    """Let the app go on until something is true of it."""
    for _ in range(500):
        await pilot.pause()
        if fact():
            await pilot.pause()
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


@asynccontextmanager
async def workbench(
    runs: Path,
    size: tuple[int, int] = (120, 40),
    attach: Path | None = None,
    clock: Clock | None = None,
    glyphs: str | None = "braille",
    standby: FakeStandby | None = None,
) -> AsyncIterator[tuple[Workbench, Pilot[None]]]:
    """The app on its first screen, with what that screen reads from the disk read."""
    app = Workbench(runs, attach, glyphs, clock or FrozenClock(1_750_000_600.0))
    app.standby = standby  # type: ignore[assignment]
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        if isinstance(screen, RunScreen):
            await until(pilot, lambda: settled(screen))
        elif isinstance(screen, PresetsScreen):
            await until(pilot, lambda: screen.looked)
        yield app, pilot


def settled(screen: RunScreen) -> bool:
    """Whether the bench shows all there is on the disk, at its present size."""
    if screen.frame is None or screen.frame.view.behind:
        return False
    painted = {n: (c.width, c.height) for n, c in screen.frame.canvases.items()}
    return painted == screen.panes()


def text_of(app: Workbench) -> str:
    """The screen as text."""
    width = app.size.width
    lines = [strip.text for strip in app.screen._compositor.render_strips()]
    assert all(len(line) == width or not line.isascii() for line in lines)
    return "\n".join(line.rstrip() for line in lines)
