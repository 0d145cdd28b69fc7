"""What goes over the wire: the same screen as Textual's own update, in fewer bytes."""

from __future__ import annotations

from collections.abc import Iterable

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tuiwb.tui.output import Pen, thrifty

STYLES = (
    Style.null(),
    Style(color="#56b4e9"),
    Style(color="#56b4e9", bgcolor="#101418"),
    Style(color="#e69f00", bgcolor="#101418", bold=True),
    Style(bgcolor="#24313d", reverse=True),
    Style(color="#e69f00", bgcolor="#24313d", italic=True, underline=True),
)
WIDTH, HEIGHT = 20, 4


def console(system: str = "truecolor") -> Console:
    return Console(color_system=system, force_terminal=True, width=WIDTH)  # type: ignore[arg-type]


def screen_after(data: str) -> list[list[tuple[object, ...]]]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(screen).feed(data.replace("\n", ""))
    return [
        [
            (c.data, c.fg, c.bg, c.bold, c.italics, c.underscore, c.reverse)
            for c in (screen.buffer[y][x] for x in range(WIDTH))
        ]
        for y in range(HEIGHT)
    ]


cells = st.lists(
    st.tuples(st.sampled_from("ab│⣿ "), st.sampled_from(STYLES)), min_size=WIDTH, max_size=WIDTH
)


def strip(row: Iterable[tuple[str, Style]]) -> Strip:
    return Strip([Segment(char, style) for char, style in row])


@given(st.lists(cells, min_size=HEIGHT, max_size=HEIGHT))
def test_a_full_update_puts_the_same_cells_on_the_screen(
    rows: list[list[tuple[str, Style]]],
) -> None:
    update = LayoutUpdate([[strip(row)] for row in rows], Region(0, 0, WIDTH, HEIGHT))
    own = thrifty(update)
    assert screen_after(own.render_segments(console())) == screen_after(
        update.render_segments(console())
    )


@given(
    st.lists(cells, min_size=HEIGHT, max_size=HEIGHT),
    st.integers(0, HEIGHT - 1),
    st.integers(0, WIDTH - 1),
    st.integers(1, WIDTH),
)
def test_a_span_writes_its_cells_and_no_others(
    rows: list[list[tuple[str, Style]]], y: int, x1: int, length: int
) -> None:
    x2, half = min(WIDTH, x1 + length), WIDTH // 2
    chops = [{0: strip(row[:half]), half: strip(row[half:])} for row in rows]
    update = thrifty(ChopsUpdate(chops, [(y, x1, x2)], [[half, WIDTH]] * HEIGHT))
    shown = screen_after(update.render_segments(console()))
    whole = LayoutUpdate([[strip(row)] for row in rows], Region(0, 0, WIDTH, HEIGHT))
    full = screen_after(whole.render_segments(console()))
    blank = screen_after("")
    for row in range(HEIGHT):
        for column in range(WIDTH):
            inside = row == y and x1 <= column < x2
            assert shown[row][column] == (full if inside else blank)[row][column]


def test_a_style_is_said_once_and_only_in_what_differs() -> None:
    pen = Pen(console())
    blue, orange = STYLES[2], Style(color="#e69f00", bgcolor="#101418")
    pen.write([Segment("aa", blue), Segment("bb", blue), Segment("cc", orange)])
    text = pen.text()
    assert text.count("48;2;16;20;24") == 1
    assert "\x1b[38;2;230;159;0mcc" in text
    assert text.endswith("\x1b[m")


@pytest.mark.parametrize(("system", "code"), [("256", "38;5;"), ("standard", "\x1b[0;")])
def test_colours_are_brought_down_to_what_the_terminal_has(system: str, code: str) -> None:
    pen = Pen(console(system))
    pen.write([Segment("a", STYLES[1])])
    assert code in pen.text() and "38;2;" not in pen.text()


def test_without_colours_attributes_stay() -> None:
    pen = Pen(Console(color_system=None, force_terminal=True))
    pen.write([Segment("a", STYLES[3])])
    assert pen.text() == "\x1b[0;1ma\x1b[m"
