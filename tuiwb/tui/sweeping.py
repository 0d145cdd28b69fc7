"""A sweep being watched: its journal read, its plots painted, its trials as lines.

`Watched.beat` is called from a worker thread, as `Bench.beat` is: no file and no figure holds up
the event loop.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tuiwb.base.format import duration, number, si
from tuiwb.base.text import one_line
from tuiwb.client.process import environment
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.paint import paint
from tuiwb.plots.sweep import best_curve, importance_bars, trials_picture
from tuiwb.run.summary import summarise
from tuiwb.search.figures import WORDS, arrays, axes_of, curve
from tuiwb.search.importance import LEAST, known, shares
from tuiwb.search.ledger import RUNNING, Record, SweepReader, SweepView
from tuiwb.search.places import SweepPaths
from tuiwb.tui import palette
from tuiwb.tui.palette import AMBER, BLUE_STRONG, DIM, FAINT, GREEN, PLAIN, RED, STRONG
from tuiwb.tui.widgets.lines import Line, length, short, sides
from tuiwb.tui.widgets.rows import Row

Sizes = Mapping[str, tuple[int, int]]
PANES = ("best", "parallel", "slice", "contour", "importance")
STATES = {
    "running": ("▶", GREEN, "running"),
    "finished": ("✓", palette.BLUE, "finished"),
    "halted": ("■", AMBER, "stopped: r goes on"),
    "failed": ("✗", RED, "failed"),
    "killed": ("✗", RED, "left without a word: r goes on"),
}
LOOKS = {
    RUNNING: palette.STATES["training"],
    "complete": palette.STATES["finished"],
    "pruned": palette.State("✂", "%", DIM, False),
    "diverged": palette.STATES["diverged"],
    "failed": palette.STATES["failed"],
    "stopped": palette.STATES["stopped"],
}
AGAIN = 1.25
"""Growth of the number of complete trials after which importance is found anew."""


@dataclass(frozen=True)
class Frame:
    """The outcome of one beat. ``live`` is how far the trials are that train."""

    view: SweepView
    canvases: Mapping[str, Canvas]
    live: Mapping[int, tuple[int, int | None]]


@dataclass
class Watched:
    """One sweep on the screen. `UserError` where there is none."""

    path: Path
    glyphs: GlyphSet = "braille"
    colour: bool = True
    _frame: Frame | None = None
    _shown: tuple[object, ...] = ()
    _asked: int = 0
    reader: SweepReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = SweepReader(SweepPaths(self.path))
        self.axes = axes_of(self.reader.poll())

    def beat(self, panes: Sizes) -> Frame:
        """Read what is new and paint ``panes`` (name -> width, height); the same frame again where
        nothing has changed."""
        view = self.reader.poll()
        live = {}
        for record in view.trials:
            if record.state == RUNNING:
                run = summarise(view.paths.run(record.number))
                live[record.number] = (run.step, run.steps) if run is not None else (0, None)
        kept = known(view.paths)
        shown = (view, tuple(panes.items()), kept.get("trials"), self.glyphs, self.colour)
        if self._frame is not None and self._shown == shown:
            if self._frame.live != live:
                self._frame = Frame(view, self._frame.canvases, live)
            return self._frame
        found = shares(kept)
        canvases = {name: self._paint(name, view, found, *size) for name, size in panes.items()}
        self._shown = shown
        self._frame = Frame(view, canvases, live)
        return self._frame

    def _paint(
        self, name: str, view: SweepView, found: Mapping[str, float], width: int, height: int
    ) -> Canvas:
        title = WORDS[name]
        if name == "best":
            metric = view.sweep.metric
            figure = best_curve(f"{metric}, {title}", *curve(view), metric)
            return paint(replace(figure, y_label=""), width, height, self.glyphs)
        if name == "importance":
            return importance_bars(title, found, width, height, self.glyphs, self.colour)
        given = arrays(view, self.axes, found)
        return trials_picture(name, title, given, width, height, self.glyphs, self.colour)

    def due(self) -> bool:
        """Whether importance should be found anew: there are enough new complete trials."""
        if self._frame is None:
            return False
        view = self._frame.view
        complete = sum(record.state == "complete" for record in view.trials)
        kept = known(view.paths).get("trials")
        before = max(kept if isinstance(kept, int) else 0, self._asked)
        over = view.state != "running" and complete > before
        if complete < LEAST or not (over or complete >= AGAIN * before + 1):
            return False
        self._asked = complete
        return True

    def weigh(self) -> None:
        """Find the importance, in a process that goes away with its two hundred megabytes."""
        command = [sys.executable, "-P", "-m", "tuiwb.search.importance", str(self.path)]
        subprocess.run(command, env=environment(), capture_output=True, check=False)


def head(view: SweepView, width: int) -> list[Line]:
    """Which sweep, how it is, what is best, and what it cost."""
    glyph, style, words = STATES.get(view.state, STATES["killed"])
    sweep = view.sweep
    title: Line = [(f" {view.paths.name}", BLUE_STRONG), (f"  {glyph} {words}", style)]
    title.append((f"  {view.over}/{view.size} trials", PLAIN))
    pruner = f", {sweep.pruner}" if sweep.pruner != "none" else ""
    right: Line = [(f"{Path(sweep.preset).stem}  {sweep.sampler}{pruner} ", DIM)]
    cost = f"{si(view.steps)} steps  {duration(view.seconds)} "
    best = view.best
    if view.error:
        what = f"{view.error.get('what', '')}: {view.error.get('found', '')}"
        second: Line = [(f" {one_line(what, 300)}", RED)]
    elif best is None:
        second = [(" no trial is complete yet", DIM)]
    else:
        second = [
            (f" best {sweep.metric} {number(best.value)}", GREEN),
            (f"  trial {best.number}  {_settings(best)}", PLAIN),
        ]
    return [sides(title, right, width), sides(second, [(cost, DIM)], width)]


def rows(frame: Frame, width: int, by_value: bool) -> list[Row]:
    """A line a trial: what trains first, then the best or the newest."""
    view = frame.view
    sign = 1 if view.sweep.falling else -1

    def key(record: Record) -> tuple[bool, bool, float]:
        if not by_value or record.state == RUNNING:
            return record.state != RUNNING, False, -record.number
        value = record.value
        bad = value is None or not math.isfinite(value)
        return True, bad, -record.number if value is None or bad else sign * value

    best = view.best
    digits = len(str(view.size))
    far = max((len(_far(frame, record)) for record in view.trials), default=0)
    return [
        Row(_line(frame, record, record is best, digits, far, width), record.number)
        for record in sorted(view.trials, key=key)
    ]


def _far(frame: Frame, record: Record) -> str:
    """How far a trial is."""
    step, steps = frame.live.get(record.number, (record.step, None))
    return f"{step}/{steps}" if steps else str(step)


def _line(frame: Frame, record: Record, best: bool, digits: int, far: int, width: int) -> Line:
    look = LOOKS[record.state]
    value = number(record.last, 4) if record.last is not None else "-"
    line: Line = [
        (f"{look.glyph} ", look.style),
        (f"{record.number:>{digits}} ", STRONG if best else PLAIN),
        (f" {record.state:8}", look.style),
        (f" {value:>9}", GREEN if best else PLAIN if record.value is not None else DIM),
        (" ◆" if best else "  ", palette.RED_STRONG),
        (f" {_far(frame, record):>{far}}", DIM),
    ]
    words = _settings(record)
    if record.state not in (RUNNING, "complete"):
        words = f"{record.by or ''} {one_line(record.reason, 200)}  {words}".strip()
    room = width - length(line) - 3
    if room >= 8:
        line.append((f"  {short(words, room)}", FAINT))
    return line


def _settings(record: Record) -> str:
    return ", ".join(
        f"{key.partition('.')[2]}={value:.3g}"
        if isinstance(value, float)
        else f"{key.partition('.')[2]}={_short(str(value))}"
        for key, value in record.values.items()
    )


def _short(text: str) -> str:
    """A grid's numbers are texts of their own, which may be long."""
    try:
        return text if len(text) < 8 else f"{float(text):.3g}"
    except ValueError:
        return text
