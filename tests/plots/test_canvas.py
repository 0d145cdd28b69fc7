"""The canvas: one column a cell, and no more sent than changed."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.plots.figures import apply
from tuiwb.plots.canvas import BOLD, DIM, REVERSE, Canvas, safe

Commands: TypeAlias = list[tuple[int, int, str, int, int, int]]

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")

puts = st.lists(
    st.tuples(
        st.integers(-2, 7),
        st.integers(-6, 25),
        st.text(max_size=8),
        st.sampled_from([-1, 0, 0xFF0000]),
        st.sampled_from([-1, 0x00FF00]),
        st.integers(0, 7),
    ),
    max_size=12,
)


def drawn(commands: Commands) -> Canvas:
    canvas = Canvas(20, 6)
    for command in commands:
        canvas.put(*command)
    return canvas


@given(puts, puts, st.integers(0, 6))
def test_changed_spans_applied_to_the_previous_frame_give_the_new_one(
    before: Commands, after: Commands, gap: int
) -> None:
    old, new = drawn(before), drawn(after)
    spans = new.changed_spans(old, gap)
    apply(spans, new, old)
    for name in ("chars", "fg", "bg", "attr"):
        assert (getattr(old, name) == getattr(new, name)).all()


@given(puts, puts)
def test_changed_spans_are_ordered_apart_and_begin_and_end_with_a_change(
    before: Commands, after: Commands
) -> None:
    old, new = drawn(before), drawn(after)
    spans = new.changed_spans(old)
    assert spans == sorted(spans)
    for y, start, stop in spans:
        assert 0 <= start < stop <= new.width
        for x in (start, stop - 1):
            cells = [(c.chars[y, x], c.fg[y, x], c.bg[y, x], c.attr[y, x]) for c in (old, new)]
            assert cells[0] != cells[1]


def test_the_same_frame_sends_nothing_and_another_size_sends_all() -> None:
    canvas = drawn([(1, 1, "loss", 0xFF0000, -1, BOLD)])
    assert canvas.changed_spans(drawn([(1, 1, "loss", 0xFF0000, -1, BOLD)])) == []
    assert canvas.changed_spans(None) == [(y, 0, 20) for y in range(6)]
    assert canvas.changed_spans(Canvas(19, 6)) == [(y, 0, 20) for y in range(6)]


def test_a_change_of_colour_alone_is_a_change() -> None:
    before = drawn([(2, 3, "ab", 0xFF0000, -1, 0)])
    assert drawn([(2, 3, "ab", 0x0000FF, -1, 0)]).changed_spans(before) == [(2, 3, 5)]


@given(puts)
def test_ansi_without_its_escapes_is_the_characters(commands: Commands) -> None:
    canvas = drawn(commands)
    for colour in (True, False):
        rows = ESCAPE.sub("", canvas.ansi(colour)).split("\n")
        assert [row.rstrip() for row in rows] == canvas.text().split("\n")
        assert all(len(row) == canvas.width for row in rows)


def test_ansi_says_colours_and_attributes_and_resets() -> None:
    canvas = Canvas(6, 1)
    canvas.put(0, 1, "ab", 0x102030, 0x405060, BOLD | REVERSE)
    canvas.put(0, 4, "c", attr=DIM)
    assert (
        canvas.ansi()
        == (" \x1b[1;7;38;2;16;32;48;48;2;64;80;96mab\x1b[0m \x1b[2mc\x1b[0m \x1b[0m"[:-4])
    )
    assert canvas.ansi(colour=False) == " \x1b[1;7mab\x1b[0m \x1b[2mc\x1b[0m "


@given(st.text(), st.booleans())
def test_put_writes_one_column_a_cell_and_nothing_a_terminal_obeys(text: str, ascii: bool) -> None:
    shown = safe(text, ascii=ascii)
    assert all(char.isprintable() for char in shown)
    assert all(unicodedata.east_asian_width(char) not in "WF" for char in shown)
    assert all(unicodedata.category(char) not in ("Mn", "Me") for char in shown)
    if ascii:
        assert shown.isascii()
    else:
        canvas = Canvas(200, 1)
        canvas.put(0, 0, text)
        assert canvas.text() == shown[:200].rstrip()


def test_put_clips_at_every_side() -> None:
    canvas = Canvas(4, 2)
    canvas.put(0, -2, "abcdef")
    canvas.put(1, 3, "xyz")
    canvas.put(2, 0, "below")
    canvas.put(-1, 0, "above")
    assert canvas.text() == "cdef\n   x"


@given(puts)
def test_runs_cover_a_row_with_the_fewest_styles(commands: Commands) -> None:
    canvas = drawn(commands)
    for y in range(canvas.height):
        runs = list(canvas.runs(y))
        assert "".join(run.text for run in runs) == "".join(canvas.chars[y])
        styles = [(run.fg, run.bg, run.attr) for run in runs]
        assert all(a != b for a, b in pairwise(styles))
        part = "".join(run.text for run in canvas.runs(y, 3, 9))
        assert part == "".join(canvas.chars[y, 3:9])


def test_an_empty_canvas_is_no_trouble() -> None:
    canvas = Canvas(0, 0)
    canvas.put(0, 0, "text")
    assert canvas.text() == canvas.ansi() == ""
    assert canvas.changed_spans(None) == []
    assert Canvas(0, 3).changed_spans(None) == []


def test_codes_and_chars_are_one_memory() -> None:
    canvas = Canvas(3, 1)
    canvas.codes[0] = [ord(c) for c in "abc"]
    assert canvas.text() == "abc"
    assert np.shares_memory(canvas.codes, canvas.chars)
