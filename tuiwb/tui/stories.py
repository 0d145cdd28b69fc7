"""Presets, lessons and runs as lines of text: what the first screen says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from tuiwb import __version__
from tuiwb.base.format import number
from tuiwb.base.text import clean
from tuiwb.spec import PresetInfo
from tuiwb.tui import palette
from tuiwb.tui.palette import DIM, FAINT, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line, in_cells, length, short, sides, wide, wrap
from tuiwb.tui.widgets.rows import Row

if TYPE_CHECKING:
    from tuiwb.spec.lessons import Lesson

LESSONS = "lessons: what goes wrong, beside what puts it right"
NO_PRESETS = "no preset or lesson holds these words; escape shows all of them again"


class LessonKey(NamedTuple):
    """The key of a lesson's row; a preset's is its name."""

    name: str


def title(width: int) -> Line:
    """The top line."""
    name: Line = [(" tuiwb", palette.BLUE_STRONG)]
    words = "  pick an architecture, turn its knobs, watch it learn"
    return sides(
        [*name, (words, DIM)] if width >= 60 else name, [(f"{__version__} ", FAINT)], width
    )


def gallery(
    presets: Sequence[PresetInfo],
    words: str = "",
    width: int = 0,
    height: int = 99,
    lessons: Mapping[str, Lesson] | None = None,
) -> list[Row]:
    """Presets under the names of their families, then the lessons; only those that hold every
    word. Where the pane is too low for all of them, without blank lines."""
    wanted = words.casefold().split()
    shown = [p for p in presets if all(word in _text(p) for word in wanted)]
    taught = {
        name: lesson
        for name, lesson in (lessons or {}).items()
        if all(word in _lesson_text(name, lesson) for word in wanted)
    }
    families = len({p.family for p in shown}) + bool(taught)
    airy = len(shown) + len(taught) + 2 * families - 1 <= height
    widest = max(map(wide, (*(p.name for p in shown), *taught)), default=0)
    room = (width or 200) - widest - 4
    rows: list[Row] = []
    for family, members in groupby(shown, key=lambda p: p.family):
        if rows and airy:
            rows.append(Row([]))
        rows.append(Row([(clean(family), DIM)]))
        for preset in members:
            title = _cut(preset.title, room)
            name: Line = [(f" {in_cells(preset.name, widest)}", STRONG), (f"  {title}", PLAIN)]
            rows.append(Row(sides(name, _target(preset), width - 1), preset.name))
    if rows and airy and taught:
        rows.append(Row([]))
    if taught:
        rows.append(Row([(LESSONS, DIM)]))
    for known, lesson in taught.items():
        title = _cut(lesson.about.title, room)
        line: Line = [(f" {in_cells(known, widest)}", STRONG), (f"  {title}", PLAIN)]
        rows.append(Row(line, LessonKey(known)))
    return rows


def _cut(text: str, room: int) -> str:
    """A title in so many columns, of which some are always there."""
    return short(clean(text), max(8, room))


def _lesson_text(name: str, lesson: Lesson) -> str:
    about = lesson.about
    return " ".join(
        ("lesson", name, about.title, about.paper, about.story, about.look_at)
    ).casefold()


def lesson(lesson: Lesson, width: int, height: int = 99) -> list[Line]:
    """What a lesson tells, what to look at, and its runs."""
    about = lesson.about
    lines: list[Line] = [[(f" {text}", PLAIN)] for text in wrap(clean(about.story), width - 2)]
    lines += [[], *_field("look at", about.look_at, width)]
    lines += [[], *_field("runs", ", ".join(lesson.names), width)]
    lines += _field("after", about.paper, width)
    return lines if len(lines) <= height else [line for line in lines if line]


def _target(preset: PresetInfo) -> Line:
    """What is expected of a preset, in short: ``val accuracy >= 0.985``; or what it asks for."""
    expect = preset.expect
    if expect is None:
        return [("  for a GPU ", FAINT)] if preset.needs == "gpu" else []
    at_least = expect.at_least is not None
    target = expect.at_least if at_least else expect.at_most
    sign = "≥" if at_least else "≤"
    metric = expect.metric.replace("_", " ")
    return [(f"  {metric} {sign} {number(target)} " if target is not None else "", FAINT)]


def _text(preset: PresetInfo) -> str:
    parts = (preset.name, preset.title, preset.family, preset.paper, preset.look_at)
    return " ".join(parts).casefold()


def story(preset: PresetInfo | None, width: int, height: int = 99) -> list[Line]:
    """What a preset is, what to expect of it, what to look at."""
    if preset is None:
        return []
    lines = _story(preset, width)
    return lines if len(lines) <= height else [line for line in lines if line]


def _story(preset: PresetInfo, width: int) -> list[Line]:
    lines: list[Line] = []
    if preset.paper:
        lines += [[(f" {text}", DIM)] for text in wrap(clean(preset.paper), width - 2)]
    if preset.expect is not None:
        expect = preset.expect
        sign, target = ("≥", expect.at_least) if expect.at_least is not None else (
            "≤", expect.at_most)  # fmt: skip
        lines += [[], [(" expect    ", DIM), (expect.metric.replace("_", " "), STRONG)]]
        if target is not None:
            lines[-1] += [(f" {sign} {number(target)}", palette.BLUE_STRONG)]
        after = f"after {expect.steps} steps"
        if length(lines[-1]) + 1 + len(after) <= width:
            lines[-1].append((f" {after}", PLAIN))
        else:
            lines.append([(" " * 11 + after, PLAIN)])
        lines += _field("baseline", expect.baseline, width)
        if expect.measured:
            lines += _field("reached", expect.measured, width)
    elif preset.needs == "gpu":
        lines += [[], *_field("expect", "nothing but its pace, on a GPU", width)]
    if preset.look_at:
        lines += [[], *_field("look at", preset.look_at, width)]
    return lines


def _field(name: str, text: str, width: int) -> list[Line]:
    first, *rest = wrap(clean(text), width - 12)
    return [[(f" {name:10}", DIM), (first, PLAIN)], *([(" " * 11 + r, PLAIN)] for r in rest)]
