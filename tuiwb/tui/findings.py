"""The doctor's findings as lines: how the run does, what was found, why, and what helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.style import Style

from tuiwb.base.text import clean
from tuiwb.client.settings import applied, outcome
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.figure import Figure
from tuiwb.run.view import RunView
from tuiwb.spec.toml import literal
from tuiwb.tui import palette
from tuiwb.tui.evidence import numbers, span
from tuiwb.tui.palette import AMBER, DIM, FAINT, GREEN, PLAIN, RED, STRONG
from tuiwb.tui.widgets.chart import style_of
from tuiwb.tui.widgets.lines import Line, over, pad, wrap

CHART_ROWS = 6
SIDE = 36
"""Columns that a chart needs before another stands beside it."""
ROWS_OF_CHARTS = 2
Key = tuple[str, int]
"""Which finding: its symptom and its first step."""
Paint = Callable[[Figure, int, int], Canvas]

TIERS = {
    "hot": "enter sets it in the running loop",
    "branch": "enter opens a fork with it, from the checkpoint before",
    "restart": "enter opens the set-up of a new run with it",
}
"""What a remedy takes, in words."""
VERDICTS = {"helped": ("✓", GREEN), "no effect": ("·", AMBER), "worse": ("✗", RED)}


def key_of(finding: Mapping[str, Any]) -> Key:
    """What a finding is known by."""
    return str(finding.get("symptom", "")), span(finding)[0]


def newest_first(view: RunView) -> list[Mapping[str, Any]]:
    """The findings in the order that the pane shows them."""
    return list(reversed(view.findings))


def chosen(view: RunView, key: Key | None) -> Mapping[str, Any] | None:
    """The finding of that key, the newest where there is none of it."""
    found = newest_first(view)
    return next((f for f in found if key_of(f) == key), found[0] if found else None)


def change_of(finding: Mapping[str, Any]) -> tuple[str, dict[str, Any], str]:
    """A remedy's tier, its change of the spec, its words."""
    remedy = finding.get("remedy")
    if not isinstance(remedy, Mapping):
        return "", {}, clean(str(remedy or ""), 300)
    change = remedy.get("change")
    return (
        str(remedy.get("tier", "")),
        dict(change) if isinstance(change, Mapping) else {},
        clean(str(remedy.get("words", "")), 300),
    )


def doctor_lines(
    view: RunView,
    width: int,
    key: Key | None = None,
    charts: Sequence[Figure] = (),
    paint: Paint | None = None,
    focused: bool = False,
) -> tuple[list[Line], int, int]:
    """How the run does: its end where it ended badly, its findings, or healthy; and between which
    of the lines the chosen finding stands, which alone is shown whole."""
    lines = _end(view, width)
    top = bottom = 0
    here = chosen(view, key)
    for finding in newest_first(view):
        if finding is not here:
            lines.append([*_head(finding), *_so_far(view, finding)])
            continue
        top = len(lines)
        head = _head(finding)
        lines.append(over(pad(head, width), palette.CHOSEN) if focused else head)
        lines += _whole(view, finding, width, charts, paint)
        bottom = len(lines)
        lines.append([])
    if not lines:
        lines.append(_health(view))
    lines += [[(f" {p}", AMBER)] for problem in view.problems for p in wrap(problem, width - 2)]
    about = view.spec.spec.about if view.spec else None
    if about is not None and about.look_at:
        lines += [[], [(" look at", DIM)]]
        lines += [[(f" {text}", PLAIN)] for text in wrap(clean(about.look_at), width - 2)]
    return lines, top, bottom


def _end(view: RunView, width: int) -> list[Line]:
    status, lines = view.status, list[Line]()
    look = palette.state(status.state)
    if status.state in ("crashed", "failed", "diverged"):
        lines += [[(f" {look.glyph} ", RED), (t, palette.RED_STRONG)] if i == 0 else
                  [(f"   {t}", palette.RED_STRONG)]
                  for i, t in enumerate(wrap(clean(status.words), width - 4))]  # fmt: skip
        error = status.error or {}
        for key in ("where", "found", "allowed", "nearest", "next"):
            if error.get(key):
                lines += _pair(key, str(error[key]), width)
        lines += [
            [(f"   {part}", DIM)]
            for words in status.last_words
            for part in wrap(clean(words, 300), width - 4)
        ]
        lines.append([])
    return lines


def _health(view: RunView) -> Line:
    if not view.table("steps").rows:
        return [(" ○ ", DIM), ("nothing to judge yet", DIM)]
    lost = sum(1 for value in view.metrics.values() if value != value)
    if lost:
        return [(" ▲ ", AMBER), ("the last evaluation was not finite", AMBER)]
    return [(" ● ", GREEN), ("healthy", GREEN), ("  nothing found", DIM)]


def severity(finding: Mapping[str, Any]) -> Style:
    """The colour of a finding."""
    return RED if finding.get("severity") == "alarm" else AMBER


def _head(finding: Mapping[str, Any]) -> Line:
    style = severity(finding)
    begin, until = span(finding)
    steps = f"steps {begin}-{until}" if until > begin else f"step {begin}"
    return [
        (" ▲ ", style),
        (clean(str(finding.get("symptom", "")), 60), style + STRONG),
        (f"  {clean(str(finding.get('severity', '')), 20)}", style),
        (f"  {steps}", DIM),
    ]


def _so_far(view: RunView, finding: Mapping[str, Any]) -> Line:
    done = applied(view, finding)
    if done is None:
        return []
    told = outcome(view, finding)
    verdict = str(told.get("verdict", "")) if told is not None else "set"
    glyph, style = VERDICTS.get(verdict, ("·", DIM))
    return [(f"  {glyph} {verdict}", style)]


def _whole(
    view: RunView,
    finding: Mapping[str, Any],
    width: int,
    charts: Sequence[Figure],
    paint: Paint | None,
) -> list[Line]:
    lines: list[Line] = []
    if finding.get("words"):
        text = wrap(clean(str(finding["words"]), 600), width - 4)
        lines += [[(f"   {part}", PLAIN)] for part in text]
    lines += _remedy(view, finding, width)
    if paint is not None and width >= 24:
        lines += _drawn(charts, width - 1, paint)
    told = "; ".join(numbers(finding.get("evidence")))
    lines += [[(f"   {part}", DIM)] for part in (wrap(told, width - 4) if told else ())]
    causes = finding.get("causes")
    for i, cause in enumerate(causes if isinstance(causes, list | tuple) else ()):
        lines += _pair("causes" if i == 0 else "      ", str(cause), width)
    return lines


def _drawn(charts: Sequence[Figure], width: int, paint: Paint) -> list[Line]:
    """The charts in rows: side by side where there is room."""
    across = max(1, min(len(charts), width // SIDE))
    each = width // across
    lines: list[Line] = []
    for at in range(0, min(len(charts), across * ROWS_OF_CHARTS), across):
        row = [paint(figure, each - 2, CHART_ROWS) for figure in charts[at : at + across]]
        for y in range(CHART_ROWS):
            line: Line = []
            for canvas in row:
                line.append(("  ", PLAIN))
                line += [(r.text, style_of(r.fg, r.bg, r.attr)) for r in canvas.runs(y)]
            lines.append(line)
    return lines


def _remedy(view: RunView, finding: Mapping[str, Any], width: int) -> list[Line]:
    tier, change, words = change_of(finding)
    lines = _pair("remedy", words or "none is known", width, GREEN)
    for name, value in change.items():
        lines.append([("          ", PLAIN), (f"{name} = {literal(value)}", palette.BLUE_STRONG)])
    done = applied(view, finding)
    if done is not None:
        lines += _pair("set   ", f"at step {done.get('step')}", width)
        if (told := outcome(view, finding)) is not None:
            verdict = str(told.get("verdict", ""))
            glyph, style = VERDICTS.get(verdict, ("·", AMBER))
            since = told.get("step", 0) - told.get("since", 0)
            lines.append([("   so far ", DIM), (f"{glyph} {verdict}", style + STRONG),
                          (f"  judged {since} steps later", DIM)])  # fmt: skip
        elif not view.status.ended_now:
            lines.append([("   so far ", DIM), ("watching what comes of it", FAINT)])
    elif change:
        ended = tier == "hot" and view.status.ended_now
        takes = TIERS["restart"] if ended else TIERS.get(tier, "")
        takes = "the loop is your own: change it there" if view.own else takes
        lines += [[("          ", PLAIN), (part, FAINT)] for part in wrap(takes, width - 11)]
    return lines


def _pair(name: str, text: str, width: int, style: Style = PLAIN) -> list[Line]:
    indent = len(name) + 4
    first, *rest = wrap(clean(text, 600), width - indent - 1)
    head: Line = [(f"   {name} ", DIM), (first, style)]
    return [head, *([(" " * indent + part, style)] for part in rest)]
