"""Line charts: what must be on the screen, whatever the data, at every size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plots.figures import apply, broken, figures, glyph_sets, many, sizes, training
from tuiwb.plots.domain import fit
from tuiwb.plots.figure import Figure, Line, Mark
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.paint import geometry, paint
from tuiwb.plots.palette import LOST
from tuiwb.plots.static import render

numbers = st.floats(-1e6, 1e6)


@given(
    st.lists(st.tuples(numbers, numbers | st.just(float("nan"))), min_size=1, max_size=30),
    sizes,
    glyph_sets,
)
def test_every_finite_sample_lights_its_cell(
    points: list[tuple[float, float]], size: tuple[int, int], glyphs: str
) -> None:
    x, y = np.array(sorted(points, key=lambda point: point[0])).T
    figure = Figure("loss", (Line("loss", x, y),))
    canvas = paint(figure, *size, glyphs)  # type: ignore[arg-type]
    at = geometry(figure, *size)
    for px, py in zip(x, y, strict=True):
        column, row = at.area.column(px, at.x), at.area.row(py, at.y)
        if column is None or row is None or not np.isfinite(py):
            continue
        # A cell has several dots: the sample's is in this cell or the next by rounding.
        near = canvas.chars[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        assert (near != " ").any()
        if glyphs == "ascii":
            assert canvas.chars[row, column] == "*"


@pytest.mark.parametrize("height", range(2, 12))
def test_a_sample_half_way_between_two_rows_is_where_its_tick_is(height: int) -> None:
    figure = Figure("loss", (Line("loss", [0.0], [0.0]),))
    at = geometry(figure, 9, height)
    row, column = at.area.row(0.0, at.y), at.area.column(0.0, at.x)
    assert paint(figure, 9, height, "ascii").chars[row, column] == "*"


@given(st.lists(numbers, min_size=1, max_size=30), sizes)
def test_nan_lights_nothing(x: list[float], size: tuple[int, int]) -> None:
    figure = Figure("loss", (Line("loss", x, [float("nan")] * len(x)),), empty="later")
    canvas = paint(figure, *size)
    assert not ((canvas.codes >= 0x2800) & (canvas.codes < 0x2900)).any()


@pytest.mark.slow
@settings(max_examples=200)
@given(figures(), st.tuples(st.integers(-1, 70), st.integers(-1, 24)), glyph_sets)
def test_no_shape_of_input_raises(figure: Figure, size: tuple[int, int], glyphs: str) -> None:
    canvas = paint(figure, *size, glyphs)  # type: ignore[arg-type]
    assert canvas.chars.shape == (max(0, size[1]), max(0, size[0]))
    assert (canvas.codes >= 32).all()
    if glyphs == "ascii":
        assert canvas.text().isascii()


@settings(max_examples=50)
@given(figures(), figures(), st.tuples(st.integers(1, 60), st.integers(1, 20)))
def test_changed_spans_carry_one_frame_into_another(
    first: Figure, second: Figure, size: tuple[int, int]
) -> None:
    old, new = paint(first, *size), paint(second, *size)
    apply(new.changed_spans(old), new, old)
    assert old.text() == new.text()
    assert old.ansi() == new.ansi()


def test_a_lost_sample_is_counted_marked_and_a_gap() -> None:
    figure = broken()
    canvas = paint(figure, 60, 12)
    at = geometry(figure, 60, 12)
    assert f"{LOST} 5 non-finite" in canvas.text().split("\n")[0]
    column = at.area.column(82, at.x)
    gap = at.area.column(43, at.x)
    assert column is not None
    assert gap is not None
    axis = canvas.chars[at.area.axis_row]
    assert LOST in axis[column - 1 : column + 1]
    assert (canvas.chars[at.area.top : at.area.axis_row, gap] == " ").all()


def test_counts_of_a_bucket_are_marked_where_they_are() -> None:
    x = np.arange(1.0, 11)
    counts = [0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
    figure = Figure("loss", (Line("loss", x, x, nonfinite=counts),))
    canvas = paint(figure, 60, 12)
    at = geometry(figure, 60, 12)
    assert f"{LOST} 3 non-finite" in canvas.text()
    assert canvas.chars[at.area.axis_row, at.area.column(3, at.x)] == LOST
    # With counts, a NaN only means that nothing was measured there.
    quiet = Figure("loss", (Line("loss", x, np.where(x == 5, np.nan, x), nonfinite=[0] * 10),))
    assert "non-finite" not in paint(quiet, 60, 12).text()


def test_log_scale_drops_what_it_cannot_show_and_says_so() -> None:
    figure = Figure("loss", (Line("loss", [1, 2, 3, 4], [-1, 0, 1, 10]),), y_scale="log")
    assert "2 dropped (<= 0)" in paint(figure, 60, 12).text()


def test_every_decade_is_as_wide_as_the_next_on_a_log_axis_of_x() -> None:
    x = 10.0 ** np.arange(-6, 2)
    figure = Figure("loss", (Line("loss", x, x),), x_scale="log")
    at = geometry(figure, 82, 12)
    columns = [at.area.column(value, at.x) for value in x]
    assert columns[0] == at.area.left
    assert columns[-1] == at.area.left + at.area.width - 1
    assert {b - a for a, b in pairwise(columns)} <= {10, 11}  # type: ignore[operator]
    for column in range(at.area.left, at.area.left + at.area.width):
        assert at.area.column(at.area.x_at(column, at.x), at.x) == column
    assert "1e-4" in paint(figure, 82, 12).text().split("\n")[-1]


def test_what_a_log_axis_of_x_cannot_show_is_counted() -> None:
    figure = Figure("loss", (Line("loss", [-1, 0, 1, 10], [1, 2, 3, 4]),), x_scale="log")
    text = paint(figure, 60, 12).text()
    assert "2 dropped (<= 0)" in text
    assert "no data" not in text


def test_marks_stand_on_the_axis_with_guide_and_label() -> None:
    canvas = paint(training(), 80, 20)
    at = geometry(training(), 80, 20)
    for mark, glyph in zip(training().marks, "◆▼▲", strict=True):
        column = at.area.column(mark.x, at.x)
        assert canvas.chars[at.area.axis_row, column] == glyph
    text = canvas.text()
    assert "╎set lr=.05" in text
    assert "╎f6: 12% dead" in text


def test_the_graver_mark_wins_a_shared_column() -> None:
    figure = training(marks=(Mark(500, "finding"), Mark(500, "checkpoint")))
    assert "▲" in paint(figure, 80, 20).text()
    assert "◆" not in paint(figure, 80, 20).text()


def test_the_cursor_reads_every_series_and_shows_where_it_is() -> None:
    canvas = paint(training(cursor=500.0), 80, 16)
    rows = canvas.text().split("\n")
    assert rows[0].startswith("loss  at step 500")
    assert "0.3402 0.2722..0.4422" in rows[0]
    assert "0.6415" in rows[0]
    assert " 500 " in rows[-1]
    assert any("│" in row[7:70] for row in rows[1:14])


def test_series_are_told_apart_without_colour() -> None:
    text = paint(many(), 70, 14).text().split("\n")
    for i in range(4):
        assert f"━ layer{i}" in text[1]
        assert any(row.rstrip().endswith(f"layer{i}") for row in text[2:])
    ascii_text = paint(many(), 70, 14, "ascii").text()
    for sign in "*+ox":
        assert sign in ascii_text


def test_end_labels_keep_the_order_of_the_lines() -> None:
    rows = paint(many(), 70, 14).text().split("\n")[2:]
    labels = [row.split()[-1] for row in rows if row.rstrip()[-1:].isdigit() and "layer" in row]
    assert labels == ["layer3", "layer2", "layer1", "layer0"]


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 20), (200, 60)])
def test_the_empty_state_is_said_in_the_middle(size: tuple[int, int]) -> None:
    canvas = paint(Figure("loss", empty="after step 1"), *size)
    rows = canvas.text().split("\n")
    (y,) = [i for i, row in enumerate(rows) if "after step 1" in row]
    assert abs(y - (size[1]) / 2) <= 1
    assert abs(rows[y].index("after") + 6 - size[0] / 2) <= 1


def test_following_a_run_changes_few_cells() -> None:
    """What the wire carries: with limits that hold still, a frame differs in a few columns."""
    x = np.arange(1.0, 2001)
    loss = 0.3 + 2 * np.exp(-x / 300) + np.random.default_rng(0).normal(0, 0.05, 2000)
    previous, before, changed = None, None, []
    for step in range(1000, 2000, 12):
        line = Line("train", x[:step], loss[:step])
        figure = fit(Figure("loss", (line,), x_range=(0, 2000)), previous)
        canvas = paint(figure, 80, 20)
        if before is not None:
            spans = canvas.changed_spans(before)
            changed.append(sum(stop - start for _, start, stop in spans))
        previous, before = figure, canvas
    assert np.median(changed) <= 20
    assert max(changed) <= 60


def test_geometry_finds_a_column_and_the_way_back() -> None:
    at = geometry(training(), 80, 20)
    for column in range(at.area.left, at.area.left + at.area.width):
        assert at.area.column(at.area.x_at(column, at.x), at.x) == column


def test_broken_lines_and_tags_tell_curves_apart_without_colour() -> None:
    x = np.arange(100.0)
    lines = [Line(f"run {i}", x, x + 3 * i, tag=str(i + 1), dash=i % 3) for i in range(20)]
    for height in (12, 40):
        rows = paint(Figure("loss", tuple(lines), legend=False), 90, height).text().splitlines()
        ends = " ".join(row[-9:] for row in rows).split()
        assert {str(i + 1) for i in range(20)} <= set(ends), height
    whole, dashed = (paint(Figure("", (Line("a", x, x, dash=d),)), 80, 20).text() for d in (0, 1))
    assert 0 < _lit(dashed) < _lit(whole)


def _lit(text: str) -> int:
    return sum("\u2800" < char <= "\u28ff" for char in text)


def test_without_a_legend_the_title_row_holds_the_title_alone() -> None:
    figure = Figure("loss", (Line("a", [0, 1], [0, 1]), Line("b", [0, 1], [1, 0])), legend=False)
    assert paint(figure, 80, 12).text().splitlines()[0] == "loss"


@pytest.mark.parametrize("glyphs", ["braille", "ascii"])
def test_what_is_to_be_done_to_the_labels_is_seen(glyphs: GlyphSet) -> None:
    rates = np.linspace(0.002, 0.0019985, 50)
    figure = Figure("learning rate", (Line("lr", np.arange(50.0), rates),))
    times = "x" if glyphs == "ascii" else "\u00d7"
    for width in (40, 48, 80):
        for text in (
            paint(figure, width, 12, glyphs).text(),
            render(figure, width, 12, colour=False, unicode=glyphs != "ascii"),
        ):
            axis = text.split("\n")[-2]
            assert axis.startswith(f"{times}1e-3") or axis.startswith(f" {times}1e-3"), text
