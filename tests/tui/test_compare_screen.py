"""Compare as a person meets it: from the list, from a fork, with runs of every kind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from tests.cli.recorded import record as recorded
from tests.client.test_compare import forked
from tests.tui.driving import SIZES, text_of, until, workbench
from tests.tui.recorder import Recorder
from tuiwb.plots.palette import series_colour
from tuiwb.run.create import create_watched
from tuiwb.run.table import TableWriter
from tuiwb.tui.app import Workbench
from tuiwb.tui.comparing.overlay import Frame
from tuiwb.tui.screens.compare import CompareScreen
from tuiwb.tui.screens.picking import Pick
from tuiwb.tui.screens.presets import PresetsScreen
from tuiwb.tui.screens.run import RunScreen

Record = Callable[..., Recorder]


async def compared(
    app: Workbench, pilot: Pilot[None], *paths: Path, baseline: str | None = None
) -> CompareScreen:
    """The screen on these runs, settled."""
    app.show_comparison(paths, baseline)
    await until(pilot, lambda: isinstance(app.screen, CompareScreen))
    screen = app.screen
    assert isinstance(screen, CompareScreen)
    await until(pilot, lambda: settled(screen))
    return screen


def settled(screen: CompareScreen) -> bool:
    """Whether what is shown is what was asked for."""
    if screen.frame is None or screen.frame.behind or screen._woken.is_set():
        return False
    size, canvas = screen.panes(), screen.chart.canvas
    return not size or (canvas is not None and [(canvas.width, canvas.height)] == [*size.values()])


async def press(pilot: Pilot[None], screen: CompareScreen, *keys: str) -> Frame:
    """Press keys, and the frame that comes of it."""
    before = screen.frames
    await pilot.press(*keys)
    await until(pilot, lambda: screen.frames > before and settled(screen))
    assert screen.frame is not None
    return screen.frame


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
async def test_live_runs_at_every_size(runs: Path, record: Record, size: tuple[int, int]) -> None:
    made = [record(f"cnn-digits-000{n}").start().train(60 * n) for n in (1, 2, 3)]
    made[0].set({"optim.lr": 0.001}).end()
    async with workbench(runs, size) as (app, pilot):
        await compared(app, pilot, *(one.paths.root for one in made))
        text = text_of(app)
        assert "3 runs, 2 live" in text
        if size[0] >= 80:
            assert "0.002→0.001 @60" in text and "180/630" in text
            assert all(f" {n}" in text for n in (1, 2, 3))
        await pilot.press("tab", "tab", "c", "x", "m", "escape")
        text_of(app)


@pytest.mark.slow
async def test_only_what_differs_stands_in_the_table_and_the_best_is_marked(
    runs: Path, record: Record
) -> None:
    one = record("one", overrides=["optim.lr=0.01"]).start().train(42).end()
    two = record("two", overrides=["optim.lr=0.02"]).start().train(84).end()
    async with workbench(runs) as (app, pilot):
        await compared(app, pilot, one.paths.root, two.paths.root)
        text = text_of(app)
        assert "0.01" in text and "0.02" in text
        assert "batch_size" not in text
        best = next(line for line in text.splitlines() if " two " in line)
        assert best.count("★") == 3 and text.count("★") == 3


async def test_a_new_row_repaints_a_few_cells(runs: Path, record: Record) -> None:
    made = [record(f"run-{n}").start().train(210) for n in range(3)]
    async with workbench(runs, (160, 50)) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        made[1].train(1, evaluate=False)
        await press(pilot, screen, "0")
        await until(pilot, lambda: "211/630" in text_of(app))
        cells = sum(x1 - x0 for pane in (screen.chart, screen.rows) for _, x0, x1 in pane.spans)
        assert 0 < cells < 200  # of 8 000


@pytest.mark.slow
async def test_the_cursor_reads_every_run(runs: Path, record: Record) -> None:
    made = [record(f"run-{n}").start().train(steps) for n, steps in enumerate((100, 200))]
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        frame = await press(pilot, screen, "S", "S", "c")
        assert frame.readings[0].value is None and frame.readings[1].value is not None
        screen.look(cursor=50.0)
        await until(pilot, lambda: screen.frame.readings[0].value is not None)
        one, two = (reading.value for reading in screen.frame.readings)
        assert one == pytest.approx(two)  # the same numbers, as far as both went
        assert "at step 50" in text_of(app)


async def test_a_baseline_is_pinned_and_the_difference_drawn(runs: Path, record: Record) -> None:
    one, two = (record(name).start().train(90) for name in ("one", "two"))
    three = record("three").start().train(42)
    async with workbench(runs) as (app, pilot):
        paths = (one.paths.root, two.paths.root, three.paths.root)
        screen = await compared(app, pilot, *paths)
        await pilot.press("d")
        assert "pins a baseline first" in text_of(app)
        frame = await press(pilot, screen, "b")
        assert frame.readings[0].difference is None
        assert frame.readings[1].difference == 0.0 and frame.readings[2].difference > 0.1
        await press(pilot, screen, "d")
        assert "less that of 1" in text_of(app) and "◆one" in text_of(app)
        drawn = screen.bench._figure.lines
        assert all(np.nanmax(np.abs(line.y)) < 1e-9 for line in drawn if line.name != "three")
        frame = await press(pilot, screen, "b")
        assert screen.sight.baseline is None and not screen.sight.difference


async def test_seeds_as_mean_and_spread(runs: Path, record: Record) -> None:
    made = [record(f"s{n}", overrides=[f"train.seed={n}"]).start().train(42) for n in range(3)]
    made.append(record("other", overrides=["optim.lr=0.5"]).start().train(84))
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        frame = await press(pilot, screen, "a")
        assert [reading.members for reading in frame.readings] == [("s0", "s1", "s2"), ("other",)]
        assert frame.readings[0].deviation == pytest.approx(0.0)
        assert "mean of 3 seeds" in text_of(app)
        assert len(screen.bench._figure.lines) == 2
        frame = await press(pilot, screen, "a")
        assert len(frame.readings) == 4


async def test_without_seeds_there_is_nothing_to_average(runs: Path, record: Record) -> None:
    made = [record(f"lr{n}", overrides=[f"optim.lr=0.{n}"]).start().train(9) for n in (1, 2)]
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        await pilot.press("a")
        assert "differ in their seed alone" in text_of(app) and not screen.sight.seeds


@pytest.mark.slow
async def test_a_fork_and_its_parent_are_one_curve_that_splits(runs: Path) -> None:
    parent = recorded(runs, name="parent", state="stopped")
    child = forked(parent, 60, "child", "optim.lr=0.5")
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, parent, child)
        lines = {line.name: line for line in screen.bench._figure.lines}
        assert lines["parent"].x[0] == 1 and lines["child"].x[0] == 60
        assert "2 forks" in text_of(app)
        await press(pilot, screen, "down", "up", "space")  # without its parent it is whole
        assert [line.name for line in screen.bench._figure.lines] == ["child"]
        assert screen.bench._figure.lines[0].x[0] == 1
        await press(pilot, screen, "space", "x")
        lines = {line.name: line for line in screen.bench._figure.lines}
        assert lines["child"].x[0] == pytest.approx(0.59)


async def test_the_run_in_hand_lies_over_the_others(runs: Path, record: Record) -> None:
    made = [record(f"run-{n}").start().train(84) for n in range(3)]  # the same curve
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        seen = []
        for key in ("g", "j", "j"):
            await pilot.press(key)
            await until(pilot, lambda: screen.sight.chosen == screen.rows.key and settled(screen))
            colours = screen.chart.canvas.fg[4:-4, 8:-4]
            seen.append({colour for colour in map(series_colour, range(3)) if colour in colours})
        assert seen == [{series_colour(0)}, {series_colour(1)}, {series_colour(2)}]


async def test_the_metric_is_chosen_by_its_name(runs: Path, record: Record) -> None:
    made = [record(f"run-{n}").start().train(84) for n in (1, 2)]
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, Pick))
        await pilot.press(*"/[")  # no expression yet: nothing breaks
        await pilot.press("backspace", "backspace", *"val_acc", "enter")
        await until(pilot, lambda: app.screen is screen and screen.sight.metric == "val_accuracy")
        await until(pilot, lambda: "val accuracy" in text_of(app))


async def test_runs_that_have_little_in_common(runs: Path, record: Record) -> None:
    full = record("full").start().train(84)
    fresh = record("fresh")
    fresh.journal.write("state", state="starting", doing="loading data")
    other = recorded(runs, name="other")
    mine = create_watched(runs, "mine", {"width": 3}, name="mine")
    columns = np.dtype([("step", "<i8"), ("time", "<f8"), ("reward", "<f4")])
    with TableWriter(mine / "tables", "metrics", columns) as table:
        table.append(np.array([(s, 1e9 + s, s) for s in range(1, 9)], columns))
    gone = runs / "gone"
    async with workbench(runs, (200, 60)) as (app, pilot):
        paths = (full.paths.root, fresh.paths.root, other, mine, gone, full.paths.root)
        screen = await compared(app, pilot, *paths)
        text = text_of(app)
        assert "no step yet" in text and "has no loss" in text
        assert "there is no run gone" in text and "named twice, shown once" in text
        screen.look(metric="reward")
        await until(pilot, lambda: screen.frame.readings[3].value is not None)
        await press(pilot, screen, "x", "x")
        assert screen.sight.axis == "epoch" and "knows no epochs" in text_of(app)


async def test_a_run_that_is_deleted_meanwhile(runs: Path, record: Record) -> None:
    made = [record(f"run-{n}").start().train(42) for n in (1, 2)]
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        made[0].release()
        shutil.rmtree(made[0].paths.root)
        screen.wake()
        await until(pilot, lambda: "crashed" in text_of(app))
        assert screen.frame.readings[0].value is not None


async def test_twenty_runs_and_one_more(runs: Path) -> None:
    paths = [recorded(runs, name=f"run-{n:02}", steps=20) for n in range(1, 22)]
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *paths)
        assert "20 runs, 1 left out" in text_of(app)
        await pilot.press("G")
        await until(pilot, lambda: "run-20" in text_of(app))
        lines = screen.bench._figure.lines
        assert len({(line.colour, line.dash) for line in lines}) == 20
        await pilot.press("pagedown", "tab", "tab")
        await until(pilot, lambda: "run-21 is left out: 20 runs at most" in text_of(app))


async def test_the_mouse_reads_zooms_and_enlarges(runs: Path, record: Record) -> None:
    made = [record(f"run-{n}").start().train(200) for n in (1, 2)]
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        await pilot.click("#compare-chart", offset=(60, 6))
        await until(pilot, lambda: screen.sight.cursor is not None and settled(screen))
        assert 0 < (screen.sight.cursor or 0) <= 200
        pane = screen.chart
        pane.post_message(pane.Pointed(pane, "zoom", 60, 1))
        await until(pilot, lambda: screen.sight.span is not None)
        pane.post_message(pane.Pointed(pane, "double", 60))
        await until(pilot, lambda: screen.layout_of == "chart")


async def test_other_glyphs_paint_the_chart_anew(runs: Path, record: Record) -> None:
    made = [record(f"run-{n}").start().train(90).end() for n in (1, 2)]
    async with workbench(runs) as (app, pilot):
        screen = await compared(app, pilot, *(one.paths.root for one in made))
        chosen = {command.title: command.callback for command in app.get_system_commands(screen)}
        chosen["glyphs: ascii"]()
        await until(pilot, lambda: text_of(app).isascii())


async def test_marks_in_the_list_lead_here_and_back(runs: Path, record: Record) -> None:
    for name in ("one", "two"):
        record(name).start().train(9)
    async with workbench(runs) as (app, pilot):
        home = app.screen
        assert isinstance(home, PresetsScreen)
        await pilot.press("tab", "c")
        assert "marks runs" in text_of(app)
        await pilot.press("space", "space")
        assert set(home.marked) == {"one", "two"} and text_of(app).count("●") >= 2
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.frame)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("q")
        await until(pilot, lambda: app.screen is home)


@pytest.mark.slow
async def test_a_fork_on_the_bench_is_compared_with_its_parent(runs: Path) -> None:
    parent = recorded(runs, name="parent", state="stopped")
    child = forked(parent, 60, "child", "optim.lr=0.5")
    async with workbench(runs, attach=child) as (app, pilot):
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.frame)
        assert list(app.screen.frame.found.views) == ["parent", "child"]
        assert app.screen.sight.baseline == "parent"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))


async def test_a_run_without_kin_says_so(runs: Path) -> None:
    async with workbench(runs, attach=recorded(runs, name="alone")) as (app, pilot):
        await pilot.press("o")
        await until(pilot, lambda: "no parent and no forks" in text_of(app))
