"""The first screen: what can be trained, and what was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from tuiwb.base.text import clean
from tuiwb.spec import PresetInfo, presets
from tuiwb.tui import stories
from tuiwb.tui.actions import Context
from tuiwb.tui.screens.page import Page
from tuiwb.tui.screens.resuming import resumed
from tuiwb.tui.widgets.lines import Line, LinesView
from tuiwb.tui.widgets.rows import RowsView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuiwb.run.listing import RunSummary
    from tuiwb.spec.lessons import Lesson

REFRESH = 2.0
"""Seconds between two looks at the runs folder."""


class Title(LinesView):
    """The program's name and what it is for."""

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return [stories.title(width)]


class Story(LinesView):
    """What the preset or lesson under the cursor is and what it is worth watching for."""

    shown: PresetInfo | Lesson | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self.shown is None or isinstance(self.shown, PresetInfo):
            return stories.story(self.shown, width, height)
        return stories.lesson(self.shown, width, height)


class PresetsScreen(Page):
    """Gallery, story and runs."""

    CONTEXT: ClassVar[Context] = "presets"

    def __init__(self) -> None:
        super().__init__()
        self.presets = presets()
        self.lessons: dict[str, Lesson] = {}
        self.runs: Sequence[RunSummary] = ()
        self.looked = False
        self.gallery = RowsView(id="gallery", empty=stories.NO_PRESETS)
        self.story = Story(id="story")
        self.runs_list = RowsView(id="runs", empty="looking for runs")
        self.words = Input(id="filter", placeholder="type to filter", compact=True)

    def compose(self) -> ComposeResult:
        yield Title(id="title")
        with Horizontal(id="home"):
            with Vertical(id="left"):
                self.words.cursor_blink = False
                yield self.words
                yield self.gallery
                yield self.story
            yield self.runs_list
        yield self.keybar

    def on_mount(self) -> None:
        self.gallery.border_title = "presets"
        self.runs_list.border_title = "runs"
        self.words.display = False
        self._show_gallery()
        self.gallery.focus()
        self._read_lessons()

    @work(group="lessons")
    async def _read_lessons(self) -> None:
        """Lessons stand below the presets: they are read once those are painted."""
        self.lessons = await asyncio.to_thread(_lessons)
        self._show_gallery()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._watch)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_gallery)
        self.call_after_refresh(self._show_runs)

    @work(exclusive=True, group="runs")
    async def _watch(self) -> None:
        """Look at the runs folder while this screen is in front, off the event loop."""
        loop = asyncio.get_running_loop()
        while self.is_current:
            begun = loop.time()
            self.runs = await asyncio.to_thread(_list, self.workbench.runs_dir)
            self.looked = True
            self._show_runs()
            self.workbench.warm_up()
            # a folder of very many runs is looked at less often
            await asyncio.sleep(max(REFRESH, 20 * (loop.time() - begun)))

    def _show_gallery(self) -> None:
        size = self.gallery.content_size
        rows = stories.gallery(
            self.presets, self.words.value, size.width, size.height or 99, self.lessons
        )
        self.gallery.show_rows(rows)

    def _show_runs(self) -> None:
        if self.looked:
            self.runs_list.empty = stories.NO_RUNS
            width = self.runs_list.content_size.width or 60
            now = self.workbench.clock.now()
            self.runs_list.show_rows(stories.runs(self.runs, width, now))

    @on(RowsView.Moved, "#gallery")
    def _tell(self, event: RowsView.Moved) -> None:
        story, key = self.story, event.key
        if isinstance(key, stories.LessonKey):
            taught = story.shown = self.lessons[key.name]
            title = taught.about.title
        else:
            preset = story.shown = next((p for p in self.presets if p.name == key), None)
            title = preset.title if preset else ""
        story.border_title = clean(title)
        story.redraw()

    @on(RowsView.Chosen)
    def _chosen(self) -> None:
        self.action_open()

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._show_gallery()

    @on(Input.Submitted)
    def _done_filtering(self) -> None:
        self.words.display = bool(self.words.value)
        self.gallery.focus()

    @property
    def _list(self) -> RowsView:
        return self.runs_list if self.runs_list.has_focus else self.gallery

    def action_open(self) -> None:
        key = self._list.key
        if self._list is self.runs_list and isinstance(key, str):
            path = next((run.path for run in self.runs if run.id == key), None)
            if path is not None:
                self.workbench.show_run(Path(path))
        elif self._list is self.gallery and isinstance(key, stories.LessonKey):
            self.workbench.show_lesson(key.name)
        elif self._list is self.gallery and isinstance(key, str):
            self.workbench.show_setup(key)

    def action_resume(self) -> None:
        """Go on with the run under the cursor."""
        key = self.runs_list.key
        path = next((run.path for run in self.runs if run.id == key), None)
        if path is not None and self.runs_list.has_focus:
            self._resume(Path(path))
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
        self.words.display = True
        self.words.focus()

    def action_clear(self) -> None:
        self.words.value = ""
        self.words.display = False
        self.gallery.focus()

    def action_switch(self) -> None:
        (self.gallery if self.runs_list.has_focus else self.runs_list).focus()
        self.set_class(self.runs_list.has_focus, "-runs")

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


def _list(folder: Path) -> Sequence[RunSummary]:
    from tuiwb.client.runs import list_runs

    return list_runs(folder)
