"""The contract of painters: every figure of the gallery, both painters, all sizes; the goldens."""

from __future__ import annotations

import pytest

from tests.plots.figures import FIGURES, GOLDEN, GOLDENS
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.figure import Figure, HeatMap
from tuiwb.plots.glyphs import GLYPH_SETS, GlyphSet
from tuiwb.plots.heatmap import paint_heatmap
from tuiwb.plots.paint import paint
from tuiwb.plots.static import render

SIZES = [(1, 1), (12, 3), (20, 5), (40, 12), (80, 20), (200, 60)]


def live(figure: Figure | HeatMap, width: int, height: int, glyphs: GlyphSet) -> Canvas:
    if isinstance(figure, HeatMap):
        return paint_heatmap(figure, width, height, glyphs, colour=False)
    return paint(figure, width, height, glyphs)


@pytest.mark.parametrize("name", FIGURES)
def test_both_painters_show_the_same_figures(name: str) -> None:
    figure = FIGURES[name]
    for width, height in SIZES:
        for glyphs in GLYPH_SETS:
            canvas = live(figure, width, height, glyphs)
            assert canvas.chars.shape == (height, width)
        if width > 80:
            continue  # plotext takes its time, and learns nothing new there
        for unicode in (True, False):
            rows = render(figure, width, height, colour=False, unicode=unicode).split("\n")
            assert len(rows) == height
            assert max(map(len, rows)) <= width


@pytest.mark.parametrize("name", FIGURES)
def test_both_painters_say_the_same_in_the_title(name: str) -> None:
    """Counts of what could not be drawn must not depend on who draws."""
    figure = FIGURES[name]
    if figure.cursor is not None:
        return
    ours = live(figure, 80, 20, "braille").text().split("\n")[0]
    theirs = render(figure, 80, 20, colour=False).split("\n")[0]
    for word in ("non-finite", "dropped", "infinite", "zero", "log"):
        assert (word in ours) == (word in theirs)


@pytest.mark.parametrize("name", FIGURES)
def test_both_painters_are_empty_together(name: str) -> None:
    figure = FIGURES[name]
    ours = live(figure, 80, 20, "braille").text()
    theirs = render(figure, 80, 20, colour=False)
    for text in (figure.empty, "no finite value yet"):
        assert (text in ours) == (text in theirs)


@pytest.mark.parametrize("name", GOLDEN)
def test_goldens(name: str) -> None:
    """Frames as they are meant to look; `python -m tests.plots.figures` writes them anew."""
    expected = (GOLDENS / f"{name}.txt").read_text(encoding="utf-8")
    assert GOLDEN[name]() + "\n" == expected


def test_no_golden_is_left_behind() -> None:
    assert {path.stem for path in GOLDENS.glob("*.txt")} == set(GOLDEN)
