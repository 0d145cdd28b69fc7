"""The curve of a range test: its fall fills the plot, whatever explodes behind it."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.paint import geometry, paint
from tuiwb.plots.rates import range_figure
from tuiwb.plots.static import render

RATES = np.logspace(-6, 1, 100)
LOSSES = np.where(RATES < 0.1, 2 - 0.25 * (np.log10(RATES) + 6), 1e9)


def test_an_explosion_does_not_flatten_the_fall() -> None:
    figure = range_figure("loss", RATES, LOSSES, LOSSES, {"valley": 1e-2}, (1e-6, 10.0))
    at = geometry(figure, 100, 20)
    top, foot = (at.area.row(value, at.y) for value in (2.0, 0.8))
    assert top is not None and foot is not None and foot - top > at.area.height // 2
    assert (at.x.low, at.x.high, at.x.log) == (1e-6, 10.0, True)


def test_the_marks_are_named_by_both_painters() -> None:
    marks = {"valley": 1e-2, "steep": 1e-4}
    figure = range_figure("loss", RATES, LOSSES, LOSSES, marks, (1e-6, 10.0))
    for text in (paint(figure, 100, 20).text(), render(figure, 100, 20, colour=False)):
        assert "valley" in text and "steep" in text and "1e-4" in text


def test_one_that_is_chosen_has_the_only_guide() -> None:
    marks = {"valley": 1e-2, "steep": 1.1e-2}
    for name, other in (("valley", "steep"), ("steep", "valley")):
        figure = range_figure("loss", RATES, LOSSES, LOSSES, marks, (1e-6, 10.0), chosen=name)
        text = paint(figure, 100, 20).text()
        assert f"╎{name}" in text and other not in text


def test_nothing_yet_and_nothing_finite_say_so() -> None:
    for values in ([], [np.nan], [1.0], [2.0, 2.0, 2.0]):
        figure = range_figure("loss", RATES[: len(values)], values, values, {}, (1e-6, 10.0))
        assert paint(figure, 60, 12).text()
    assert (
        "wait" in paint(range_figure("loss", [], [], [], {}, (1e-6, 10.0), "wait"), 60, 12).text()
    )
