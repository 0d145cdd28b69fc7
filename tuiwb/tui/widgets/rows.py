"""A list with a cursor: headings, rows that can be chosen, and a window that follows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, overload

from textual import events
from textual.message import Message

from tuiwb.tui import palette
from tuiwb.tui.widgets.lines import Line, LinesView, over, pad, wrap


@dataclass(frozen=True)
class Row:
    """One line of a list; ``key`` None is a heading or a remark, which the cursor skips."""

    line: Line
    key: Hashable = None


class Rows(Sequence[Row]):
    """Rows of which a line is made only when it is looked at: lists may be very long."""

    def __init__(self, keys: Sequence[Hashable], line: Callable[[int], Line]) -> None:
        self.keys = keys
        self._line = line

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self[number] for number in range(len(self))[place]]
        number = range(len(self))[place]
        return Row(self._line(number), self.keys[number])


class RowsView(LinesView, can_focus=True):
    """Rows with a cursor. Where there is nothing to list, `empty` says what will come."""

    MARK: ClassVar[str] = "▌"

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, view: RowsView, key: Hashable) -> None:
            self.view, self.key = view, key
            super().__init__()

        @property
        def control(self) -> RowsView:
            return self.view

    class Chosen(Moved):
        """A row was clicked twice (enter is the screen's own action)."""

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()
        self.empty = empty
        self.key: Hashable = None
        self.top = 0
        self._known: Sequence[object] | None = None
        self._keys: Sequence[Hashable] = ()  # of each row
        self._gaps: list[int] = []  # the rows that have none

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; the cursor stays on its key, or the nearest place that is left."""
        place = self._at()
        self.rows = rows
        self._learn()
        if self._row_of(self.key) is None:
            self._set(self._stop(place) if self._many() else None)
        self.redraw()

    def stops(self) -> list[Hashable]:
        """The keys that the cursor can stand on, from top to bottom."""
        self._learn()
        return [key for key in self._keys if key is not None]

    def in_sight(self) -> list[Hashable]:
        """The keys of the rows in the window, from top to bottom."""
        self._learn()
        rows = self._keys[self.top : self.top + max(1, self.content_size.height)]
        return [key for key in rows if key is not None]

    def _many(self) -> int:
        """How many rows the cursor can stand on."""
        return len(self._keys) - len(self._gaps)

    def _learn(self) -> None:
        """Take note of the keys; there may be very many, of which nothing is made but a list."""
        rows = self.rows
        known = rows.keys if isinstance(rows, Rows) else rows
        if self._known is not known:
            self._known = known
            self._keys = rows.keys if isinstance(rows, Rows) else [row.key for row in rows]
            self._gaps = [place for place, key in enumerate(self._keys) if key is None]

    def _row_of(self, key: Hashable) -> int | None:
        """Which of the rows has this key."""
        try:
            return self._keys.index(key) if key is not None else None
        except ValueError:
            return None

    def _stop(self, number: int) -> Hashable:
        """The key of one of the rows that the cursor can stand on, counted without the gaps."""
        row = max(0, min(number, self._many() - 1))
        for gap in self._gaps:
            row += gap <= row
        return self._keys[row]

    def move(self, by: int) -> None:
        """The cursor by some rows; it stops at the ends."""
        self._learn()
        if self._many():
            self.move_to(self._stop(self._at() + by))

    def move_to(self, key: Hashable) -> None:
        """The cursor to a row."""
        self._learn()
        if self._row_of(key) is not None:
            self._set(key)
            self.redraw()

    def page(self) -> int:
        """Rows of one page."""
        return max(1, self.content_size.height - 1)

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if not self.rows:
            return [[(f" {text}", palette.DIM)] for text in wrap(self.empty, width - 2)]
        self._follow(height)
        below = len(self.rows) - self.top - height
        lines = [self._line(row, width) for row in self.rows[self.top : self.top + height]]
        if below > 0 and height > 3:
            lines[-1] = [(f"  ↓ {below + 1} more", palette.FAINT)]
        return lines

    def _line(self, row: Row, width: int) -> Line:
        if row.key is None:
            return [(" ", palette.PLAIN), *row.line]
        if row.key != self.key:
            return [(" ", palette.PLAIN), *row.line]
        here = self.has_focus
        mark = palette.BLUE if here else palette.FAINT
        bar = palette.CHOSEN if here else palette.CHOSEN_QUIET
        return over(pad([(self.MARK, mark), *row.line], width), bar)

    def _follow(self, height: int) -> None:
        self._learn()
        place = self._row_of(self.key) or 0
        shown = height - 1 if height > 3 else height  # the last line may say how many follow
        self.top = max(0, min(self.top, len(self.rows) - height))
        last = place  # what is said beneath a row, such as what is wrong with it, belongs to it
        for row in self.rows[place + 1 : place + 3]:
            if row.key is not None or not row.line:
                break
            last += 1
        last = min(last, place + shown - 1)
        if last >= self.top + shown and last < len(self.rows) - 1:
            self.top = last - shown + 1
        elif last >= self.top + height:
            self.top = last - height + 1
        if place < self.top:
            self.top = place
        # a heading right above the cursor belongs in view
        while (
            self.top > 0 and place - self.top < height - 2 and self.rows[self.top - 1].key is None
        ):
            self.top -= 1

    def _at(self) -> int:
        self._learn()
        place = self._row_of(self.key) or 0
        return max(0, place - bisect_left(self._gaps, place))

    def _set(self, key: Hashable) -> None:
        if key != self.key:
            self.key = key
            self.post_message(self.Moved(self, key))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        place = self.top + event.get_content_offset_capture(self).y
        if 0 <= place < len(self.rows) and (key := self.rows[place].key) is not None:
            self.focus()
            self.move_to(key)
            if event.chain == 2:
                self.post_message(self.Chosen(self, key))

    def on_mouse_scroll_down(self) -> None:
        self.move(3)

    def on_mouse_scroll_up(self) -> None:
        self.move(-3)
