"""A window of the hot knobs over a run that trains: turn one, enter, and it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content

from tuiwb.base.text import clean
from tuiwb.tui.hot import Scaled
from tuiwb.tui.palette import DIM, FAINT, PLAIN, RED
from tuiwb.tui.screens.steady import Window
from tuiwb.tui.widgets.form import KnobForm
from tuiwb.tui.widgets.lines import Line, LinesView, wrap
from tuiwb.tui.widgets.rows import RowsView

_AROUND = 8
"""Rows of the window beside those of the knobs."""
RATE = "optim.lr"
"""Where the cursor stands first."""


class Words(LinesView):
    """The knob under the cursor in words."""

    def __init__(self, fields: KnobForm) -> None:
        super().__init__(id="setting-words")
        self.fields = fields
        self.said = ""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        knob = self.fields.knob()
        if self.said or knob is None:
            return [[(line, RED)] for line in wrap(self.said, width)]
        told = clean(knob.info.help) + ("; its shape stays" if knob.key == RATE else "")
        factor = f", or {'*2 /10'}" if knob.info.kind in ("int", "float") else ""
        lines: list[Line] = [[(line, PLAIN)] for line in wrap(told, width)[: height - 1]]
        return [*lines, [(knob.info.allowed, DIM), (factor, FAINT)]]


class SettingScreen(Window[Mapping[str, Any] | None]):
    """Dismissed with what is to be set, or None."""

    BINDINGS: ClassVar = [
        Binding("escape,q", "leave", "leave it"),
        Binding("enter", "take", "set"),
        Binding("down,j", "move(1)", "down"),
        Binding("up,k", "move(-1)", "up"),
        Binding("left,h", "turn(-1)", "less"),
        Binding("right,l", "turn(1)", "more"),
        Binding("backspace,u", "undo", "as it was"),
    ]

    def __init__(
        self,
        title: str,
        form: Scaled,
        at_once: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> None:
        """``at_once`` is told what is to be set before the window goes: no repaint delays it."""
        super().__init__()
        self._at_once = at_once
        self._heading = title
        self.form = form
        self.fields = KnobForm(form)
        self.words = Words(self.fields)

    def compose(self) -> ComposeResult:
        box = Vertical(self.fields, self.words, classes="window setting")
        box.border_title = Content(self._heading)
        box.border_subtitle = "type or ← → · enter sets it · escape leaves it"
        yield box

    def on_mount(self) -> None:
        self.fields.focus()
        keys = self.fields.stops()
        if RATE in keys:
            self.fields.move_to(RATE)

    def on_resize(self) -> None:
        """As many rows as there are, but half of the screen at most: the charts stay in view."""
        most = max(self.size.height // 2 - 2, 8)
        rows = min(len(self.fields.rows), most, self.size.height - _AROUND)
        self.fields.styles.height = max(3, rows)

    @on(RowsView.Moved)
    @on(KnobForm.Turned)
    def _retell(self) -> None:
        self.words.said = ""
        self.words.redraw()

    @on(KnobForm.Entered)
    def _entered(self) -> None:
        self._send()

    def action_take(self) -> None:
        """Set what was turned; where nothing was, type into the field."""
        if self.form.changes() or self.form.errors:
            self._send()
        else:
            self.fields.begin()

    def _send(self) -> None:
        changes = self.form.changes()
        if self.form.errors:
            self.fields.move_to(next(iter(self.form.errors)))
        elif changes:
            if self._at_once is not None:
                self._at_once(changes)
            self.dismiss(changes)
        else:
            self.words.said = "nothing is changed: it has this value already"
            self.words.redraw()

    def action_move(self, by: int) -> None:
        self.fields.move(by)

    def action_turn(self, by: int) -> None:
        self.fields.turn(by)

    def action_undo(self) -> None:
        if isinstance(self.fields.key, str):
            self.form.reset(self.fields.key)
            self.fields.refill()
            self._retell()

    def action_leave(self) -> None:
        self.dismiss(None)
