"""A pane of styled lines that repaints only the cells that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tuiwb.tui import palette
from tuiwb.tui.themes import DARK, themed

Piece: TypeAlias = tuple[str, Style]
Line: TypeAlias = list[Piece]
Span: TypeAlias = tuple[int, int, int]
"""Row, first column, past the last column."""

_GAP = 4
"""Unchanged cells up to this many are sent along: moving the cursor costs about as much."""


class LinesView(Widget):
    """A pane whose content is `lines`: subclasses paint, `redraw` finds what changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: list[Line] = []
        self._for = Size(0, 0)
        self._base: Style | None = None
        self.spans: list[Span] = []
        """What the last `redraw` changed; for whoever wants to know what a tick cost."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """The content for a pane of this size, from the top; what is too long is cut."""
        return []

    def redraw(self) -> None:
        """Paint again and send the difference."""
        size = self.content_size
        if not size.width or not size.height or not self.display:
            return
        before, whole = self._shown, self._for != size
        self._paint(size)
        self.spans = changed([] if whole else before, self._shown)
        if whole:
            self.refresh()
        elif self.spans:
            self.refresh(*(Region(x0, y, x1 - x0, 1) for y, x0, x1 in self.spans))

    def _paint(self, size: Size) -> None:
        self._for = size
        fresh = [fit(line, size.width) for line in self.lines(size.width, size.height)]
        fresh = fresh[: size.height]
        self._shown = fresh + [[] for _ in range(size.height - len(fresh))]

    def on_show(self) -> None:
        self.redraw()

    def notify_style_update(self) -> None:
        self._base = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        size = self.content_size
        width = size.width
        if size != self._for:
            self._paint(size)  # the first frame at a new size is painted once, and whole
        base = self._base = self._base or self.rich_style
        if y >= len(self._shown):
            return Strip.blank(width, base)
        ascii_only = getattr(self.app, "glyphs", "") == "ascii"
        line = self._shown[y]
        look = getattr(self.app, "look", DARK)
        segments = [
            Segment(palette.plain(text) if ascii_only else text, base + themed(style, look))
            for text, style in line
        ]
        return Strip(segments).adjust_cell_length(width, base)


def fit(line: Iterable[Piece], width: int) -> Line:
    """``line`` cut to ``width`` cells, without control characters or empty pieces."""
    out: Line = []
    left = width
    for text, style in line:
        if not text:
            continue
        if not text.isprintable():
            text = "".join(c if c.isprintable() else " " for c in text)
        length = wide(text)
        if length > left:
            text, length = set_cell_size(text, left), left
        if text:
            out.append((text, style))
        left -= length
        if left <= 0:
            break
    return out


def changed(before: Sequence[Line], after: Sequence[Line]) -> list[Span]:
    """The spans of cells in which two frames differ; rows that are missing count as blank."""
    spans: list[Span] = []
    for y in range(max(len(before), len(after))):
        old = before[y] if y < len(before) else None
        new = after[y] if y < len(after) else []
        if old == new:
            continue
        if old is None:
            spans.append((y, 0, max(1, length(new))))
            continue
        a, b = _cells(old), _cells(new)
        size = max(len(a), len(b))
        a += [_BLANK] * (size - len(a))
        b += [_BLANK] * (size - len(b))
        start = last = -1
        for x in range(size):
            if a[x] != b[x]:
                if start < 0:
                    start = x
                elif x - last > _GAP:
                    spans.append((y, start, last + 1))
                    start = x
                last = x
        if start >= 0:
            spans.append((y, start, last + 1))
    return spans


_BLANK: Piece = (" ", palette.PLAIN)


def _cells(line: Line) -> list[Piece]:
    cells: list[Piece] = []
    for text, style in line:
        if text.isascii():
            cells += [(char, style) for char in text]
            continue
        for char in text:
            wide = cell_len(char)
            if wide:
                cells.append((char, style))
                cells += [("", style)] * (wide - 1)
    return cells


def length(line: Iterable[Piece]) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def pad(line: Line, width: int, style: Style = palette.PLAIN) -> Line:
    """``line`` filled with blanks to ``width`` cells."""
    missing = width - length(line)
    return [*line, (" " * missing, style)] if missing > 0 else line


def wide(text: str) -> int:
    """The cells of a text: some characters take two, some none."""
    return len(text) if text.isascii() else cell_len(text)


def short(text: str, room: int) -> str:
    """``text`` in at most ``room`` cells, cut with a sign where it is longer."""
    if wide(text) <= room:
        return text
    return set_cell_size(text, room - 1) + "…" if room > 0 else ""


def both_ends(text: str, room: int) -> str:
    """``text`` in exactly ``room`` cells: filled up, or its middle left out for a sign. Of names
    that begin alike, the end tells which is which."""
    if wide(text) <= room or room < 4:
        return in_cells(text, room)
    tail = _first(text[::-1], (room - 1) // 2)[::-1]
    return set_cell_size(f"{_first(text, room - 1 - wide(tail))}…{tail}", room)


def _first(text: str, room: int) -> str:
    """As much of ``text`` as ``room`` cells hold whole."""
    count = 0
    while count < len(text) and wide(text[: count + 1]) <= room:
        count += 1
    return text[:count]


def in_cells(text: str, room: int) -> str:
    """``text`` in exactly ``room`` cells: filled up, or cut with a sign."""
    return set_cell_size(short(text, room), max(0, room))


def over(line: Line, style: Style) -> Line:
    """``line`` with ``style`` laid over each of its pieces: a cursor bar, for instance."""
    return [(text, own + style) for text, own in line]


def sides(left: Line, right: Line, width: int) -> Line:
    """``left`` and ``right`` at the two ends of a line; where both do not fit, the left alone."""
    room = width - length(left) - length(right)
    return [*left, (" " * room, palette.PLAIN), *right] if room > 0 else left


def wrap(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken at blanks, or where a word is longer."""
    width = max(8, width)
    if text.isascii():
        import textwrap

        return textwrap.wrap(text, width) or [""]
    lines, line = list[str](), text[: len(text) - len(text.lstrip(" "))]
    for word in text.split():
        joined = f"{line} {word}" if line.strip() else line + word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line.strip():
            lines.append(line)
        *whole, line = chop_cells(word, width)
        lines += whole
    return [*lines, line]
