"""A sweep on the screen: trials and plots live, its way in from the runs list, its best kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.search.synthetic import Synthetic, asked, begin, conducted, controller
from tests.tui.driving import SIZES, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.search.controller import Controller
from tuiwb.search.importance import importance
from tuiwb.search.ledger import read_ledger
from tuiwb.search.places import SweepPaths
from tuiwb.spec import resolve
from tuiwb.tui.app import Workbench
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.run import RunScreen
from tuiwb.tui.screens.sweep import SweepScreen

TITLES = {
    "1": "val_loss, best so far", "2": "every trial through all knobs",
    "3": "the metric over each knob", "4": "the metric over two knobs", "5": "importance",
}  # fmt: skip


@pytest.fixture
def paths(runs: Path) -> SweepPaths:
    return begin(runs, asked(), "wide")


@asynccontextmanager
async def opened(
    paths: SweepPaths, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Workbench, Pilot[None]]]:
    async with workbench(paths.runs, size) as (app, pilot):
        app.show_sweep(paths.root)
        await until(pilot, lambda: isinstance(app.screen, SweepScreen) and app.screen.frame)
        yield app, pilot


def some(paths: SweepPaths, looks: int) -> Controller:
    """A controller that has looked at its trials a few times."""
    made = controller(paths, Synthetic())
    made.take_up()
    for _ in range(looks):
        made.beat()
    return made


async def test_trials_come_in_while_it_is_watched(paths: SweepPaths) -> None:
    made = some(paths, 1)
    async with opened(paths) as (app, pilot):
        await until(pilot, lambda: "0/12 trials" in text_of(app))
        text = text_of(app)
        assert text.count("running") >= 3 and "no trial is complete yet" in text
        assert "comes with the first complete trial" in text
        for _ in range(12):
            made.beat()
        app.screen.wake()  # type: ignore[attr-defined]
        await until(pilot, lambda: "best val_loss" in text_of(app))
        assert "complete" in text_of(app) and "left without a word: r goes on" in text_of(app)


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_every_pane_can_be_reached_at_every_size(
    paths: SweepPaths, size: tuple[int, int]
) -> None:
    conducted(paths, Synthetic())
    importance(read_ledger(paths))
    async with opened(paths, size) as (app, pilot):
        await until(pilot, lambda: "finished" in text_of(app) and "12/12" in text_of(app))
        for key, title in TITLES.items():
            await pilot.press(key)
            if size != (50, 15):
                await until(pilot, lambda title=title: title in text_of(app))
        assert "complete" in text_of(app)
        await pilot.press("o")
        await until(pilot, lambda: "best first" in text_of(app) or size[0] < 60)
        best = read_ledger(paths).best
        await pilot.press("g")
        assert best is not None and app.screen.trials.key == best.number  # type: ignore[attr-defined]


async def test_it_is_one_line_of_the_runs_list_and_enter_opens_a_trial_s_run(
    paths: SweepPaths,
) -> None:
    conducted(paths, Synthetic())
    recorders = [Recorder(paths.runs, paths.run_name(number)) for number in (12, 11)]
    _of_sweep(paths, recorders)
    async with workbench(paths.runs) as (app, pilot):
        await pilot.press("tab")
        await until(pilot, lambda: "12/12 trials" in text_of(app))
        assert "wide-0012" not in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen) and app.screen.frame)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "has no run" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PresetsScreen))
    for one in recorders:
        one.release()


def _of_sweep(paths: SweepPaths, recorders: list[Recorder]) -> None:
    import json

    for one in recorders:
        meta = json.loads(one.paths.meta.read_text())
        one.paths.meta.write_text(json.dumps(meta | {"sweep": {"name": paths.name}}))
        one.start().train(42)


async def test_w_keeps_the_best_once(paths: SweepPaths) -> None:
    conducted(paths, Synthetic())
    async with opened(paths) as (app, pilot):
        await pilot.press("w")
        await until(pilot, lambda: "kept as the preset wide-best" in text_of(app))
        best = read_ledger(paths).best
        assert best is not None
        assert resolve("wide-best").get("optim.lr") == best.values["optim.lr"]
        await pilot.press("w")
        await until(pilot, lambda: "already" in text_of(app))


async def test_why_it_failed_is_said(paths: SweepPaths) -> None:
    from tuiwb.base.errors import UserError

    some(paths, 2).end("failed", UserError("trials have failed", found="3 of 3: no memory"))
    async with opened(paths) as (app, pilot):
        await until(pilot, lambda: "trials have failed: 3 of 3: no memory" in text_of(app))
        await pilot.press("X")
        await until(pilot, lambda: "nobody conducts this sweep" in text_of(app))
