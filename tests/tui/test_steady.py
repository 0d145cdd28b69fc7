"""A screen comes to rest at the size that the terminal has, however many it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from tests.tui.driving import until, workbench


@pytest.mark.parametrize("key", ["", "question_mark", "ctrl+p"])
async def test_sizes_that_overtake_each_other_end(
    key: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid: list[object] = []
    lay: Callable[..., None] = Screen._refresh_layout

    def counted(screen: Screen[object], *rest: object, **more: object) -> None:
        laid.append(screen)
        if len(laid) < 50:  # so that one that never ends fails
            lay(screen, *rest, **more)

    monkeypatch.setattr(Screen, "_refresh_layout", counted)
    async with workbench(runs, (80, 24)) as (app, pilot):
        first = app.screen
        if key:
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not first)
        screen = app.screen
        laid.clear()
        for height in (25, 24, 25, 24):
            size = Size(80, height)
            screen.post_message(Resize(size, size))
            screen.call_later(lambda: None)  # so that none takes the place of another
        await asyncio.sleep(0.5)
        assert screen.size == app.size == (80, 24)
        assert len(laid) < 8
