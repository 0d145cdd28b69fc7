"""What tells the compared runs apart, as a table: a row a run, a column a knob or a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.style import Style

from tuiwb.base.format import number, si
from tuiwb.base.text import one_line
from tuiwb.client.better import best
from tuiwb.client.compare import Comparison
from tuiwb.plots.paint import sign_of
from tuiwb.plots.palette import SERIES, series_colour
from tuiwb.tui import palette
from tuiwb.tui.comparing.overlay import Frame, Reading, Sight
from tuiwb.tui.palette import AMBER, BLUE, DIM, FAINT, GREEN, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line, in_cells, length, pad, short, wide
from tuiwb.tui.widgets.rows import Row

_NAME = 26
_CELL = 18
"""Characters of a knob's value and of a column's head, at most."""
_SAMPLES = ("━━", "╍╍", "┅┅")
"""How a line looks: whole, or broken up in one way or another."""
BEST, PINNED = "★", "◆"


@dataclass(frozen=True)
class Column:
    """``head`` and the cells by label; the ``best`` of them has a sign."""

    head: str
    cells: Mapping[str, str]
    metric: bool = False
    best: str | None = None

    @property
    def width(self) -> int:
        """Cells that it takes."""
        widest = max((len(text) for text in self.cells.values()), default=0)
        return min(_CELL, max(len(self.head), widest + self.metric))


def columns(found: Comparison, readings: Sequence[Reading]) -> list[Column]:
    """The knobs that differ, then the newest values of all metrics."""
    ends = [key.rpartition(".")[2] for key in found.knobs]
    groups = {reading.label: reading.members for reading in readings}
    out = []
    for key in found.knobs:
        end = key.rpartition(".")[2]
        head = one_line(end if ends.count(end) == 1 else key, _CELL)
        cells = {
            label: ", ".join(dict.fromkeys(_value(found, key, one) for one in members))
            for label, members in groups.items()
        }
        out.append(Column(head, cells))
    for name, values in found.metrics.items():
        known = {
            label: sum(there) / len(there)
            for label, members in groups.items()
            if (there := [values[one] for one in members if one in values])
        }
        cells = {label: number(known[label]) if label in known else "-" for label in groups}
        out.append(Column(one_line(name, _CELL), cells, True, best(name, known)))
    return out


def _value(found: Comparison, key: str, label: str) -> str:
    """A knob's value, and what it was set to while the run trained."""
    values = found.knobs[key]
    if label not in values:
        return "-"
    first = one_line(_short(values[label]), 40)
    later = found.set.get(key, {}).get(label, ())
    if not later:
        return first
    step, value = later[-1]
    between = "→…" if len(later) > 1 else ""
    return f"{first}{between}→{one_line(_short(value), 40)} @{si(step)}"


def _short(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Widths:
    """What of a row there is room for, left of the columns."""

    name: int
    words: bool
    step: bool
    value: int
    apart: bool


def widths(frame: Frame, sight: Sight, width: int) -> Widths:
    """The parts of a row in a pane of ``width``: what is said last goes first."""
    longest = max((len(_name(one)) for one in frame.readings), default=8)
    whys = [len(one.why) + 2 for one in frame.readings if one.why and one.value is None]
    value = max(17 if sight.seeds else 9, min(20, max(whys, default=0)) if width >= 76 else 0)
    apart = sight.baseline is not None
    fixed = 9 + value + 10 * apart
    words = width - fixed >= 60
    step = width - fixed >= 46
    room = width - fixed - 12 * words - 10 * step - (18 if width >= 76 else 0)
    return Widths(max(6, min(_NAME, longest, room)), words, step, value, apart)


def heads(frame: Frame, sight: Sight, width: int, skipped: int) -> list[Line]:
    """The two lines above the rows: what the columns are, and their names."""
    parts, shown = widths(frame, sight, width), columns(frame.found, frame.readings)
    line: Line = [(" " * 8, PLAIN), (pad_to("run", parts.name), DIM)]
    line.append((" " * (4 + 8 * parts.words), PLAIN))
    if parts.step:
        line.append((f"{'step':>10}", DIM))
    metric = one_line(sight.metric, parts.value - 1)
    line.append((f"{metric:>{parts.value}}", BLUE))
    if parts.apart:
        line.append((f"{'less base':>10}", DIM))
    above: Line = [(" " * length(line), PLAIN)]
    kind: bool | None = None
    for column in shown[skipped:]:
        room = column.width + 2
        if length(line) + room > width:
            break
        line.append((f"{column.head:>{room}}", DIM))
        words = "" if kind is column.metric else "newest" if column.metric else "knobs"
        above.append((f"{words:>{room}}", FAINT))
        kind = column.metric
    hidden = len(shown) - fitting(frame, sight, width, skipped) - skipped
    right = f"{'◂ ' if skipped else ''}{f'{hidden} more ▸' if hidden > 0 else ''}"
    if right and length(above) + len(right) + 1 < width:
        above.append((f"{right:>{width - length(above) - 1}}", FAINT))
    return [above, line]


def fitting(frame: Frame, sight: Sight, width: int, skipped: int) -> int:
    """How many columns there is room for."""
    parts = widths(frame, sight, width)
    left = width - _fixed(parts)
    count = 0
    for column in columns(frame.found, frame.readings)[skipped:]:
        left -= column.width + 2
        if left < 0:
            break
        count += 1
    return count


def _fixed(parts: Widths) -> int:
    return 11 + parts.name + 8 * parts.words + 10 * parts.step + parts.value + 10 * parts.apart


def rows(frame: Frame, sight: Sight, width: int, skipped: int, ascii: bool = False) -> list[Row]:
    """A row a run (or a group of seeds), and below them what was left out and why."""
    parts, shown = widths(frame, sight, width), columns(frame.found, frame.readings)
    shown = shown[skipped : skipped + fitting(frame, sight, width, skipped)]
    labels = list(frame.found.views)
    out = [
        Row(_row(frame, sight, one, labels.index(one.label), parts, shown, ascii), one.label)
        for one in frame.readings
    ]
    for name, why in frame.left_out:
        out.append(Row([(f"      {one_line(name, 40)} is left out: {one_line(why, 120)}", AMBER)]))
    return out


def _row(
    frame: Frame, sight: Sight, one: Reading, place: int, parts: Widths,
    shown: Sequence[Column], ascii: bool,
) -> Line:  # fmt: skip
    view = frame.found.views[one.label]
    look = palette.state(view.status.state)
    colour = Style(color=f"#{series_colour(place):06x}")
    hidden = one.label in sight.hidden
    sample = sign_of(place % len(SERIES)) * 2 if ascii else _SAMPLES[place // len(SERIES) % 3]
    line: Line = [
        (f"{place + 1:>2}", DIM if hidden else colour),
        (f" {'  ' if hidden else sample} ", colour),
        (PINNED if one.label == sight.baseline else " ", AMBER),
        (pad_to(_name(one), parts.name), FAINT if hidden else STRONG if look.live else PLAIN),
        (f"  {look.glyph} ", look.style),
    ]
    if parts.words:
        line.append((f"{one_line(view.status.state, 8):8}", look.style))
    if parts.step:
        steps = view.status.steps
        step = f"{si(view.status.step, 4)}/{si(steps, 4)}" if steps else si(view.status.step, 4)
        line.append((f"{step:>10}", DIM))
    line += _numbers(one, parts, STRONG if not hidden else FAINT)
    for column in shown:
        text = column.cells.get(one.label, "-")
        text = short(text, column.width)
        if column.best == one.label:
            line.append((f"{BEST + text:>{column.width + 2}}", GREEN))
        else:
            line.append((f"{text:>{column.width + 2}}", FAINT if hidden else PLAIN))
    return line


def _name(one: Reading) -> str:
    many = len(one.members)
    return f"mean of {many} seeds" if many > 1 else one_line(one.label, 80)


def _numbers(one: Reading, parts: Widths, style: Style) -> Line:
    """The value and how far it is from the baseline's; or why there is none."""
    room = parts.value + 10 * parts.apart
    if one.value is None:
        why = one.why or "-"
        return [(f"{short(why, room - 1):>{room}}", FAINT)]
    text = number(one.value)
    if one.deviation is not None:
        text += f" ±{number(one.deviation, 2)}"
    line: Line = [(f"{text:>{parts.value}}", style)]
    if parts.apart:
        less = "" if one.difference is None else f"{one.difference:+.3g}"
        line.append((f"{less:>10}", DIM))
    return line


def pad_to(text: str, room: int) -> str:
    """``text`` in exactly ``room`` cells; of a name that is too long the end is kept too."""
    if wide(text) > room:
        end = max(1, room // 2 if text.isascii() else room // 4)
        text = text[: room - end - 1] + "…" + text[len(text) - end :]
    return in_cells(text, room)


def head(frame: Frame | None, sight: Sight, width: int) -> Line:
    """What is compared and how, in one line."""
    if frame is None:
        return [(" opening the runs", DIM)]
    count = len(frame.found.views)
    line: Line = [(" compare  ", palette.BLUE_STRONG)]
    line.append((f"{count} run{'' if count == 1 else 's'}", STRONG))
    if frame.live:
        line.append((f", {frame.live} live", GREEN))
    if frame.left_out:
        line.append((f", {len(frame.left_out)} left out", AMBER))
    said = [one_line(sight.metric, 40), f"over {sight.axis}{'s' * (sight.axis != 'time')}"]
    said += ["log"] if sight.log_scale else []
    said += ["mean ± sd of seeds"] if sight.seeds else []
    labels = list(frame.found.views)
    if sight.baseline in labels:
        said.append(f"{PINNED} baseline {labels.index(sight.baseline) + 1}")
    for words in said:
        if length(line) + len(words) + 4 > width:
            break
        line.append((f"   {words}", BLUE if words == said[0] else PLAIN))
    return pad(line, width)
