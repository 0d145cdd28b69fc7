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

from tuiwb.tui.output import Wire, thrifty

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


@pytest.mark.slow
@given(st.lists(cells, min_size=HEIGHT, max_size=HEIGHT))
def test_a_full_update_puts_the_same_cells_on_the_screen(
    rows: list[list[tuple[str, Style]]],
) -> None:
    update = LayoutUpdate([[strip(row)] for row in rows], Region(0, 0, WIDTH, HEIGHT))
    own = thrifty(update, Wire())
    assert screen_after(own.render_segments(console())) == screen_after(
        update.render_segments(console())
    )


@pytest.mark.slow
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
    spans = ChopsUpdate(chops, [(y, x1, x2)], [[half, WIDTH]] * HEIGHT)
    update = thrifty(spans, Wire())
    shown = screen_after(update.render_segments(console()))
    whole = LayoutUpdate([[strip(row)] for row in rows], Region(0, 0, WIDTH, HEIGHT))
    full = screen_after(whole.render_segments(console()))
    blank = screen_after("")
    for row in range(HEIGHT):
        for column in range(WIDTH):
            inside = row == y and x1 <= column < x2
            assert shown[row][column] == (full if inside else blank)[row][column]


def lines(*rows: list[tuple[str, Style]]) -> LayoutUpdate:
    strips = [[Strip([Segment(*piece) for piece in row])] for row in rows]
    return LayoutUpdate(strips, Region(0, 0, WIDTH, len(rows)))


frames = st.lists(st.lists(cells, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=4)


@pytest.mark.slow
@given(frames)
def test_frame_after_frame_the_terminal_shows_the_last(
    many: list[list[list[tuple[str, Style]]]],
) -> None:
    wire, sent = Wire(), ""
    for rows in many:
        update = LayoutUpdate([[strip(row)] for row in rows], Region(0, 0, WIDTH, HEIGHT))
        sent += wire.write(update, console())
    assert screen_after(sent) == screen_after(update.render_segments(console()))


def test_what_stands_there_already_is_not_sent_again_until_forgotten() -> None:
    wire = Wire()
    row = [("step ", STYLES[1]), ("811", STYLES[2])]
    assert wire.write(lines(row), console())
    assert wire.write(lines(row), console()) == ""
    after = wire.write(lines([("step ", STYLES[1]), ("812", STYLES[2])]), console())
    assert after == "\x1b[1;8H\x1b[0;38;2;86;180;233;48;2;16;20;24m2\x1b[m"
    wire.forget()
    assert "step" in wire.write(lines(row), console())


def test_wide_characters_take_two_cells() -> None:
    wire = Wire()
    wire.write(lines([("中文ab", STYLES[1])]), console())
    assert wire.write(lines([("中文ab", STYLES[1])]), console()) == ""
    assert "\x1b[1;5H" in wire.write(lines([("中文xb", STYLES[1])]), console())


def test_a_style_is_said_once_and_only_in_what_differs() -> None:
    orange = Style(color="#e69f00", bgcolor="#101418")
    text = Wire().write(lines([("aa", STYLES[2]), ("bb", STYLES[2]), ("cc", orange)]), console())
    assert text.count("48;2;16;20;24") == 1
    assert "\x1b[38;2;230;159;0mcc" in text
    assert text.endswith("\x1b[m")


@pytest.mark.parametrize(("system", "code"), [("256", "38;5;"), ("standard", "\x1b[0;")])
def test_colours_are_brought_down_to_what_the_terminal_has(system: str, code: str) -> None:
    text = Wire().write(lines([("a", STYLES[1])]), console(system))
    assert code in text and "38;2;" not in text


def test_without_colours_attributes_stay() -> None:
    plain = Console(color_system=None, force_terminal=True)
    assert Wire().write(lines([("a", STYLES[3])]), plain) == "\x1b[1;1H\x1b[0;1ma\x1b[m"
