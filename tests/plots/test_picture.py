"""Pictures: as large as fits, pixels where they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.figures import glyph_sets, ring
from tuiwb.plots.figure import Picture
from tuiwb.plots.palette import QUIET
from tuiwb.plots.picture import paint_picture

shapes = st.one_of(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from([0, 1, 3, 4, 5])),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.just(()),
)


@settings(max_examples=80)
@given(
    shapes,
    st.tuples(st.integers(-1, 60), st.integers(-1, 24)),
    glyph_sets,
    st.booleans(),
    st.text(),
)
def test_no_shape_of_input_raises(
    shape: tuple[int, ...], size: tuple[int, int], glyphs: str, colour: bool, title: str
) -> None:
    pixels = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(np.uint8)
    canvas = paint_picture(Picture(title, pixels), *size, glyphs, colour)  # type: ignore[arg-type]
    assert canvas.chars.shape == (max(0, size[1]), max(0, size[0]))
    if glyphs == "ascii":
        assert canvas.text().isascii()
    if not colour:
        assert np.isin(canvas.fg, (-1, QUIET)).all()
        assert (canvas.bg == -1).all()


def test_two_pixels_a_cell_one_above_the_other() -> None:
    pixels = np.array([[[255, 0, 0], [0, 0, 255]], [[0, 255, 0], [0, 0, 255]]], np.uint8)
    canvas = paint_picture(Picture("", pixels), 2, 1)
    assert canvas.chars[0, 0] == "▀"
    assert (canvas.fg[0, 0], canvas.bg[0, 0]) == (0xFF0000, 0x00FF00)
    assert (canvas.chars[0, 1], canvas.bg[0, 1]) == (" ", 0x0000FF)


def test_small_pictures_grow_by_whole_factors_and_keep_their_shape() -> None:
    canvas = paint_picture(Picture("x", np.full((4, 8, 3), 200, np.uint8)), 30, 20)
    lit = canvas.bg == 0xC8C8C8
    assert lit.any(axis=0).sum() == 24
    assert lit.any(axis=1).sum() == 6


def test_large_pictures_are_averaged() -> None:
    checks = (np.indices((200, 200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    canvas = paint_picture(Picture("", checks), 50, 25)
    assert set(canvas.bg.ravel().tolist()) == {0x808080}


@pytest.mark.parametrize("pixels", [np.empty((0, 0, 3), np.uint8), np.zeros(7, np.uint8)])
def test_no_picture_yet_says_so(pixels: np.ndarray) -> None:
    canvas = paint_picture(Picture("filters", pixels, empty="after step 100"), 40, 10)
    assert "after step 100" in canvas.text()


def test_without_colour_bright_is_dense() -> None:
    text = paint_picture(ring(), 40, 16, colour=False).text()
    assert "█" in text
    assert "░" in text
