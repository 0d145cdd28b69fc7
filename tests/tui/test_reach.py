"""Every action is reached by its keys on its screen, and no screen overflows, however small."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.search.synthetic import asked, begin
from tests.tui.driving import FakeStandby, settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.tui import actions
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]
STORM = ((1, 1), (20, 5), (59, 40), (50, 15), (60, 16), (200, 60), (3, 50), (80, 24), (120, 40))
BY_KEY = {"layers": ("run.layers",), "layer": ("run.layers", "layers.open"),
          "machine": ("run.machine",)}  # fmt: skip
"""Screens that are reached from the bench, with the actions on the way."""
CONTEXTS = [context for context in actions.CONTEXTS if context != "anywhere"]


@asynccontextmanager
async def on(
    context: str, runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Workbench, Pilot[None], Screen[Any]]]:
    """The app with the screen of a context in front."""
    paths = [record(f"cnn-digits-{n:04}").start().train(60).paths.root for n in (1, 2)]
    made = iter(range(3, 9))
    monkeypatch.setattr(
        "tuiwb.client.course.launch",
        lambda *rest, **more: record(f"cnn-digits-{next(made):04}").start().paths.root,
    )
    keys = {action.id: action.keys[0] for action in actions.ACTIONS}
    async with workbench(runs, standby=FakeStandby()) as (app, pilot):
        if context == "setup":
            app.show_setup("cnn-digits")
        elif context == "lesson":
            app.show_lesson("bn-speed")
        elif context == "compare":
            app.show_comparison(paths)
        elif context == "sweep":
            app.show_sweep(begin(runs, asked(), "wide").root)
        elif context != "presets":
            app.show_run(paths[0])
            await until(pilot, lambda: isinstance(app.screen, RunScreen) and settled(app.screen))
            for action in BY_KEY.get(context, ()):
                await pilot.press(keys[action])
                here = action.partition(".")[0]
                await until(pilot, partial(_left, app, here))
        await until(pilot, lambda: getattr(app.screen, "CONTEXT", "") == context)
        yield app, pilot, app.screen


def _left(app: Workbench, context: str) -> bool:
    return getattr(app.screen, "CONTEXT", "") != context


@pytest.mark.slow
@pytest.mark.parametrize("context", CONTEXTS)
async def test_every_key_does_what_it_says(
    context: actions.Context, runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on(context, runs, record, monkeypatch) as (app, pilot, screen):
        done: list[str] = []
        for action in (*actions.of(context), *actions.of("anywhere")):
            owner = screen if action.context == context else app
            setattr(owner, f"action_{action.name}", lambda name=action.id: done.append(name))
        wrong = []
        for action in (*actions.of(context), *actions.of("anywhere")):
            for key in action.keys:
                done.clear()
                await pilot.press(key)
                if done != [action.id]:
                    wrong.append(f"{key}: {action.id}, but {done or 'nothing'}")
        assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("context", CONTEXTS)
async def test_no_size_is_too_small(
    context: actions.Context, runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on(context, runs, record, monkeypatch) as (app, pilot, screen):
        for width, height in STORM:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert app.screen is screen
            assert len(text_of(app).splitlines()) <= height
            assert overflowing(screen) == []
        for width, height in STORM:
            await pilot.resize_terminal(width, height)  # faster than it can be painted
        await pilot.pause()
        assert overflowing(screen) == []


def overflowing(screen: Screen[Any]) -> list[str]:
    """The widgets that reach beyond the screen, and the screens that would have to scroll."""
    size = screen.size
    if size.width < 50 or size.height < 15:
        return []  # there, to survive is all
    found = [
        f"{widget!r} at {widget.region} of {size}"
        for widget in screen.query("*")
        if widget.display and widget.region.area and not size.region.contains_region(widget.region)
    ]
    return found + ([f"{screen!r} scrolls"] if screen.max_scroll_x or screen.max_scroll_y else [])


async def test_below_sixty_by_sixteen_a_run_is_numbers(runs: Path, record: Record) -> None:
    path = record().start().train(60).paths.root
    async with workbench(runs, (59, 40), attach=path) as (app, pilot):
        for size, numbers in (((59, 40), True), ((60, 16), False), ((60, 15), True)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert isinstance(app.screen, RunScreen)
            assert (not app.screen.panes()) == numbers
            assert ("findings" in text_of(app)) == numbers
