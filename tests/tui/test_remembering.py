"""How a run was looked at is kept, restored, bounded, and forgotten."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.driving import settled, text_of, until, workbench
from tests.tui.recorder import Recorder
from tests.tui.test_compare_screen import compared, press
from tuiwb.api import open_run
from tuiwb.tui import remembered
from tuiwb.tui.comparing import kept
from tuiwb.tui.comparing.overlay import Sight as OfSeveral
from tuiwb.tui.scene import Sight
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]


async def test_a_run_is_opened_as_it_was_left(runs: Path, record: Record, own_world: Path) -> None:
    made = record().start().train(210).end()
    before = {path: path.stat().st_mtime_ns for path in made.paths.root.rglob("*")}
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("Y", "S", "x", "plus", "3", "enter")
        await until(pilot, lambda: settled(app.screen))  # type: ignore[arg-type]
        left = app.screen
        assert isinstance(left, RunScreen)
        sight = left.sight
    (file,) = (own_world / "state" / "tuiwb" / "views").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: settled(screen) and screen.alone)
        assert screen.sight == sight and screen.here == "metric"
        assert "as you left it; backspace forgets" in text_of(app)
        await pilot.press("backspace")
        assert screen.sight == Sight() and not screen.alone and not file.exists()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, _):
        assert app.screen.sight == Sight()  # type: ignore[attr-defined]
    assert before == {path: path.stat().st_mtime_ns for path in made.paths.root.rglob("*")}


async def test_filter_and_panes_come_back(runs: Path, record: Record) -> None:
    made = record().start().train(84).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, RunScreen)
        screen.choose(("doctor", "system.cpu"))
        await pilot.press("slash", *"val", "enter")
        assert screen.shown == ("evals.val_loss", "evals.val_accuracy")
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: screen.shown == ("evals.val_loss", "evals.val_accuracy"))
        await pilot.press("escape")
        assert screen.shown == ("doctor", "system.cpu")


async def test_runs_are_compared_as_they_were_left(runs: Path, record: Record) -> None:
    one, two, three = (record(f"run-{n}").start().train(84).end().paths.root for n in (1, 2, 3))
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, one, two, three)
        for key in ("S", "y", "b", "d", "j", "space", "x", "plus"):
            await press(pilot, screen, key)
        await pilot.press("tab")
        left = screen.sight
        assert left.hidden == {"run-2"} and left.difference and left.axis == "time" and left.span
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, three, one, two)
        await until(pilot, lambda: "as you left it; backspace forgets" in text_of(app))
        assert replace(screen.sight, chosen=left.chosen) == left and screen.layout_of == "chart"
        await pilot.press("backspace")
        assert screen.sight == OfSeveral(chosen=screen.sight.chosen) and screen.layout_of == "both"
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, one, two, three)
        assert screen.sight.axis == "step" and "as you left it" not in text_of(app)


async def test_other_runs_are_another_comparison(runs: Path, record: Record) -> None:
    paths = [record(f"run-{n}").start().train(9).end().paths.root for n in (1, 2, 3)]
    views = [open_run(path) for path in paths]
    remembered.save(kept.kept(views[:2], OfSeveral(smoothing=1), "table"))
    assert kept.load(reversed(views[:2])) == kept.load(views[:2]) is not None
    assert kept.load(views) is None and kept.load(views[1:]) is None
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *paths[:2], baseline="run-1")
        await until(pilot, lambda: screen.layout_of == "table")
        assert screen.sight.baseline is None, "as it was left, whoever opens it"
        await pilot.press("backspace")
        assert screen.sight.baseline == "run-1"


def test_of_a_comparison_what_makes_no_sense_is_left_out() -> None:
    odd = kept.KeptComparison(
        runs=(), axis="weeks", span=-3.0, end=9.0, smoothing=77, hidden=("gone", "a"),
        baseline="gone", difference=True,
    )  # fmt: skip
    sight = odd.sight(OfSeveral(), "chart", ["a", "b"])
    assert (sight.axis, sight.span, sight.end, sight.hidden) == ("step", None, None, {"a"})
    assert sight.baseline is None and not sight.difference and 0 <= sight.smoothing < 3


def test_another_run_of_the_same_name_is_another(record: Record) -> None:
    made = record().start().train(5).end()
    view = open_run(made.paths.root)
    look = remembered.kept(view, Sight(smoothing=1), remembered.Panes())
    remembered.save(look)
    assert remembered.load(view) == look
    meta = made.paths.meta.read_text().replace("1750000000.0", "1750000001.0")
    made.paths.meta.write_text(meta)
    assert remembered.load(open_run(made.paths.root)) is None


@pytest.mark.parametrize("data", [b"", b"{", b'{"run": 3}', b"x" * 100_000, b"[" * 9000])
def test_a_damaged_file_is_none(record: Record, data: bytes) -> None:
    view = open_run(record().start().train(5).end().paths.root)
    remembered.save(remembered.kept(view, Sight(), remembered.Panes()))
    (file,) = remembered.folder().iterdir()
    file.write_bytes(data)
    assert remembered.load(view) is None


def test_only_the_latest_runs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "RUNS", 3)
    for number in range(6):
        remembered.save(remembered.Kept(run=f"/runs/{number}"))
        newest = max(remembered.folder().iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    assert len(list(remembered.folder().iterdir())) == 3
    assert b"/runs/5" in b"".join(path.read_bytes() for path in remembered.folder().iterdir())


def test_what_makes_no_sense_any_more_is_left_out() -> None:
    odd = remembered.Kept(run="x", axis="weeks", span=-3.0, end=9.0, smoothing=77)
    sight = odd.sight(Sight())
    assert (sight.axis, sight.span, sight.end) == ("step", None, None)
    assert 0 <= sight.smoothing < 3


def test_a_disk_that_takes_nothing_is_no_error(own_world: Path) -> None:
    (own_world / "state").write_text("a file")
    remembered.save(remembered.Kept(run="x"))
