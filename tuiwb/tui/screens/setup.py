"""Turning the knobs of a preset, with what they come to beside them."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from tuiwb.base.errors import UserError
from tuiwb.base.text import clean
from tuiwb.spec import Resolved
from tuiwb.tui import layers, palette
from tuiwb.tui.actions import Context
from tuiwb.tui.form import TIERS, Form, shown
from tuiwb.tui.palette import AMBER, DIM, FAINT, GREEN, PLAIN, RED, STRONG
from tuiwb.tui.screens.consent import settled, unallowed
from tuiwb.tui.screens.page import Page
from tuiwb.tui.widgets.form import KnobForm
from tuiwb.tui.widgets.lines import Line, LinesView, sides, wide, wrap
from tuiwb.tui.widgets.rows import Row, RowsView

DEBOUNCE = 0.15
"""Seconds without a change after which the layers are asked for."""
WARMING = "torch is loading in the background; layers, shapes and memory stand here in a moment"


class SetupHead(LinesView):
    """Which preset, and how far it is from it."""

    def __init__(self, form: Form) -> None:
        super().__init__(id="setup-head")
        self.form = form

    def lines(self, width: int, height: int) -> Sequence[Line]:
        about, name = self.form.base.spec.about, self.form.base.preset
        title: Line = [(f" {name}", palette.BLUE_STRONG), (f"  {clean(about.title)}", PLAIN)]
        wrong = len(self.form.errors)
        if wrong:
            right: Line = [(f"{wrong} to put right ", RED)]
        else:
            n = len(self.form.difference())
            right = [(f"{n} changed " if n else "as the preset ", AMBER if n else DIM)]
        return [sides(title, right, width)]


class KnobHelp(LinesView):
    """The knob under the cursor in words, the difference to the preset, and the command line."""

    def __init__(self, form: KnobForm) -> None:
        super().__init__(id="knob-help")
        self.form = form

    def lines(self, width: int, height: int) -> Sequence[Line]:
        knob = self.form.knob()
        if knob is None:
            return []
        info = knob.info
        first: Line = [(f" {knob.key}  ", STRONG), (clean(info.help), PLAIN)]
        tier = f"   {TIERS.get(info.tier, '')}"
        if info.kind == "choice":
            second = choices(info.choices, knob.text, width - wide(tier))
        else:
            unit = f" {info.unit}" if info.unit and info.unit not in info.allowed else ""
            second = [(f" {info.allowed}{unit}", DIM)]
        second.append((tier, FAINT))
        changes = self.form.form.difference()
        if changes:
            third: Line = [(" changed  ", DIM)]
            for i, (key, before, now) in enumerate(changes):
                third += [("  " if i else "", PLAIN), (f"{key} ", PLAIN), (before, DIM)]
                third += [(" → ", DIM), (now, AMBER)]
        else:
            third = [(" nothing is changed against the preset", FAINT)]
        command = self.form.form.resolved.command()
        return [first, second, third, [(" command  ", DIM), (clean(command), GREEN)]]


def choices(names: Sequence[object], here: str, width: int) -> Line:
    """The names that there are to choose from, the one that is chosen lit; as many of those around
    it as fit."""
    texts = [str(name) for name in names]
    first = last = texts.index(here) if here in texts else 0
    room, grows = width - 4 - wide(texts[first]), True
    while grows:
        grows = False
        for place in (last + 1, first - 1):
            if 0 <= place < len(texts) and wide(texts[place]) + 2 <= room:
                first, last, grows = min(first, place), max(last, place), True
                room -= wide(texts[place]) + 2
    line: Line = [("…" if first else " ", FAINT)]
    line += [(f" {t} ", palette.TAB if t == here else DIM) for t in texts[first : last + 1]]
    return [*line, ("…", FAINT)] if last < len(texts) - 1 else line


class LayerTable(RowsView):
    """The layers of the spec as it is now, or why they are not known."""

    def __init__(self) -> None:
        super().__init__(id="layers")
        self.facts: Mapping[str, Any] | None = None
        self.words: Line = [(WARMING, DIM)]

    def tell(self, facts: Mapping[str, Any] | None, words: Line) -> None:
        """Show facts, or in their place words; old facts stay, with the words beneath."""
        self.facts = facts if facts is not None else self.facts
        self.words = words
        self.refill()

    def refill(self) -> None:
        """Make the rows anew for this width."""
        width = self.content_size.width or 58
        text, style = self.words[0] if self.words else ("", PLAIN)
        below = [Row([(part, style)]) for part in wrap(text, width - 2)] if text else []
        if self.facts is None:
            self.show_rows(below)
            return
        rows = layers.table(self.facts, width - 1)
        self.border_subtitle = ""
        self.show_rows([*rows, Row([]), Row(layers.totals(self.facts)), *below])


class SetupScreen(Page):
    """A form, its layers, and the key that trains."""

    CONTEXT: ClassVar[Context] = "setup"

    def __init__(
        self,
        resolved: Resolved,
        change: Mapping[str, Any] | None = None,
        parent: Mapping[str, Any] | None = None,
        train: bool = False,
    ) -> None:
        """``change``: what is turned already. ``parent``: the run that this one comes from.
        ``train``: nothing is to be turned any more."""
        super().__init__()
        self.form = Form(resolved)
        for key, value in (change or {}).items():
            self.form.set(key, shown(value))
        self.parent_run = parent
        self._at_once = train
        self._turned_before = [*self.form.errors, *(change or {})]
        self.head = SetupHead(self.form)
        self.fields = KnobForm(self.form)
        self.table = LayerTable()
        self.knob_help = KnobHelp(self.fields)

    def compose(self) -> ComposeResult:
        yield self.head
        with Horizontal(id="setup"):
            yield self.fields
            yield self.table
        yield self.knob_help
        yield self.keybar

    def on_mount(self) -> None:
        self.fields.border_title = "knobs"
        self.table.border_title = "layers"
        self.fields.focus()
        if self._turned_before:
            self.call_after_refresh(self.fields.move_to, self._turned_before[0])
        self._describe()
        self._prepare()
        if self._at_once:
            self.call_after_refresh(self.action_train)

    def on_resize(self) -> None:
        self.call_after_refresh(self.table.refill)

    @work(group="prepare")
    async def _prepare(self) -> None:
        """Load what the bench needs while the knobs are being turned."""
        await asyncio.to_thread(__import__, "tuiwb.tui.screens.run")

    @on(RowsView.Moved, "#form")
    def _tell(self) -> None:
        self.knob_help.redraw()

    @on(KnobForm.Turned)
    def _turned(self) -> None:
        self._retell()
        self._describe()

    def _retell(self) -> None:
        self.head.redraw()
        self.knob_help.redraw()

    @work(exclusive=True, group="describe")
    async def _describe(self) -> None:
        """Ask the warm worker what the spec comes to; a newer question makes this one void."""
        self.workbench.warm_up()
        standby = self.workbench.standby
        if standby is None:
            return
        await asyncio.sleep(DEBOUNCE)
        if reason := unallowed(self.form.resolved):
            self.table.tell(None, [(clean(reason), AMBER)])
            return
        if not standby.ready and self.table.facts is None:
            self.table.tell(None, [(WARMING, DIM)])
        try:
            facts = await asyncio.wrap_future(standby.describe_later(self.form.resolved))
        except UserError as error:
            key = self.form.refuse(error)
            self.fields.refill()
            self._retell()
            self.table.tell(None, [(f"✗ {error.what}" if key else str(error), RED)])
            return
        self.table.tell(facts, [])

    @work(exclusive=True, group="train")
    async def _train(self) -> None:
        from tuiwb.client.launch import launch

        app, resolved = self.workbench, self.form.resolved
        if not await settled(app, resolved):
            return
        self.say("starting the worker", AMBER)
        argv = shlex.split(resolved.command())
        try:
            path = await asyncio.to_thread(
                launch,
                resolved,
                app.runs_dir,
                argv=argv,
                parent=self.parent_run,
                standby=app.standby,
            )
        except UserError as error:
            app.complain(error)
            return
        app.show_run(path, instead=True)

    def action_train(self) -> None:
        if self.form.errors:
            self.fields.move_to(next(iter(self.form.errors)))
            self.say("put the marked knobs right first", RED)
            return
        self._train()

    def action_preflight(self) -> None:
        from tuiwb.tui.screens.preflight import PreflightScreen

        if self.form.errors:
            self.fields.move_to(next(iter(self.form.errors)))
            self.say("put the marked knobs right first", RED)
            return
        self._test(PreflightScreen(self.form.resolved))

    def action_find_rate(self) -> None:
        from tuiwb.tui.screens.lr_find import RateScreen

        if self.form.errors:
            self.fields.move_to(next(iter(self.form.errors)))
            self.say("put the marked knobs right first", RED)
            return
        try:
            screen = RateScreen(self.form.resolved, self.workbench.glyphs)
        except UserError as error:
            self.workbench.complain(error)
            return
        self._test(screen, self._take_rate)

    def _take_rate(self, choice: tuple[str, Mapping[str, float]] | None) -> None:
        """Put what the range test suggested into the form."""
        if choice is None:
            return
        rule, knobs = choice
        for key, value in knobs.items():
            self.form.set(key, shown(value))
        self.fields.refill()
        self._turned()
        self.fields.move_to(next(iter(knobs)))
        made = ", ".join(f"{key} = {shown(value)}" for key, value in knobs.items())
        self.say(f"{made}: the {rule} of the range test", GREEN)

    @work(exclusive=True, group="train")
    async def _test(self, screen: Screen[Any], then: Callable[[Any], None] | None = None) -> None:
        if await settled(self.workbench, self.form.resolved):
            self.workbench.push_screen(screen, then)

    def action_regenerate(self) -> None:
        """The next seed of the data, and train: the field shows it when one comes back."""
        from tuiwb.spec.redraw import SEED

        self.form.set(SEED, str(self.form.resolved.get(SEED) + 1))
        self.fields.refill()
        self._retell()
        self.action_train()

    def action_copy(self) -> None:
        command = self.form.resolved.command()
        self.app.copy_to_clipboard(command)
        self.say(f"copied: {command}", GREEN)

    def action_edit(self) -> None:
        knob = self.fields.knob()
        if knob is not None and knob.info.kind in ("choice", "bool"):
            self.fields.turn(1)
        else:
            self.fields.begin()

    def action_less(self) -> None:
        self.fields.turn(-1)

    def action_more(self) -> None:
        self.fields.turn(1)

    def action_reset(self) -> None:
        if isinstance(self.fields.key, str):
            self.form.reset(self.fields.key)
            self.fields.refill()
            self._turned()

    def action_switch(self) -> None:
        to = self.fields if self.table.has_focus else self.table
        self.set_class(to is self.table, "-table")
        self.call_after_refresh(to.focus)  # where one hides the other it is not there before

    @property
    def _list(self) -> RowsView:
        return self.table if self.table.has_focus else self.fields

    def action_down(self) -> None:
        self._list.move(1)

    def action_up(self) -> None:
        self._list.move(-1)

    def _section(self, by: int) -> None:
        """To the first knob of a section further on, or back."""
        keys = [str(key) for key in self.fields.stops()]
        firsts = [
            k for i, k in enumerate(keys) if not i or k.split(".")[0] != keys[i - 1].split(".")[0]
        ]
        here = str(self.fields.key).partition(".")[0]
        at = next((i for i, k in enumerate(firsts) if k.startswith(here + ".")), 0)
        self.fields.move_to(firsts[max(0, min(len(firsts) - 1, at + by))])

    def action_page_down(self) -> None:
        self._section(1)

    def action_page_up(self) -> None:
        self._section(-1)

    def action_first(self) -> None:
        self._list.move(-(10**6))

    def action_last(self) -> None:
        self._list.move(10**6)

    def action_leave(self) -> None:
        self.workbench.pop_screen()
