"""The knobs as a list of fields: a cursor, a field to type in, errors beneath their fields."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from textual import events
from textual.message import Message

from tuiwb.base.text import clean
from tuiwb.tui import palette
from tuiwb.tui.form import WORDS, Form, Knob, shown
from tuiwb.tui.palette import AMBER, DIM, FAINT, PLAIN, RED, STRONG
from tuiwb.tui.widgets.lines import Line, short, wide, wrap
from tuiwb.tui.widgets.rows import Row, RowsView

_NAME = 16
_VALUE = 16
_ERROR = 400
"""Characters of what is said of a field: what was typed into it may be very long."""


class KnobForm(RowsView):
    """Shows a `Form` and edits it."""

    class Turned(Message):
        """A knob has another value."""

    class Entered(Message):
        """Enter has ended the typing."""

    def __init__(self, form: Form) -> None:
        super().__init__(id="form")
        self.form = form
        self.typing: str | None = None
        """The text being typed into the field under the cursor, or None."""

    def on_mount(self) -> None:
        self.refill()

    def on_resize(self) -> None:
        self.refill()

    def refill(self) -> None:
        """Make the rows anew from the form."""
        self.show_rows(list(self._rows(self.content_size.width or 58)))

    def knob(self) -> Knob | None:
        """The knob under the cursor."""
        return next((k for k in self.form.knobs() if k.key == self.key), None)

    def _rows(self, width: int) -> Iterator[Row]:
        section = ""
        for knob in self.form.knobs():
            if knob.section != section:
                if section:
                    yield Row([])
                section = knob.section
                yield Row([(section, palette.TITLE), (f"  {WORDS.get(section, '')}", FAINT)])
            yield Row(self._field(knob, width), knob.key)
            if knob.error:
                for i, text in enumerate(wrap(clean(knob.error, _ERROR), width - 6)):
                    yield Row([("   ✗ " if i == 0 else "     ", RED), (text, RED)])

    def _field(self, knob: Knob, width: int) -> Line:
        line: Line = [(f" {knob.info.name:{_NAME}} ", PLAIN if knob.changed else DIM)]
        if self.typing is not None and knob.key == self.key:
            text = self.typing[-(_VALUE - 1) :]
            line += [(text, palette.FIELD), (" ", palette.FIELD_CURSOR)]
            return [*line, (" " * max(0, _VALUE - 1 - len(text)), palette.FIELD)]
        look = RED if knob.error else AMBER if knob.changed else STRONG
        room = max(_VALUE, width - _NAME - 30)
        text = short(knob.text, room)
        choice = knob.info.kind in ("choice", "bool") and knob.key == self.key and self.has_focus
        line += (
            [("◂ ", palette.BLUE), (text, look), (" ▸", palette.BLUE)] if choice else [(text, look)]
        )
        used = wide(text) + (4 if choice else 0)
        line.append((" " * max(1, _VALUE + 2 - used), PLAIN))
        if knob.changed and not knob.error:
            line.append((f"● was {shown(knob.preset)}", AMBER))
        else:
            line.append((knob.info.unit, FAINT))
        return line

    def begin(self, text: str | None = None) -> None:
        """Start typing into the field, from its value or from ``text``."""
        knob = self.knob()
        if knob is not None and knob.info.kind not in ("choice", "bool"):
            self.typing = knob.text if text is None else text
            self.refill()

    def finish(self, keep: bool) -> None:
        """Stop typing; what was typed counts, or not."""
        text, self.typing = self.typing, None
        if keep and text is not None and isinstance(self.key, str):
            self.form.set(self.key, text.strip())
            self.post_message(self.Turned())
        self.refill()

    def turn(self, direction: int) -> None:
        """The next or previous value of the knob under the cursor."""
        if isinstance(self.key, str) and self.form.step(self.key, direction):
            self.refill()
            self.post_message(self.Turned())

    def watch_has_focus(self, has_focus: bool) -> None:
        if self.typing is not None and not has_focus:
            self.finish(keep=True)
        super().watch_has_focus(has_focus)
        self.refill()

    def move_to(self, key: Hashable) -> None:
        super().move_to(key)
        self.refill()

    async def on_key(self, event: events.Key) -> None:
        if self.typing is None:
            knob = self.knob()
            digit = event.character is not None and event.character in self.form.STARTS
            if digit and knob is not None and knob.info.kind in ("int", "float", "list"):
                event.stop()
                self.begin(event.character)
            return
        if event.key in ("ctrl+r", "ctrl+c", "ctrl+p"):
            self.finish(keep=True)
            return
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "down", "up", "tab"):
            key = self.key
            self.finish(keep=True)
            if event.key in ("down", "up") and key not in self.form.errors:
                self.move(1 if event.key == "down" else -1)
            elif event.key == "enter":
                self.post_message(self.Entered())
        elif event.key == "escape":
            self.finish(keep=False)
        elif event.key == "backspace":
            self.typing = self.typing[:-1]
            self.refill()
        elif event.key == "ctrl+u":
            self.typing = ""
            self.refill()
        elif event.is_printable and event.character:
            self.typing += event.character
            self.refill()

    def on_paste(self, event: events.Paste) -> None:
        if self.typing is not None and event.text:
            self.typing += event.text.splitlines()[0]
            self.refill()
