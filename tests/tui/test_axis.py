"""The x axis as steps, seconds and epochs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.driving import settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.api import open_run
from tuiwb.tui.axis import AXES, axis_of, steps_per_epoch
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]


def test_each_axis_there_and_back(record: Record) -> None:
    view = open_run(record().start().train(84).end().paths.root)
    assert steps_per_epoch(view) == 1347 // 64
    for name in AXES:
        on = axis_of(view, name)
        assert on.name == name
        assert on.back(on.at(1234.5)) == pytest.approx(1234.5)
    assert axis_of(view, "epoch").at(84.0) == pytest.approx(4.0)


def test_without_an_epoch_s_length_there_are_steps(record: Record) -> None:
    made = record()
    made.journal.write("state", state="training")
    view = open_run(made.train(5).end().paths.root)
    assert axis_of(view, "epoch").name == "step"


async def test_x_goes_through_all_three_and_keeps_the_curve(runs: Path, record: Record) -> None:
    made = record().start().train(210).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, RunScreen) and screen.frame is not None
        extents = []
        for axis in ("time", "epoch", "step"):
            before = screen.frame
            await pilot.press("x")
            await until(pilot, lambda before=before: screen.frame is not before and settled(screen))
            assert screen.sight.axis == axis
            extents.append(screen.frame.extent[1])
            assert axis in text_of(app)
        assert extents == pytest.approx([4.18, 10.0, 210.0])
        await pilot.press("x", "x", "c", "f")  # an epoch's fraction is a step for a fork
        assert screen.bench is not None
        assert screen.bench.step_at(screen.frame.view, "epoch", 2.0) == 42
        await pilot.press("escape")
