"""Layers in numbers, one layer, the machine: on recorded runs, at several sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from tests.tui.driving import text_of, until, workbench
from tests.tui.layered import count, look_inside, with_gpus
from tests.tui.recorder import Recorder
from tuiwb.base.clock import FrozenClock
from tuiwb.tui.app import Workbench
from tuiwb.tui.ledger import Ledger, Order
from tuiwb.tui.scene import Sight
from tuiwb.tui.screens.following import Following
from tuiwb.tui.screens.layer import LayerScreen
from tuiwb.tui.screens.layers import LayersScreen
from tuiwb.tui.screens.machine import MachineScreen

Record = Callable[..., Recorder]


async def opened(app: Workbench, pilot: Pilot[None], key: str, kind: type) -> Following:
    """Press a key that opens a screen, and wait until that shows the run."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, kind) and app.screen.frame is not None)  # type: ignore[attr-defined]
    assert isinstance(app.screen, Following)
    return app.screen


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (80, 24), (50, 15)])
async def test_layers_from_the_list_to_one_and_back(
    runs: Path, record: Record, size: tuple[int, int]
) -> None:
    made = count(look_inside(record().start().train(100).find(), 100), 100).end()
    async with workbench(runs, size, made.paths.root, made.clock) as (app, pilot):
        screen = await opened(app, pilot, "L", LayersScreen)
        assert isinstance(screen, LayersScreen)
        await until(pilot, lambda: "█" in text_of(app) or "▄" in text_of(app))
        text = text_of(app)
        assert "layers 7" in text and "▲" in text
        assert sum("con" in line for line in text.split("\n")) >= 3
        await pilot.press("s")  # by the gradient norm: largest first, layers without one last
        assert screen.chosen[:4] == [0, 2, 4, 6]
        await pilot.press("s")
        assert screen.chosen[:4] == [6, 4, 2, 0]
        await pilot.press("s")
        assert screen.chosen == list(range(7))
        await pilot.press("slash", *"!act*", "enter")
        assert screen.chosen == [0, 2, 4, 6]

        await pilot.press("escape", "home")
        one = await opened(app, pilot, "enter", LayerScreen)
        await until(pilot, lambda: "median" in text_of(app) or size[0] < 60)
        assert "blocks.0.convolution" in text_of(app)
        await pilot.press("n")
        await until(pilot, lambda: "blocks.0.activation" in text_of(app))
        assert isinstance(one, LayerScreen) and one.row == 1
        await pilot.press("q", "q")
        await until(pilot, lambda: app.screen.CONTEXT == "run")  # type: ignore[attr-defined]


async def test_a_filter_is_a_glob_an_expression_or_a_no(runs: Path, record: Record) -> None:
    made = look_inside(record().start().train(40), 40).end()
    ledger = Ledger(made.paths.root, FrozenClock(made.clock.now()))
    ledger.beat(Sight(), {"grad_norm": (8, 1)}, None)
    ledger.close()
    sheet = ledger.sheet
    assert sheet.order(Order(), "*conv*") == [0, 2, 4]
    assert sheet.order(Order(), "/blocks\\.[01]/") == [0, 1, 2, 3]
    assert sheet.order(Order(), "!relu !head") == [0, 2, 4]
    assert sheet.order(Order("parameters"), "conv linear") == [4, 2, 6, 0]
    at, values = sheet.curves["grad_norm"]
    assert len(values) == 7 and len(at) == 10 and np.isnan(values[1]).all()


@pytest.mark.slow
async def test_the_cursor_reads_the_same_step_on_all_panes(runs: Path, record: Record) -> None:
    made = count(look_inside(record().start().train(100), 100), 100).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await opened(app, pilot, "L", LayersScreen)
        await opened(app, pilot, "enter", LayerScreen)

        def panes() -> str:
            """All but the first line, which says that the run finished at a step."""
            return text_of(app).partition("\n")[2]

        await pilot.press("c", "left", "left")
        await until(pilot, lambda: panes().count("at step") >= 5)
        before = panes()
        await pilot.press("y")
        await until(pilot, lambda: panes() != before)
        await pilot.press("escape")
        await until(pilot, lambda: "at step" not in panes())


async def test_the_heat_map_goes_through_the_figures(runs: Path, record: Record) -> None:
    made = look_inside(record().start().train(60), 60).end()
    async with workbench(runs, (120, 40), made.paths.root, made.clock) as (app, pilot):
        await pilot.press("5", "v")
        await until(pilot, lambda: "update ratio by layer" in text_of(app))
        screen = await opened(app, pilot, "L", LayersScreen)
        assert isinstance(screen, LayersScreen) and screen.column == "update_ratio"


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (80, 24), (50, 15)])
async def test_the_machine_with_and_without_a_gpu(
    runs: Path, record: Record, size: tuple[int, int]
) -> None:
    made = record().start().train(60)
    made.paths.log.write_text("\x1b[31mwarning\x1b[0m: slow\r100 %\n")
    made.end()
    async with workbench(runs, size, made.paths.root, made.clock) as (app, pilot):
        screen = await opened(app, pilot, "G", MachineScreen)
        assert isinstance(screen, MachineScreen) and not screen.gpu
        assert "GPU" not in text_of(app)
    with_gpus(made, 30)
    async with workbench(runs, size, made.paths.root, made.clock) as (app, pilot):
        screen = await opened(app, pilot, "G", MachineScreen)
        await until(pilot, lambda: screen.gpu)  # type: ignore[attr-defined]
        seen = ""
        for number in range(1, 10):  # where few columns are, only the pane in view has its name
            await pilot.press(str(number))
            await pilot.pause()
            seen += text_of(app)
        await until(pilot, lambda: "100 %" in text_of(app))
        assert "GPU" in seen and "\x1b" not in seen + text_of(app)


async def test_two_thousand_layers_are_listed_a_page_at_a_time(
    runs: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tuiwb.tui import sheet

    made = look_inside(record().start().train(9), 9, layers=2000).end()
    drawn: list[int] = []
    line = sheet.line
    monkeypatch.setattr(sheet, "line", lambda s, p, layer: drawn.append(layer) or line(s, p, layer))
    async with workbench(runs, (80, 24), made.paths.root, made.clock) as (app, pilot):
        await opened(app, pilot, "L", LayersScreen)
        await until(pilot, lambda: "layers 2000" in text_of(app) and "more" in text_of(app))
        assert len(set(drawn)) < 60
        await pilot.press("G")
        await until(pilot, lambda: "499" in text_of(app))
        assert len(set(drawn)) < 120
