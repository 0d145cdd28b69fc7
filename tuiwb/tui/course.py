"""A lesson being watched: its course with its overlays painted, and its rows as lines.

`Study.beat` is called from a worker thread, as `Bench.beat` is: no file and no figure holds up the
event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tuiwb.base.format import number
from tuiwb.base.text import clean
from tuiwb.client.course import Course, Progress, Verdict
from tuiwb.client.overlay import BY_LAYER, series
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.overlay import overlay
from tuiwb.plots.paint import paint
from tuiwb.plots.smooth import smooth
from tuiwb.run.view import RunView
from tuiwb.spec.lessons import Lesson
from tuiwb.tui import palette
from tuiwb.tui.palette import AMBER, BLUE_STRONG, DIM, FAINT, GREEN, PLAIN, RED, STRONG
from tuiwb.tui.widgets.lines import Line, in_cells, length, short, sides, wide, wrap
from tuiwb.tui.widgets.rows import Row

Sizes = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Frame:
    """The outcome of one beat."""

    progress: Progress
    canvases: Mapping[str, Canvas]


@dataclass
class Study:
    """A course and its overlays, each a pane named ``overlay-0``, ``overlay-1``, ..."""

    course: Course
    glyphs: GlyphSet = "braille"
    _shown: tuple[object, ...] = ()
    _frame: Frame | None = field(default=None)

    @property
    def charts(self) -> dict[str, str]:
        """Pane -> the column that it overlays."""
        return {f"overlay-{i}": c for i, c in enumerate(self.course.lesson.overlay)}

    def beat(self, panes: Sizes) -> Frame:
        """Go on with the course and paint ``panes`` (name -> width, height); the same frame again
        where nothing has changed."""
        progress = self.course.beat()
        sizes = tuple(panes.items())
        if (
            self._frame is not None
            and self._frame.progress is progress
            and self._shown == (progress.views, sizes, self.glyphs)
        ):
            return self._frame
        canvases = {
            name: self._chart(column, progress.views, *panes[name])
            for name, column in self.charts.items()
            if name in panes
        }
        self._shown = (progress.views, sizes, self.glyphs)
        self._frame = Frame(progress, canvases)
        return self._frame

    def _chart(self, column: str, views: Mapping[str, RunView], width: int, height: int) -> Canvas:
        steps = self.course.steps
        drawn = series(column, views)
        if column in _NOISY:
            drawn = tuple(
                one._replace(y=smooth(one.x, one.y, _SMOOTHED * steps), low=None, high=None)
                for one in drawn
            )
        when = "step" if column.startswith(BY_LAYER) or column in _NOISY else "evaluation"
        empty = f"comes with the first {when} of the first run"
        return paint(overlay(column, drawn, (0, steps), empty), width, height, self.glyphs)


_NOISY = ("loss", "grad_norm")
_SMOOTHED = 0.01
"""Half-life of their average, as a share of all steps: several runs lie over each other."""


def head(study: Study, progress: Progress, width: int) -> Line:
    """What is taught, how far it is, and whether it holds."""
    title: Line = [(f" {study.course.name}", BLUE_STRONG)]
    words = verdict(progress)
    right: Line = [*words, (" ", PLAIN)]
    about = clean(study.course.lesson.about.title)
    room = width - length(title) - length(right) - 4
    if room > 8:
        title.append((f"  {short(about, room)}", PLAIN))
    return sides(title, right, width)


def verdict(progress: Progress) -> Line:
    """Runs over and checks met, in words."""
    checks = len(progress.verdicts)
    if not progress.views and not progress.over:
        return [("torch is loading", AMBER)]
    if not progress.over:
        done: Line = [(f"{progress.ended} of {progress.runs} runs over", AMBER)]
        return [*done, (f"   {progress.met} of {checks} checks met", DIM)]
    if len(progress.views) < progress.runs:
        return [(f"{progress.runs - len(progress.views)} of {progress.runs} runs not begun", AMBER)]
    if progress.met == checks:
        return [(f"✓ all {checks} checks met", GREEN)]
    return [(f"✗ {checks - progress.met} of {checks} checks NOT met", RED)]


def runs(study: Study, progress: Progress, width: int) -> list[Row]:
    """One row a run of the lesson, begun or not: its state, how far, and what was done to it."""
    lesson = study.course.lesson
    notes = {run.label: run.note or ", ".join(run.set) for run in lesson.runs}
    names = min(20, max(map(wide, lesson.labels)))
    rows = []
    for label in lesson.labels:
        view = progress.views.get(label)
        look = palette.state(view.status.state) if view is not None else _WAITING
        state = view.status.state if view is not None else "waiting"
        planned = study.course.steps_of(label)
        step = view.status.step if view is not None else 0
        line: Line = [
            (f"{look.glyph} ", look.style),
            (f"{in_cells(clean(label), names)} ", STRONG if look.live else PLAIN),
            (f" {state:9}", look.style),
            (f" {f'{step}/{planned}':>{2 * len(str(planned)) + 1}}", DIM),
        ]
        note = clean(notes.get(label) or _tried(lesson, view), 200)
        room = width - length(line) - 4
        if note and room >= 8:
            line.append((f"  {short(note, room)}", FAINT))
        rows.append(Row(line, label))
    return rows


def _tried(lesson: Lesson, view: RunView | None) -> str:
    """Where in the space a trial lies, once it has been chosen."""
    if lesson.search is None or view is None or view.spec is None:
        return ""
    keys = [text.partition("=")[0].strip() for text in lesson.search.space]
    values = {key: view.spec.get(key) for key in keys}
    return ", ".join(
        f"{key}={number(value, 3) if isinstance(value, float) else value}"
        for key, value in values.items()
    )


_WAITING = palette.State("·", "-", DIM, False)


def checks(progress: Progress, width: int) -> list[Line]:
    """Every check: met or not, its value beside its target, and what it shows."""
    lines: list[Line] = []
    for known in progress.verdicts:
        lines += _check(known, width)
    if progress.error is not None:
        lines += [[(f" {text}", RED)] for text in wrap(str(progress.error), width - 2)]
    return lines


def _check(known: Verdict, width: int) -> list[Line]:
    judged, check = known.judged, known.check
    if judged is None:
        mark, style, words, value = "·", DIM, f"{check.run}: comes with its runs", ""
    else:
        shown = judged.value if isinstance(judged.value, str) else number(judged.value)
        mark, style = ("✓", GREEN) if judged.met else ("✗", RED)
        if not known.final:
            mark, style = "…", AMBER
        words, value = judged.words, f"{shown}  {judged.target}"
    first: Line = [(f" {mark} ", style), (clean(words, 200), PLAIN if judged else DIM)]
    right: Line = [(value + " ", style)]
    if length(first) + length(right) < width:
        lines = [sides(first, right, width)]
    else:
        lines = [first, [(" " * max(3, width - length(right)), PLAIN), *right]]
    reason = clean(check.reason, 300)
    return [*lines, *([(f"   {text}", FAINT)] for text in wrap(reason, width - 4))]


def story(lesson: Lesson, width: int) -> list[Line]:
    """What goes wrong and why, what to look at, and where it was described."""
    about = lesson.about
    lines: list[Line] = [[(f" {text}", PLAIN)] for text in wrap(clean(about.story), width - 2)]
    for name, text in (("look at", about.look_at), ("after", about.paper)):
        lines += [[], *_field(name, text, width)]
    if about.measured:
        lines += [[], *_field("measured", about.measured, width)]
    return lines


def _field(name: str, text: str, width: int) -> Sequence[Line]:
    first, *rest = wrap(clean(text), width - 12)
    return [[(f" {name:10}", DIM), (first, PLAIN)], *([(" " * 11 + r, PLAIN)] for r in rest)]
