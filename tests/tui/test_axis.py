"""The x axis as steps, seconds and epochs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.tui.driving import settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tests.tui.test_timeline import stretches
from tuiwb.api import open_run
from tuiwb.base.clock import FrozenClock
from tuiwb.tui import axis
from tuiwb.tui.axis import AXES, axis_of, steps_per_epoch
from tuiwb.tui.bench import Bench
from tuiwb.tui.scene import Sight
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


def test_a_rest_between_two_processes_takes_no_room(tmp_path: Path) -> None:
    night = 86_400.0
    view = stretches(
        tmp_path, (range(1, 101), 1e9, 1.0), (range(101, 201), 1e9 + night, 1.0)
    )  # seconds 0 to 99, a night, and 99 more
    on = axis_of(view, "time")
    assert [on.at(1e9), on.at(1e9 + 99), on.at(1e9 + night), on.at(1e9 + night + 7)] == [
        0, 99, 99, 106,
    ]  # fmt: skip
    assert on.at(1e9 + night / 2) == 99, "what happened in the night stands where it was left"
    assert [on.back(x) for x in (0.0, 50.0, 106.0)] == [1e9, 1e9 + 50, 1e9 + night + 7]
    scene, sight = Bench(view.path, FrozenClock(1e9)), Sight(axis="time")
    x, ends = (0.0, 198.0), []
    for buckets in (20, 1000):
        line = scene._line(view, "steps", "step", "", sight, x, buckets, 0.0, None)
        assert np.all(np.diff(line.x) >= 0) and len(line.x) <= buckets + 2
        # as many points of the one as of the other: the night has none of them
        assert np.sum(line.x < 99) == pytest.approx(np.sum(line.x > 99), abs=2)
        ends.append((line.x[0], line.x[-1]))
    assert ends[1] == (0.0, 198.0)
    assert scene._extent(view, sight) == (0.0, 198.0)


def test_of_very_many_processes_the_first_count_as_one(tmp_path: Path) -> None:
    parts = [(range(10 * n + 1, 10 * n + 11), 1e9 + 100.0 * n, 1.0) for n in range(80)]
    ends = axis.stretches(stretches(tmp_path, *parts).table("steps"))
    assert len(ends) == axis._STRETCHES
    assert ends[0].tolist() == [1, 1e9, 170, 1e9 + 1609] and ends[1, 0] == 171
    assert ends[-1].tolist() == [791, 1e9 + 7900, 800, 1e9 + 7909]


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
