"""Stored pictures on canvases: nothing that a file holds raises, and what is shown is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.plots.figures import glyph_sets
from tests.plots.pictures import GALLERY, KINDS, strange
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.glyphs import GLYPH_SETS
from tuiwb.plots.palette import QUIET
from tuiwb.plots.pictures.trials import BEST
from tuiwb.plots.show import paint, painters

REFUSED = "this picture cannot be shown"


def shown(name: str, width: int = 60, height: int = 16, **look: Any) -> Canvas:
    kind, arrays = GALLERY[name]
    return paint(kind, arrays, width, height, **look)


def test_every_file_of_the_folder_is_a_kind() -> None:
    assert tuple(painters()) == KINDS
    assert {kind for kind, _ in GALLERY.values()} == set(KINDS)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    strange(),
    st.tuples(st.integers(-1, 70), st.integers(-1, 24)),
    glyph_sets,
    st.booleans(),
    st.booleans(),
    st.text(max_size=40),
    st.sampled_from([1, 3]),
)
def test_no_content_raises(
    picture: tuple[str, dict[str, Any]],
    size: tuple[int, int],
    glyphs: str,
    colour: bool,
    discretise: bool,
    words: str,
    fine: int,
) -> None:
    kind, arrays = picture
    canvas = paint(  # type: ignore[arg-type]
        kind, arrays, *size, glyphs, colour, words, words, discretise=discretise, fine=fine
    )
    assert canvas.chars.shape == (max(0, size[1]), max(0, size[0]))
    assert "\x1b" not in canvas.text()
    if glyphs == "ascii":
        assert canvas.text().isascii()


@pytest.mark.parametrize("name", GALLERY)
@pytest.mark.parametrize("glyphs", GLYPH_SETS)
def test_every_size_is_kept_and_something_is_shown(name: str, glyphs: Any) -> None:
    for width, height in [(1, 1), (5, 2), (20, 5), (40, 10), (80, 24), (200, 60)]:
        for colour in (True, False):
            canvas = shown(name, width, height, glyphs=glyphs, colour=colour)
            assert canvas.chars.shape == (height, width)
            if width >= 20:
                assert REFUSED not in canvas.text()
                assert canvas.text().strip() or (canvas.bg >= 0).any()


@pytest.mark.parametrize("name", GALLERY)
def test_without_colour_there_is_none(name: str) -> None:
    canvas = shown(name, colour=False)
    assert (canvas.bg == -1).all()
    assert name in ("lines", "scatter") or np.isin(canvas.fg, (-1, QUIET)).all()


@pytest.mark.parametrize(
    ("kind", "arrays", "words"),
    [
        ("images", {}, "it has no images"),
        ("images", {"images": np.zeros((2, 3))}, "images has the shape [2, 3], not [N, H, W]"),
        ("images", {"images": np.zeros((2, 3, 3, 4))}, "not [N, H, W, 3]"),
        ("images", {"images": np.zeros((0, 3, 3))}, "images is empty"),
        ("matrix", {"values": np.array([["a"]])}, "values holds str32, not numbers"),
        ("scatter", {"points": np.zeros((9, 3))}, "points has the shape [9, 3], not [N, 2]"),
        ("scatter", {"points": np.zeros((2, 2)), "groups": np.zeros(3, int)}, "groups has the"),
        ("lines", {"x": np.zeros(3), "values": np.zeros((1, 4))}, "4 places for 3 x"),
        ("boundary", GALLERY["boundary"][1] | {"extent": np.zeros(4)}, "extent is no rectangle"),
        ("text", {"text": np.zeros(3)}, "text holds float64, not text"),
    ],
)
def test_what_is_wrong_is_said(kind: str, arrays: dict[str, Any], words: str) -> None:
    text = " ".join(paint(kind, arrays, 100, 9).text().split())
    assert f"{REFUSED}: " in text
    assert words in text


def test_an_unknown_kind_is_named() -> None:
    assert "kind 'hologram'" in paint("hologram", {}, 60, 5).text()


def test_title_words_and_note_share_the_row_or_take_two() -> None:
    kind, arrays = GALLERY["images"]
    one = paint(kind, arrays, 60, 12, title="filters", words="8 of 8x8").text().split("\n")
    assert one[0] == "filters  8 of 8x8"
    two = paint(kind, arrays, 20, 12, title="filters", words="8 of 8x8, all large").text()
    assert two.split("\n")[:2] == ["filters  4 of 8 shown", "8 of 8x8, all large"] or (
        "all large" in two.split("\n")[1]
    )


def test_images_keep_their_pixels_rows_and_gaps() -> None:
    images = np.zeros((4, 2, 2), np.float32)
    images[:, 0, 0] = 1
    canvas = paint("images", {"images": images, "columns": np.asarray(2)}, 5, 4)
    assert canvas.text().split("\n")[0] == "▀  ▀"
    assert canvas.fg[0, 0] == 0xFFFFFF and canvas.bg[0, 0] == 0
    assert (canvas.bg[:, 2] == -1).all() and (canvas.bg[1] == -1).all(), "gaps are left open"


@pytest.mark.parametrize("name", ["images", "boundary"])
@pytest.mark.parametrize("fine", [2, 3, 10])
def test_what_a_terminal_shows_as_images_stands_in_half_blocks_too(name: str, fine: int) -> None:
    for width, height in [(1, 1), (5, 3), (31, 9), (60, 16), (90, 30)]:
        canvas = shown(name, width, height, title="t", fine=fine)
        taken = np.zeros((canvas.height, canvas.width), bool)
        for patch in canvas.patches:
            place = (
                slice(patch.top, patch.top + patch.rows),
                slice(patch.left, patch.left + patch.columns),
            )
            assert patch.pixels.shape == (2 * fine * patch.rows, fine * patch.columns)
            assert taken[place].shape == (patch.rows, patch.columns) and not taken[place].any()
            taken[place] = True
            assert (canvas.bg[place] >= 0).any()
        assert canvas.patches or width < 31
    assert not shown(name, fine=fine, colour=False).patches
    assert not shown(name, fine=fine, glyphs="ascii").patches


def test_finer_pixels_show_more_images() -> None:
    images = {"images": np.ones((64, 8, 8), np.float32)}
    assert "15 of 64 shown" in paint("images", images, 46, 16, title="t").text()
    assert "of 64" not in paint("images", images, 46, 16, title="t", fine=10).text()


def test_images_that_would_be_too_small_are_left_out_and_counted() -> None:
    images = np.ones((400, 28, 28), np.float32)
    canvas = paint("images", {"images": images}, 40, 12, title="samples")
    assert "of 400 shown" in canvas.text()


def test_numbers_stand_in_the_cells_where_they_fit() -> None:
    wide, narrow = shown("matrix", 60, 16).text(), shown("matrix", 20, 7).text()
    assert all(number in wide for number in ("46", "44", "41", "45"))
    assert "a long name" not in narrow and "46" in narrow
    assert "46" not in shown("matrix", 14, 3).text()


def test_a_matrix_with_both_signs_has_its_middle_at_zero() -> None:
    values = np.array([[-1.0, 0.0, 4.0]])
    canvas = paint("matrix", {"values": values}, 12, 3)
    pale = canvas.bg[1][canvas.bg[1] >= 0]
    assert len(set(pale.tolist())) == 3
    assert 0xE8EAEB in pale


@given(st.integers(0, 29), st.integers(0, 29), st.booleans())
def test_a_single_cell_of_a_large_matrix_is_seen(row: int, column: int, colour: bool) -> None:
    values = np.zeros((30, 30))
    values[row, column] = 1
    canvas = paint("matrix", {"values": values}, 20, 10, colour=colour)
    calm = paint(
        "matrix", {"values": np.zeros((30, 30)) + np.eye(30)[0] * 0}, 20, 10, colour=colour
    )
    assert (canvas.codes != calm.codes).any() or (canvas.bg != calm.bg).any()


def test_groups_differ_by_colour_and_without_it_by_sign() -> None:
    canvas = shown("scatter")
    assert {0x56B4E9, 0xE69F00} <= set(canvas.fg.ravel().tolist())
    text = shown("scatter", colour=False).text()
    assert "o inner  x outer" in text
    assert text.count("x") > 10


@given(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8))
def test_every_point_lights_its_cell(x: float, y: float) -> None:
    arrays = {"points": np.array([[x, y], [-1, -1], [1, 1]]), "groups": np.array([1, 0, 0])}
    canvas = paint("scatter", arrays, 40, 12, "ascii")
    assert "x" in canvas.text().rsplit("\n", 1)[0]


def test_a_boundary_is_orange_and_blue_and_shows_its_samples() -> None:
    canvas = shown("boundary", 80, 16)
    colours = set(canvas.bg.ravel().tolist()) | set(canvas.fg.ravel().tolist())
    assert {0xF59322, 0xA63D00, 0x0B3C6B} <= colours
    assert "layer 1, unit 1" in canvas.text()


def test_discretise_leaves_two_colours() -> None:
    plain, discrete = shown("boundary", 20, 10), shown("boundary", 20, 10, discretise=True)
    ours, both = (
        set(c.bg.ravel().tolist()) | set(c.fg.ravel().tolist()) for c in (plain, discrete)
    )
    assert len(ours) > 6
    assert both - {-1, QUIET, 0xA63D00, 0x0B3C6B} == {0xF59322, 0x0877BD}


def test_samples_do_not_cover_the_map() -> None:
    kind, arrays = GALLERY["boundary"]
    rng = np.random.default_rng(0)
    crowd = arrays | {"points": rng.uniform(-1, 1, (5000, 2)), "labels": np.zeros(5000, int)}
    canvas = paint(kind, crowd, 30, 10, title="boundary")
    assert "of 5000 samples" in canvas.text()
    dark = (canvas.fg == 0xA63D00).sum() + (canvas.bg == 0xA63D00).sum()
    assert dark < 0.3 * 300


def test_axes_have_their_names_and_ends() -> None:
    kind, arrays = GALLERY["boundary"]
    named = arrays | {"axes": np.array(["petal\x1b length", "petal width"]),
                      "extent": np.array([1.0, 6.9, 0.1, 2.5])}  # fmt: skip
    rows = paint(kind, named, 100, 20, title="boundary").text().split("\n")
    assert "petal width 0.1 to 2.5 upwards" in rows[0] + rows[1]
    assert "length 1 to 6.9 across" in "\n".join(rows[2:]) and "\x1b" not in "".join(rows)
    for height in range(1, 12):
        assert len(paint(kind, named, 30, height, title="boundary").text().split("\n")) == height


def test_bars_are_as_long_as_their_values() -> None:
    arrays = {"values": np.array([1.0, 2, 4]), "names": np.array(["a", "b", "c"])}
    rows = paint("bars", arrays, 50, 3, "ascii").text().split("\n")
    lengths = [row.count("#") for row in rows]
    assert lengths[2] == 2 * lengths[1] == 4 * lengths[0] > 0
    many = paint("bars", {"values": np.arange(50.0)}, 40, 6, title="t").text()
    assert "and 46 more" in many


def test_text_is_broken_and_harmless() -> None:
    text = shown("text", 30, 8).text()
    assert "which is longer" in text and "and this one" in text
    assert shown("text", 30, 2).text().endswith("…")


def test_no_picture_takes_long_to_refuse() -> None:
    """Names without bytes or a hundred thousand of them: what is not shown is not gone through."""
    names = np.array(["x"] * 100_000)
    arrays = {"values": np.ones((2, 2)), "rows": names, "columns": names}
    assert "x" in paint("matrix", arrays, 40, 10).text()


def test_the_best_trial_s_line_lies_on_top_and_ends_at_the_metric_s_good_end() -> None:
    canvas = shown("parallel", 60, 15)
    best = canvas.fg == BEST
    assert best.any(axis=0).all(), "from the first axis to the last"
    assert np.flatnonzero(best[:, -1]).max() == 13, "the lowest row above the labels is the best"
    text = canvas.text()
    for word in ("optim.lr", "model.width", "init.name", "val_loss", "xavier", "he"):
        assert word in text
    all_good = GALLERY["parallel"][1] | {"values": np.arange(12.0)}
    assert "2 of 3 knobs" in paint("parallel", all_good, 30, 12, title="t").text()


def test_a_slice_has_every_trial_that_has_a_result() -> None:
    text = shown("slices", 72, 40, glyphs="ascii").text()
    assert text.count("#") == 3 and text.count("o") > 3 * 8
    assert "1 without a result" in paint("slices", GALLERY["slices"][1], 72, 20, title="t").text()


def test_a_map_is_bright_where_trials_are_good() -> None:
    shades = [
        line[-30:]
        for line in shown("contour", 40, 20, glyphs="ascii", colour=False).text().split("\n")
    ]
    assert any("#" in line for line in shades)
    good = paint(
        "contour", GALLERY["contour"][1] | {"falling": np.asarray(0)}, 40, 20, "ascii", False
    )
    assert good.text() != "\n".join(shades), "where less is better the map is turned round"
