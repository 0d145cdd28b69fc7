"""plotext's painter: the same dots, nothing left behind, ASCII where there is only that."""

from __future__ import annotations

import copy

import numpy as np
import plotext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.figures import FIGURES, figures, heat_maps, training
from tuiwb.plots.figure import Figure, HeatMap
from tuiwb.plots.paint import geometry, paint
from tuiwb.plots.static import render


@settings(max_examples=25, deadline=None)
@given(figures(), st.tuples(st.integers(0, 60), st.integers(0, 16)), st.booleans(), st.booleans())
def test_no_figure_raises(
    figure: Figure, size: tuple[int, int], colour: bool, unicode: bool
) -> None:
    text = render(figure, *size, colour=colour, unicode=unicode)
    assert unicode or text.isascii()
    assert colour or "\x1b" not in text


@settings(max_examples=25, deadline=None)
@given(heat_maps(), st.tuples(st.integers(0, 60), st.integers(0, 16)), st.booleans(), st.booleans())
def test_no_heat_map_raises(
    figure: HeatMap, size: tuple[int, int], colour: bool, unicode: bool
) -> None:
    text = render(figure, *size, colour=colour, unicode=unicode)
    assert unicode or text.isascii()
    assert colour or "\x1b" not in text


def test_a_shortened_layer_name_is_ascii_where_the_terminal_is() -> None:
    figure = HeatMap("", ("a-long-layer-name",), np.array([1.0]), np.array([[0.5]]))
    text = render(figure, 20, 6, colour=False, unicode=False)
    assert text.isascii() and "~" in text


def test_plotexts_own_figure_is_left_as_it_was() -> None:
    plotext.clear_figure()
    plotext.plot([1, 2, 3], [4, 5, 6])
    plotext.title("someone else's")
    plotext.plot_size(40, 10)
    active = plotext.active()
    before = copy.deepcopy(active.monitor.__dict__)
    shown = copy.deepcopy(active).build()
    render(training(), 80, 20)
    assert plotext.active() is active
    assert {k: v for k, v in active.monitor.__dict__.items() if k in _PLAIN} == {
        k: v for k, v in before.items() if k in _PLAIN
    }
    assert plotext.build() == shown
    plotext.clear_figure()


_PLAIN = ("title", "x", "y", "marker", "color", "xlim", "ylim", "size", "axes_color")


@pytest.mark.parametrize("name", ["training log", "constant", "one point", "backwards"])
def test_it_lights_the_cells_that_our_own_painter_lights(name: str) -> None:
    figure = FIGURES[name]
    assert isinstance(figure, Figure)
    figure = Figure(figure.title, figure.lines[:1], y_scale=figure.y_scale)
    at = geometry(figure, 70, 16, end_labels=False)
    ours = paint(figure, 70, 16)
    rows = render(figure, 70, 16, colour=False).split("\n")
    for y in range(at.area.top, at.area.axis_row):
        row = rows[y].ljust(70)[at.area.left :]
        assert row == "".join(ours.chars[y, at.area.left :])


def test_the_size_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "8")
    rows = render(training(), 100, 25, colour=False).split("\n")
    assert len(rows) == 25
    assert max(map(len, rows)) > 90


def test_marks_are_said_under_the_plot() -> None:
    assert render(training(), 80, 20, colour=False).endswith(
        "▼ 412 set lr=.05   ▲ 640 f6: 12% dead"
    )
    narrow = render(training(), 24, 12, colour=False).split("\n")[-1]
    assert narrow.startswith("▼ 412 set lr=.05")
    assert narrow.endswith("+1")
