"""The keys that the bench offers are those that can do something, in words that fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.driving import text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.run import RunScreen
from tuiwb.tui.screens.setting import SettingScreen

Record = Callable[..., Recorder]


def offered(app: Workbench) -> str:
    """The bottom line."""
    return text_of(app).splitlines()[-1]


async def test_a_loop_of_one_s_own_is_offered_no_fork(runs: Path, record: Record) -> None:
    made = record().start().train(60)
    meta = json.loads(made.paths.meta.read_text())
    for own in (False, True):
        made.paths.meta.write_text(json.dumps(meta | {"watched": own}))
        async with workbench(runs, (200, 60), made.paths.root, made.clock) as (app, _):
            line = offered(app)
            assert ("fork here" in line, " set " in line) == (not own, not own)
            assert "stop" in line and "cursor" in line


async def test_nothing_to_fork_from_and_nothing_to_go_on_with(runs: Path, record: Record) -> None:
    made = record().start().train(20)
    async with workbench(runs, (200, 60), made.paths.root, made.clock) as (app, pilot):
        assert "fork here" not in offered(app)
        made.train(40)
        await until(pilot, lambda: "fork here" in offered(app))
        shutil.rmtree(made.paths.root)
        await until(pilot, lambda: "its folder is gone" in text_of(app))
        assert "resume" not in text_of(app) and "fork here" not in offered(app)


@pytest.mark.parametrize(("width", "words"), [(80, "q detach   "), (120, "(training goes on)")])
async def test_a_narrow_line_is_brief(runs: Path, record: Record, width: int, words: str) -> None:
    made = record().start().train(60)
    async with workbench(runs, (width, 30), made.paths.root, made.clock) as (app, _):
        assert words in offered(app) and "fork here" in offered(app)


async def test_charts_go_on_beneath_a_window(runs: Path, record: Record) -> None:
    made = record().start().train(60)
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, SettingScreen))
        bench = app.screen_stack[-2]
        assert isinstance(bench, RunScreen)
        made.train(40)
        await until(pilot, lambda: bench.frame is not None and bench.frame.view.status.step == 100)
        made.crash()
        await until(pilot, lambda: bench.frame is not None and bench.frame.view.status.ended_now)
        await pilot.press("right", "enter")
        await until(pilot, lambda: "the run has ended meanwhile" in text_of(app))
        assert not list(made.paths.inbox.glob("[0-9]*.json")), "nothing is left for a resumed run"
