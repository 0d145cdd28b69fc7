"""The first screen: what can be trained, and what was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input

from tuiwb.base.format import count
from tuiwb.base.text import one_line
from tuiwb.run.kept import RunSummary
from tuiwb.spec import PresetInfo, presets
from tuiwb.tui import runs, stories
from tuiwb.tui.actions import Context
from tuiwb.tui.courses import Course, Courses
from tuiwb.tui.screens.keeping import Keeping
from tuiwb.tui.screens.marking import Marking
from tuiwb.tui.screens.page import Page
from tuiwb.tui.screens.resuming import resumed
from tuiwb.tui.welcome import invitation
from tuiwb.tui.widgets.lines import Line, LinesView
from tuiwb.tui.widgets.rows import RowsView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuiwb.run.listing import Listing
    from tuiwb.spec.lessons import Lesson
    from tuiwb.tui.sweeps import Sweeps

REFRESH = 2.0
"""Seconds between two looks at the runs folder."""
PATIENCE = 1.0
"""Seconds of reading runs for the first time before those that were read are shown."""
TURN = 2000
"""Runs that are over and are looked at again in one look: somebody may have taken them up."""


class Title(LinesView):
    """The program's name and what it is for."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [stories.title(width)]


class Story(LinesView):
    """What the preset, lesson or run under the cursor is and what it is worth watching for."""

    shown: PresetInfo | Lesson | RunSummary | None = None
    parent_run: RunSummary | None = None
    course: Course = ()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if isinstance(self.shown, RunSummary):
            return runs.story(self.shown, width, self.parent_run, self.course)
        if self.shown is None or isinstance(self.shown, PresetInfo):
            return stories.story(self.shown, width, height)
        return stories.lesson(self.shown, width, height)


class PresetsScreen(Keeping, Marking, Page):
    """Gallery, story and runs."""

    CONTEXT: ClassVar[Context] = "presets"

    def __init__(self) -> None:
        super().__init__()
        self.presets = presets()
        self.lessons: dict[str, Lesson] = {}
        self.listing: Listing | None = None
        self.shelf = runs.Shelf()
        self.marked = {}
        self.sweeps: Sweeps | None = None
        self.courses = Courses()
        self._drawn = 0
        self._shelved: tuple[object, ...] = ()
        self._looking = asyncio.Lock()
        self.looked = False
        self.gallery = RowsView(id="gallery", empty=stories.NO_PRESETS)
        self.story = Story(id="story")
        self.runs_list = RowsView(id="runs", empty="looking for runs")
        self.words = Input(id="filter", placeholder="type to filter", compact=True)
        hint = "words, state:crashed, tag:keep"
        self.run_words = Input(id="run-filter", placeholder=hint, compact=True)

    def compose(self) -> ComposeResult:
        yield Title(id="title")
        with Horizontal(id="home"):
            with Vertical(id="left"):
                self.words.cursor_blink = False
                yield self.words
                yield self.gallery
                yield self.story
            with Vertical(id="right"):
                self.run_words.cursor_blink = False
                yield self.run_words
                yield self.runs_list
        yield self.keybar

    def on_mount(self) -> None:
        self.gallery.border_title = "presets"
        self.runs_list.border_title = "runs"
        self.words.display = self.run_words.display = False
        self._show_gallery()
        self.gallery.focus()
        self._read_lessons()

    def on_unmount(self) -> None:
        if self.listing is not None:
            self.listing.close()

    @work(group="lessons")
    async def _read_lessons(self) -> None:
        """Lessons stand below the presets: they are read once those are painted."""
        self.lessons = await asyncio.to_thread(_lessons)
        self._show_gallery()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._watch)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_gallery)
        self.call_after_refresh(self.show_runs)

    @work(exclusive=True, group="runs")
    async def _watch(self) -> None:
        """Look at the runs folder while this screen is in front, off the event loop."""
        loop = asyncio.get_running_loop()
        while self.is_current:
            begun = loop.time()
            await self.look_again()
            self.workbench.warm_up()
            if self.listing is None or not self.listing.unread:
                # a folder of very many runs is looked at less often
                await asyncio.sleep(max(REFRESH, 20 * (loop.time() - begun)))

    async def look_again(self, then: str = "") -> None:
        """Show the runs as they are now, and the cursor on the one called ``then``."""
        async with self._looking:
            await asyncio.to_thread(self.look)
        self.looked = True
        self.show_runs()
        if then:
            self.runs_list.move_to(then)

    def look(self) -> None:
        """Bring the listing up to date, and the shelf where anything has changed."""
        if self.listing is None:
            from tuiwb.client.runs import Listing

            self.listing = Listing(self.workbench.runs_dir, self.workbench.clock)
        if self.sweeps is None:
            from tuiwb.tui.sweeps import Sweeps

            self.sweeps = Sweeps(self.workbench.runs_dir)
        self.listing.look(PATIENCE, TURN)
        self.sweeps.look()
        self._put_in_order()

    def _put_in_order(self) -> None:
        from tuiwb.client.select import reading

        found, words = self.listing.runs if self.listing else (), self.run_words.value
        swept = self.sweeps.lines if self.sweeps else ()
        shelved = (found, swept, words)
        if len(self._shelved) != 3 or any(
            a is not b for a, b in zip(shelved, self._shelved, strict=True)
        ):
            known = self.listing.known if self.listing else None
            self.shelf = runs.shelf(found, reading(words), swept, known)
            self._shelved = shelved

    def _show_gallery(self) -> None:
        size = self.gallery.content_size
        rows = stories.gallery(
            self.presets, self.words.value, size.width, size.height or 99, self.lessons
        )
        self.gallery.show_rows(rows)

    def show_runs(self) -> None:
        """Show the shelf as it is."""
        if not self.looked:
            return
        unread = self.listing.unread if self.listing else 0
        self.runs_list.empty = runs.NONE_LIKE if self.shelf.found else runs.NO_RUNS
        many = len(self.shelf.found)
        asked = f"{count(len(self.shelf.twigs))} of " if self.run_words.value else ""
        self.runs_list.border_title = f"runs: {asked}{count(many)}" if many else "runs"
        marks = f"{len(self.marked)} marked" if self.marked else ""
        self.runs_list.border_subtitle = f"{count(unread)} to read" if unread else marks
        width = self.runs_list.content_size.width or 60
        if many or unread or self.run_words.value:
            now = self.workbench.clock.now()
            known = self.courses.known
            self.runs_list.show_rows(runs.rows(self.shelf, width, now, self.marked, known))
            self._read_courses()
        else:
            inviting = invitation(width, self.workbench.runs_dir, self.workbench.actions)
            self.runs_list.show_rows(inviting)
        if self.runs_list.has_focus:
            self._tell_of_run()

    @on(RowsView.Moved, "#gallery")
    def _tell(self, event: RowsView.Moved) -> None:
        story, key = self.story, event.key
        if isinstance(key, stories.LessonKey):
            taught = story.shown = self.lessons[key.name]
            title = taught.about.title
        else:
            preset = story.shown = next((p for p in self.presets if p.name == key), None)
            title = preset.title if preset else ""
        story.border_title = Content(one_line(title))
        story.redraw()

    @on(RowsView.Moved, "#runs")
    def _tell_of_run(self) -> None:
        run = self.chosen_run() or self.chosen_sweep()
        self._read_courses()
        if run is not None:
            self.story.shown = run
            self.story.course = self.courses.known.get(run.name, ())
            self.story.parent_run = self.shelf.parents.get(run.name)
            self.story.border_title = Content(run.id)
            self.story.redraw()

    @work(exclusive=True, group="courses")
    async def _read_courses(self) -> None:
        """The curves of the runs in sight, and of the one under the cursor."""
        seen = [self.shelf.found.get(key) for key in self.runs_list.in_sight() if type(key) is str]
        here = self.workbench.runs_dir
        wanted = {one.name: here / one.name for one in seen if one is not None}
        live = [one.name for one in seen if one is not None and one.live]
        await asyncio.to_thread(self.courses.read, wanted, live)
        if self.courses.version == self._drawn:
            return
        self._drawn = self.courses.version
        self.runs_list.redraw()
        if isinstance(self.story.shown, RunSummary):
            self.story.course = self.courses.known.get(self.story.shown.name, ())
            self.story.redraw()

    def choose(self, preset: str) -> None:
        """Put the cursor on a preset."""
        self.action_clear()
        self.gallery.focus()
        self.gallery.move_to(preset)

    def chosen_run(self) -> RunSummary | None:
        """The run under the cursor, where the cursor is among the runs."""
        key = self.runs_list.key if self._list is self.runs_list else None
        found = self.shelf.found.get(key) if isinstance(key, str) else None
        return found.full() if found is not None else None

    def chosen_sweep(self) -> RunSummary | None:
        """The sweep under the cursor, where the cursor is on one."""
        from tuiwb.tui.sweeps import SweepKey

        key = self.runs_list.key if self._list is self.runs_list else None
        return self.shelf.sweeps.get(key.name) if isinstance(key, SweepKey) else None

    @on(RowsView.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    @on(Input.Changed, "#filter")
    def _filtered(self) -> None:
        self._show_gallery()

    @on(Input.Changed, "#run-filter")
    def _filtered_runs(self) -> None:
        self._sift()

    @work(exclusive=True, group="sift")
    async def _sift(self) -> None:
        async with self._looking:
            await asyncio.to_thread(self._put_in_order)
        self.show_runs()

    @on(Input.Submitted)
    def _done_filtering(self, event: Input.Submitted) -> None:
        event.input.display = bool(event.value)
        (self.runs_list if event.input is self.run_words else self.gallery).focus()

    @property
    def _list(self) -> RowsView:
        here = self.runs_list.has_focus or self.run_words.has_focus
        return self.runs_list if here else self.gallery

    def action_open(self) -> None:
        key = self._list.key
        if self._list is self.runs_list:
            if (run := self.chosen_run()) is not None:
                self.workbench.show_run(run.path)
            elif (swept := self.chosen_sweep()) is not None:
                self.workbench.show_sweep(swept.path)
        elif isinstance(key, stories.LessonKey):
            self.workbench.show_lesson(key.name)
        elif isinstance(key, str):
            self.workbench.show_setup(key)

    def action_train(self) -> None:
        """Train the preset under the cursor as it is."""
        key = self.gallery.key
        if self._list is self.gallery and isinstance(key, str):
            self.workbench.show_setup(key, train=True)
        elif self._list is self.gallery and key is not None:
            self.action_open()
        else:
            self.say("tab goes to the presets; ctrl+r trains the chosen one")

    def action_resume(self) -> None:
        """Go on with the run under the cursor."""
        if (run := self.chosen_run()) is not None:
            self._resume(run.path)
        else:
            self.say("tab goes to the runs; r goes on with the chosen one")

    @work(exclusive=True, group="resume")
    async def _resume(self, path: Path) -> None:
        self.say(f"{path.name}: a worker is started")
        error = await resumed(self.workbench, path)
        if error is not None:
            self.workbench.complain(error)
        else:
            self.say(f"{path.name} goes on from its newest checkpoint")

    def action_filter(self) -> None:
        words = self.run_words if self._list is self.runs_list else self.words
        words.display = True
        words.focus()

    def action_clear(self) -> None:
        rows = self._list
        words = self.run_words if rows is self.runs_list else self.words
        words.value = ""
        words.display = False
        rows.focus()

    def action_switch(self) -> None:
        to = self.gallery if self._list is self.runs_list else self.runs_list
        self.set_class(to is self.runs_list, "-runs")
        self.set_focus(to)  # at once: what is told depends on it
        to.post_message(RowsView.Moved(to, to.key))
        self.call_after_refresh(self._show_gallery if to is self.gallery else self.show_runs)

    def action_down(self) -> None:
        self._list.move(1)

    def action_up(self) -> None:
        self._list.move(-1)

    def action_page_down(self) -> None:
        self._list.move(self._list.page())

    def action_page_up(self) -> None:
        self._list.move(-self._list.page())

    def action_first(self) -> None:
        self._list.move(-(10**6))

    def action_last(self) -> None:
        self._list.move(10**6)

    def action_leave(self) -> None:
        self.workbench.leave()


def _lessons() -> dict[str, Lesson]:
    from tuiwb.spec.lessons import lessons

    return dict(lessons())
