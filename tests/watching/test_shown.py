"""A loop's own metrics are drawn."""

from __future__ import annotations

from pathlib import Path

import tuiwb
from tests.watching.helpers import network
from tuiwb.api import open_run
from tuiwb.base.clock import SystemClock
from tuiwb.cli import figures
from tuiwb.plots.figure import Figure
from tuiwb.tui.bench import Bench, Sight, metric_of


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
