"""The app: which screen is in front, and what they share (runs folder, standby worker, glyphs)."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections import deque
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import events
from textual._compositor import CompositorUpdate
from textual.app import App, SystemCommand
from textual.binding import BindingsMap
from textual.filter import Monochrome
from textual.geometry import Size

from tuiwb.base.clock import Clock, SystemClock
from tuiwb.base.errors import UserError
from tuiwb.base.text import clean
from tuiwb.tui import actions, themes, tuning
from tuiwb.tui.config import Config, load
from tuiwb.tui.graphics.imaging import Imaging
from tuiwb.tui.graphics.means import Graphics
from tuiwb.tui.output import Wire, thrifty
from tuiwb.tui.terminal import believable, pasted
from tuiwb.tui.tour import CHANGE, PRESET
from tuiwb.tui.touring import Touring
from tuiwb.tui.typing import Typing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType
    from textual.screen import Screen

    from tuiwb.client.standby import Standby
    from tuiwb.tui.course import Study


class Workbench(Touring, Typing, Imaging, App[None]):
    """The workbench. It holds nothing that a run needs: to leave it loses nothing."""

    CSS_PATH = "tuiwb.tcss"
    TITLE = "tuiwb"

    def __init__(
        self,
        runs_dir: Path,
        attach: Path | None = None,
        glyphs: str | None = None,
        clock: Clock | None = None,
        config: Config | None = None,
        compared: Sequence[Path] = (),
        sweep: Path | None = None,
    ) -> None:
        super().__init__()
        self.config = config or load()
        self.actions = self.config.actions
        own = BindingsMap(actions.bindings("anywhere", self.actions))
        self._bindings = BindingsMap.merge([self._bindings, own])
        self.rate = self.config.settings.rate
        self.glyphs = tuning.glyphs(glyphs or self.config.settings.glyphs)
        self.runs_dir = runs_dir
        self.clock: Clock = clock or SystemClock()
        self.attached = attach
        self.compared = compared
        self.swept = sweep
        self.standby: Standby | None = None
        self._typed_ahead = deque()
        self.goodbye = ""
        self.studies: dict[str, Study] = {}
        self.wire = Wire()
        self.graphics = Graphics(self.config.settings.graphics, os.environ)
        self.animation_level = "none"
        self.look = themes.DARK
        for look in themes.LOOKS.values():
            self.register_theme(themes.css(look))
        if self.no_color:
            self._filters = [one for one in self._filters if not isinstance(one, Monochrome)]
        wanted, colours = self.config.settings.theme, self.console.color_system
        tuning.take_look(self, themes.choose(wanted, colours, self.no_color))

    def get_default_screen(self) -> Screen[Any]:
        """The first screen is the one that was asked for, so that nothing is painted twice."""
        if self.attached is not None:
            from tuiwb.tui.screens.run import RunScreen

            return RunScreen(self.attached)
        if self.compared:
            from tuiwb.tui.screens.compare import CompareScreen

            return CompareScreen(self.compared)
        if self.swept is not None:
            from tuiwb.tui.screens.sweep import SweepScreen

            return SweepScreen(self.swept, self.glyphs)
        from tuiwb.tui.screens.presets import PresetsScreen

        return PresetsScreen()

    def on_mount(self) -> None:
        self.set_class(self.glyphs == "ascii", "-ascii")
        if self.config.problem is not None:
            self.call_after_refresh(self.complain, self.config.problem, "The defaults hold for now")
        if not gc.isenabled():
            self.set_timer(STARTED, _collect)
        self.app_resume_signal.subscribe(self, lambda _: self.come_back())

    def on_resize(self) -> None:
        self.wire.forget()

    def on_unmount(self) -> None:
        if self.standby is not None:
            self.standby.close()
        for study in self.studies.values():
            study.course.close()

    def warm_up(self) -> None:
        """Start the worker that has torch imported and waits, unless there is one."""
        if self.is_headless:
            return
        if self.standby is None:
            from tuiwb.client.standby import Standby

            self.standby = Standby(forks=True)
        if not self.standby.alive:
            # off the event loop: it waits for a hand-over that is under way
            self.run_worker(self.standby.start, thread=True, group="standby")

    def show_setup(self, preset: str, train: bool = False) -> None:
        """Open the set-up of a preset, and ``train`` it at once; one that does not hold together
        says why."""
        from tuiwb.spec import resolve
        from tuiwb.tui.screens.setup import SetupScreen

        try:
            change = CHANGE if self.tour is not None and preset == PRESET else None
            self.push_screen(SetupScreen(resolve(preset), change, train=train))
        except UserError as error:
            self.complain(error)

    def show_run(self, path: Path, instead: bool = False) -> None:
        """Open a run, live or not; ``instead`` of the screen in front."""
        from tuiwb.tui.screens.run import RunScreen

        screen = RunScreen(path)
        if instead and len(self.screen_stack) > 1:  # the first screen cannot be taken away
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def show_comparison(self, paths: Sequence[Path], baseline: str | None = None) -> None:
        """Lay runs over each other."""
        from tuiwb.tui.screens.compare import CompareScreen

        self.push_screen(CompareScreen(paths, baseline))

    def left_comparison(self) -> None:
        """A comparison was left: back to where it was asked for, or out where it was all."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.leave()

    def show_sweep(self, path: Path) -> None:
        """Open a sweep; one whose files are damaged says so."""
        from tuiwb.tui.screens.sweep import SweepScreen

        try:
            self.push_screen(SweepScreen(path, self.glyphs))
        except UserError as error:
            self.complain(error)

    def left_sweep(self) -> None:
        """A sweep's screen was left: back to the presets, or out where it was all that was
        asked."""
        if self.swept is not None:
            self.leave()
        else:
            self.pop_screen()

    def show_lesson(self, name: str) -> None:
        """Take a lesson from its beginning, or go back to it where it is under way."""
        self.run_worker(self._show_lesson(name), group="open lesson", exclusive=True)

    async def _show_lesson(self, name: str) -> None:
        study = self.studies.get(name)
        if study is None or study.course.progress.over:
            try:
                study = await asyncio.to_thread(self._study, name)
            except UserError as error:
                self.complain(error)
                return
            self.studies[name] = study
            self.run_worker(self._conduct(study), group=f"lesson {name}", exclusive=True)
        from tuiwb.tui.screens.lesson import LessonScreen

        self.push_screen(LessonScreen(study))

    def _study(self, name: str) -> Study:
        from tuiwb.client.course import Course
        from tuiwb.search.race import starts
        from tuiwb.spec.lessons import lesson
        from tuiwb.tui.course import Study

        jobs = 1 if (os.cpu_count() or 1) < 4 else 2
        what = lesson(name)
        course = Course(name, what, self.runs_dir, lambda: self.standby, jobs, self.clock, starts)
        return Study(course, self.glyphs)

    async def _conduct(self, study: Study) -> None:
        """Keep a lesson going, whichever screen is in front, and a warm worker at hand for it."""
        while not study.course.progress.over:
            self.warm_up()
            try:
                await asyncio.to_thread(study.course.beat)
            except UserError:
                return  # a run's folder was taken away: its screen says so
            await asyncio.sleep(0.5)

    def left_lesson(self, study: Study) -> None:
        """A lesson's screen was left: say what becomes of its runs."""
        from tuiwb.tui.screens.page import Page

        self.pop_screen()
        if not study.course.progress.over and isinstance(self.screen, Page):
            self.screen.say(f"{study.course.name} goes on; enter on it comes back to it")

    def complain(self, error: UserError, title: str = "That does not work") -> None:
        """Show a mistake that a person can put right."""
        from tuiwb.tui.screens.ask import Message

        self.push_screen(Message(title, str(error)))

    def cannot_show(self, error: UserError) -> None:
        """A run that turned out to be none: back to where we came from, with the reason."""
        if len(self.screen_stack) == 1:
            self.leave(str(error))
            return
        self.pop_screen()
        self.complain(error)

    def left_run(self, words: str, back: str) -> None:
        """A run was detached from: back to the comparison, the lesson or the presets, or out where
        it was all that was asked."""
        below = [getattr(screen, "CONTEXT", "") for screen in self.screen_stack[:-1]]
        if self.attached is not None and "compare" not in below:
            self.leave(f"{words}. Come back with: {back}" if words else "")
            return
        from tuiwb.tui.screens.page import Page

        self.pop_screen()
        stays = _KEPT
        while len(self.screen_stack) > 1 and getattr(self.screen, "CONTEXT", "") not in stays:
            self.pop_screen()
        if words and isinstance(self.screen, Page):
            self.screen.say(words)

    def leave(self, goodbye: str = "") -> None:
        """End the app; ``goodbye`` is what the shell shows after it."""
        self.goodbye = goodbye or "\n".join(filter(None, map(_unbegun, self.studies.values())))
        self.exit()

    def action_leave_all(self) -> None:
        self.leave()

    def action_redraw(self) -> None:
        self.wire.forget()
        self.screen.refresh()

    def action_command_palette(self) -> None:
        from tuiwb.tui.screens.steady import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(placeholder="what to do", id="--command-palette"))

    def action_help(self) -> None:
        from tuiwb.tui.screens.help import HelpScreen

        context = getattr(self.screen, "CONTEXT", None)
        if context is not None:
            self.push_screen(HelpScreen(context, self.actions))

    @property
    def size(self) -> Size:
        """The size of the terminal."""
        return believable(super().size)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Paste):
            event.text = pasted(event.text)
        elif isinstance(event, events.Resize):
            event.size = event.virtual_size = event.container_size = believable(event.size)
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif not self.key_waits(event):
            async with self.giving_key():
                await super().on_event(event)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: the actions of the screen in front, then those of everywhere."""
        for context in (getattr(screen, "CONTEXT", None), "anywhere"):
            for action in actions.of(context, self.actions) if context else ():
                method = getattr(screen, f"action_{action.name}", None)
                method = method or getattr(self, f"action_{action.name}")
                name = f"{action.label} ({actions.keys_of(action)})"
                yield SystemCommand(name, action.help, method)
        yield from tuning.commands(self)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable = thrifty(renderable, self.wire)
        elif renderable is not None:
            self.wire.forget()
        super()._display(screen, renderable)


_KEPT = ("lesson", "sweep", "compare")
"""Screens that one comes back to from a run."""


def _unbegun(study: Study) -> str:
    """What leaving keeps a lesson from: its runs that wait, for nobody is there to start them."""
    progress = study.course.progress
    waiting = progress.runs - len(progress.views)
    if progress.over or not waiting:
        return ""
    again = f"tuiwb lesson {study.course.name}"
    return f"{waiting} of {progress.runs} runs of this lesson had not begun: {again}"


STARTED = 1.0
"""Seconds after which all is there that a start makes, and garbage is worth looking for."""


def _collect() -> None:
    """Look for garbage again, but not among what the start made: a hundred thousand objects that
    stay, which would hold up the screen each time."""
    gc.freeze()
    gc.enable()


def usable() -> str | None:
    """Why the workbench cannot run here, or None where it can."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "this is not a terminal"
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"the terminal cannot move its cursor (TERM={term or 'not set'})"
    return None


def run(
    runs_dir: Path,
    attach: Path | None = None,
    glyphs: str | None = None,
    compared: Sequence[Path] = (),
    sweep: Path | None = None,
) -> int:
    """Run the workbench until it is left, on a run, on several that are ``compared``, or on a
    sweep; the exit status. Raises `UserError` for a bad run."""
    for path in (attach, *compared):
        if path is not None:
            from tuiwb.run.reader import RunReader

            RunReader(path).close()  # what is no run is said before the screen is taken
    first = "run" if attach else "compare" if compared else "sweep" if sweep else "presets"
    import_module(f"tuiwb.tui.screens.{first}")  # which would hold up the event loop
    app = Workbench(runs_dir, attach, glyphs, compared=compared, sweep=sweep)
    app.run()
    if app.goodbye:
        print(clean(app.goodbye))
    return app.return_code or 0
