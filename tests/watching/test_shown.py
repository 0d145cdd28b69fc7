"""A loop's own metrics are drawn."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

import tuiwb
from tests.tui.driving import text_of, until, workbench
from tests.watching.helpers import network
from tuiwb.api import open_run
from tuiwb.base.clock import SystemClock
from tuiwb.base.errors import UserError
from tuiwb.base.format import of
from tuiwb.cli import figures
from tuiwb.cli.commands.control import ctl
from tuiwb.cli.commands.runs import ls
from tuiwb.plots.figure import Figure
from tuiwb.run.view import RunView
from tuiwb.tui.bench import Bench, metric_of
from tuiwb.tui.scene import Sight


def test_metrics_of_the_steps_are_charts(tmp_path: Path) -> None:
    with tuiwb.watch(network(), runs=tmp_path, name="r") as run:
        for i in range(9):
            run.step(loss=1.0, accuracy=i / 10, other=5.0)
    view = open_run(tmp_path / "r")
    figure = figures.FIGURES["metrics"](view)
    assert isinstance(figure, Figure)
    assert [line.name for line in figure.lines] == ["accuracy", "other"]
    assert "metrics" in figures.draw(view, ("metrics",), 80, False, False)
    assert metric_of(view) == "accuracy"
    bench = Bench(tmp_path / "r", SystemClock())
    frame = bench.beat(Sight(), {"metric": (60, 12)}, None)
    assert "train" in frame.canvases["metric"].text()
    bench.close()


def test_an_evaluation_comes_first(tmp_path: Path) -> None:
    with tuiwb.watch(network(), runs=tmp_path, name="r") as run:
        run.step(loss=1.0, accuracy=0.5)
        run.evaluate(loss=1.0, f1=0.5)
    assert metric_of(open_run(tmp_path / "r")) == "val_f1"


def told(folder: Path, **options: Any) -> RunView:
    with tuiwb.watch(network(), runs=folder, name="r", **options) as run:
        for i in range(9):
            run.step(loss=1.0, **{f"m{n}": float(n) for n in range(8)}, accuracy=i / 10)
        run.evaluate(loss=1.0, accuracy=0.5)
    return open_run(folder / "r")


def test_any_metric_is_drawn_by_its_name(tmp_path: Path) -> None:
    view = told(tmp_path)
    assert figures.names("loss, m7,val_accuracy", view) == ("loss", "m7", "val_accuracy")
    assert "m7" in figures.draw(view, ("m7",), 80, False, False)
    assert "the first 6 of 9" in figures.draw(view, ("metrics",), 80, False, False)
    with pytest.raises(UserError, match="unknown plot 'm77'") as error:
        figures.names("m77", view)
    assert error.value.nearest == "m7" and "accuracy" in str(error.value.allowed)


@pytest.mark.parametrize("name", ["accuracy", "train_accuracy", "train/accuracy"])
def test_a_metric_that_is_told_of_both_parts_is_one_chart(tmp_path: Path, name: str) -> None:
    with tuiwb.watch(network(), runs=tmp_path, name="r") as run:
        run.step(loss=1.0, **{name: 0.4})
        run.evaluate(loss=1.0, accuracy=0.5)
    bench = Bench(tmp_path / "r", SystemClock())
    text = bench.beat(Sight(), {"metric": (60, 12)}, None).canvases["metric"].text()
    assert "train" in text and "val" in text
    bench.close()


async def test_keys_of_a_loop_that_is_not_ours(tmp_path: Path) -> None:
    with tuiwb.watch(network(), runs=tmp_path, name="r") as run:
        run.step(loss=1.0)
        run.step(loss=1.0)
        assert run.path is not None
        async with workbench(tmp_path, (80, 24), run.path, SystemClock()) as (app, pilot):
            assert "pause" not in text_of(app) and "X stop" in text_of(app)
            for key in ("space", ".", "t"):
                await pilot.press(key)
                assert "your own: X can ask it to stop" in text_of(app)
            await pilot.press("n")
            assert "start it again where you did" in text_of(app)
            await pilot.press("9")
            await until(pilot, lambda: "takes no pictures" in text_of(app))
            await pilot.press("X")
            await until(pilot, lambda: "stop_requested" in text_of(app))
    assert not [e for e in open_run(tmp_path / "r").events if e["kind"] == "command"]


def test_a_stop_from_the_command_line_says_what_it_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tuiwb.watch(network(), runs=tmp_path, name="r") as run:
        run.step(loss=1.0)
        asked = threading.Thread(
            target=ctl, args=("r", "stop"), kwargs={"runs": tmp_path}, daemon=True
        )
        asked.start()
        while asked.is_alive():
            run.step(loss=1.0)
            time.sleep(0.01)
        assert run.stop_requested
    out, err = capsys.readouterr()
    assert "r  stop at step" in out and "run.stop_requested" in err


def test_how_far_a_loop_is_that_nobody_knows_the_end_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(tmp_path)
    assert of(9, None) == "9" and of(9, 90) == "9/90"
    ls(runs=tmp_path)
    assert "/?" not in capsys.readouterr().out
