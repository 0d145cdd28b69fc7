"""A run's events and findings as lines: what the log and the doctor panes say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.style import Style

from tuiwb.base.format import count, duration, number, size
from tuiwb.base.text import clean
from tuiwb.run.view import RunView
from tuiwb.tui import palette
from tuiwb.tui.palette import AMBER, DIM, FAINT, GREEN, PLAIN, RED, STRONG
from tuiwb.tui.widgets.lines import Line, wrap

NEWEST = 500
"""Events that the log pane holds."""
_NARROW = 56
"""Columns under which a line begins with its step alone, or its time where it has none."""


def log_lines(view: RunView, width: int) -> list[Line]:
    """What happened, oldest first: time since the start, step, words."""
    start = view.events[0]["time"] if view.events else 0.0
    lines = []
    for event in view.events[-NEWEST:]:
        words, style = _words(event)
        if words:
            step = event.get("step")
            at = duration(event["time"] - start)
            where = f"{'step ' + str(step) if step is not None else '':>12}"
            when = [(f" {at:>7} ", FAINT), (f"{where}  ", DIM)]
            if width < _NARROW:
                when = [(f"{step if step is not None else at:>7}  ", DIM)]
            lines.append([*when, (clean(words, 300), style)])
    for line in view.status.last_words:
        lines.append([(" " * (23 if width >= _NARROW else 9), PLAIN), (clean(line, 300), RED)])
    return lines or [[(" what happens is written here: states, evaluations, checkpoints", DIM)]]


def _words(event: Mapping[str, Any]) -> tuple[str, Style]:
    text = {key: str(value) for key, value in event.items() if isinstance(value, str)}
    match event["kind"]:
        case "state":
            state = text.get("state", "")
            more = text.get("doing") or text.get("reason")
            return (f"{state}: {more}" if more else state), palette.state(state).style
        case "model":
            layers, size_ = event.get("layers"), event.get("parameters")
            n = len(layers) if isinstance(layers, list) else 0
            return f"model of {n} layers, {count(size_ or 0)} parameters", PLAIN
        case "data":
            parts = [f"{key} {event[key]}" for key in ("train", "val", "test") if key in event]
            return f"data {text.get('name', '')}: {', '.join(parts)}", PLAIN
        case "device":
            return f"on {text.get('device', '?')}, {text.get('precision', '')}".strip(", "), PLAIN
        case "evaluation":
            best = "  best so far" if event.get("best") else ""
            return _metrics(event.get("metrics")) + best, GREEN if best else PLAIN
        case "checkpoint":
            bytes_ = event.get("bytes")
            kept = f", {size(bytes_)}" if isinstance(bytes_, int | float) else ""
            return f"checkpoint{kept} {text.get('reason', '')}".rstrip(), DIM
        case "command":
            done = "" if event.get("accepted", True) else f" refused: {text.get('reason', '')}"
            return f"{text.get('command', '')} by {text.get('by', '?')}{done}", AMBER
        case "finding":
            return f"{text.get('symptom', '')}: {text.get('evidence', '')}", AMBER
        case "error":
            return text.get("what", "error"), RED
        case "picture":
            return "", DIM  # they have a pane of their own
        case "warning" | "note":
            return text.get("text", ""), AMBER if event["kind"] == "warning" else PLAIN
    return text.get("text", event["kind"]), DIM


def _metrics(metrics: object) -> str:
    if not isinstance(metrics, dict):
        return "evaluated"
    found = [(k, v) for k, v in metrics.items() if isinstance(v, int | float)]
    return "  ".join(f"{key.replace('_', ' ')} {number(value)}" for key, value in found)


def doctor_lines(view: RunView, width: int) -> list[Line]:
    """How the run does, in words: its end where it ended badly, its findings, or healthy."""
    lines: list[Line] = []
    status = view.status
    look = palette.state(status.state)
    if status.state in ("crashed", "failed", "diverged"):
        lines += [[(f" {look.glyph} ", RED), (t, palette.RED_STRONG)] if i == 0 else
                  [(f"   {t}", palette.RED_STRONG)]
                  for i, t in enumerate(wrap(clean(status.words), width - 4))]  # fmt: skip
        error = status.error or {}
        for key in ("where", "found", "allowed", "nearest", "next"):
            if error.get(key):
                lines += _pair(key, str(error[key]), width)
        lines += [[(f"   {clean(line, 300)}", DIM)] for line in status.last_words]
        lines.append([])
    for finding in reversed(view.findings):
        lines += _finding(finding, width)
    if not lines:
        lines.append(_health(view))
    lines += [[(f" {p}", AMBER)] for problem in view.problems for p in wrap(problem, width - 2)]
    about = view.spec.spec.about if view.spec else None
    if about is not None and about.look_at:
        lines += [[], [(" look at", DIM)]]
        lines += [[(f" {text}", PLAIN)] for text in wrap(clean(about.look_at), width - 2)]
    return lines


def _health(view: RunView) -> Line:
    if not view.table("steps").rows:
        return [(" ○ ", DIM), ("nothing to judge yet", DIM)]
    lost = sum(1 for value in view.metrics.values() if value != value)
    if lost:
        return [(" ▲ ", AMBER), ("the last evaluation was not finite", AMBER)]
    return [(" ● ", GREEN), ("healthy", GREEN), ("  nothing found", DIM)]


def _finding(finding: Mapping[str, Any], width: int) -> list[Line]:
    grave = finding.get("severity") in ("error", "critical", "severe", "high")
    style = RED if grave else AMBER
    step = finding.get("step")
    lines: list[Line] = [
        [
            (" ▲ ", style),
            (clean(str(finding.get("symptom", "")), 60), style + STRONG),
            (f"  step {step}" if step is not None else "", DIM),
        ]
    ]
    for key in ("evidence", "causes", "remedy"):
        value = finding.get(key)
        if value:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines += _pair("" if key == "evidence" else key, text, width)
    return [*lines, []]


def _pair(name: str, text: str, width: int) -> list[Line]:
    indent = len(name) + 4 if name else 3
    first, *rest = wrap(clean(text, 600), width - indent - 1)
    head: Line = [(f"   {name} ", DIM), (first, PLAIN)] if name else [(f"   {first}", PLAIN)]
    return [head, *([(" " * indent + part, PLAIN)] for part in rest)]
