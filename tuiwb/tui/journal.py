"""A run's events as lines: what the log pane says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.style import Style

from tuiwb.base.format import count, duration, number, size
from tuiwb.base.text import clean
from tuiwb.client.answers import asked
from tuiwb.run.resuming import words as resumed_words
from tuiwb.run.view import RunView
from tuiwb.tui import palette
from tuiwb.tui.palette import AMBER, DIM, FAINT, GREEN, PLAIN, RED
from tuiwb.tui.widgets.lines import Line, length, short, wrap

NEWEST = 500
"""Events that the log pane holds."""
_METRICS = 40
"""Metrics of an evaluation that are told in its line, which holds 300 characters."""
_EMPTY = "what happens is written here: states, evaluations, checkpoints"
_WHOLE = ("state", "command", "finding", "outcome", "study", "resumed", "warning", "error", "note")
"""Events whose words are told to their end."""
_NARROW = 56
"""Columns under which a line begins with its step alone, or its time where it has none."""


@dataclass
class Log:
    """The lines of the log pane: each is made once, an event never changes."""

    _of: tuple[object, ...] = ()
    _lines: list[Line] = field(default_factory=list)
    _made: dict[int, tuple[Mapping[str, Any], list[Line]]] = field(default_factory=dict)
    """By the identity of the event, which is kept beside so that it stays that event's."""
    _made_for: tuple[float, int] = (0.0, 0)

    def lines(self, view: RunView, width: int) -> list[Line]:
        """What happened, oldest first: time since the start, step, words."""
        of = (view.events, view.status.last_words, width)
        if len(self._of) != 3 or of[0] is not self._of[0] or of[1:] != self._of[1:]:
            self._of, self._lines = of, self._all(view, width)
        return self._lines

    def _all(self, view: RunView, width: int) -> list[Line]:
        start = view.events[0]["time"] if view.events else 0.0
        events = view.events[-NEWEST:]
        if self._made_for != (start, width):
            self._made, self._made_for = {}, (start, width)
        made = {id(event): (event, _told(event, start, width)) for event in events
                if id(event) not in self._made}  # fmt: skip
        self._made = {id(event): made.get(id(event)) or self._made[id(event)] for event in events}
        lines = [line for _, told in self._made.values() for line in told]
        for words in view.status.last_words:
            lines += _after([(" " * (23 if width >= _NARROW else 9), PLAIN)], words, RED, width)
        return lines or [[(f" {part}", DIM)] for part in wrap(_EMPTY, width - 2)]


def _told(event: Mapping[str, Any], start: float, width: int) -> list[Line]:
    """An event in a line; what comes seldom and says why in as many as it takes."""
    words, style = _words(event)
    if not words:
        return []
    step = event.get("step")
    at = duration(event["time"] - start)
    where = f"{'step ' + str(step) if step is not None else '':>12}"
    when = [(f" {at:>7} ", FAINT), (f"{where}  ", DIM)]
    if width < _NARROW:
        when = [(f"{step if step is not None else at:>7}  ", DIM)]
    if event["kind"] in _WHOLE:
        return _after(when, words, style, width)
    return [[*when, (short(clean(words, 300), width - length(when)), style)]]


def _after(when: Line, words: str, style: Style, width: int) -> list[Line]:
    """``words`` in lines, the first of them after ``when``."""
    first, *more = wrap(clean(words, 300), width - length(when))
    return [[*when, (first, style)], *([(" " * length(when) + m, style)] for m in more)]


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
            if not parts:  # a loop of the user's own has batches
                return f"batches of {event.get('batch_size', '?')}", PLAIN
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
            if event.get("accepted", True) and event.get("command") == "note":
                return "", DIM  # the note itself has a line
            done = "" if event.get("accepted", True) else f" refused: {text.get('reason', '')}"
            return f"{asked(event)} by {_who(text)}{done}", AMBER
        case "finding":
            told = text.get("words") or text.get("evidence", "")
            grave = text.get("severity") == "alarm"
            return f"{text.get('symptom', '')}: {told}", RED if grave else AMBER
        case "outcome":
            verdict = text.get("verdict", "")
            style = {"helped": GREEN, "worse": RED}.get(verdict, AMBER)
            since = event.get("since")
            return f"{text.get('symptom', '')}: what was set at step {since}: {verdict}", style
        case "resumed":
            return resumed_words(event), GREEN
        case "study":
            return study_line(event), GREEN
        case "error":
            return text.get("what", "error"), RED
        case "picture":
            return "", DIM  # they have a pane of their own
        case "warning":
            return text.get("text", ""), AMBER
        case "note":
            by = f"note by {_who(text)}: " if "who" in text else ""
            return f"{by}{text.get('text', '')}", PLAIN
    return text.get("text", event["kind"]), DIM


def study_line(event: Mapping[str, Any]) -> str:
    """A study's figures in a line; what is not finite is null in the journal."""
    figures = event.get("figures")
    found = figures.items() if isinstance(figures, dict) else ()
    words = (
        f"{key.replace('_', ' ')} {'not finite' if value is None else number(value)}"
        for key, value in found
        if value is None or isinstance(value, int | float)
    )
    return ", ".join(words) or str(event.get("name", "study"))


def _who(text: Mapping[str, str]) -> str:
    """Who asked for something, and through what: ``ada@box (bench)``."""
    by, who = text.get("by", "?"), text.get("who")
    return f"{who} ({by})" if who else by


def _metrics(metrics: object) -> str:
    if not isinstance(metrics, dict):
        return "evaluated"
    found = [(k, v) for k, v in metrics.items() if isinstance(v, int | float)][:_METRICS]
    return "  ".join(f"{key.replace('_', ' ')} {number(value)}" for key, value in found)
