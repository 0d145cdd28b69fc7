"""What the journal's events add up to: the state, the model, the latest metrics, the findings."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

FINAL = ("finished", "stopped", "diverged", "failed")
QUEUED = "queued"
"""The state that whoever submits a run writes; all others are its worker's."""
STATES = (QUEUED, "starting", "training", "paused", *FINAL)
MAX_EVENTS = 50_000
"""Events kept for readers, the newest; what they add up to is kept of all."""
_MAX_LAYERS = 100_000
_MEASURED = ("evaluation", "picture")
"""Events that tell of the model at a step."""
_MAX_FINDINGS = 1_000


@dataclass(frozen=True)
class LayerInfo:
    """A leaf module: dotted path, class name, number of parameters."""

    name: str
    kind: str
    parameters: int


class Hang(NamedTuple):
    """No step had come for ``lasted`` seconds when it was seen (Unix seconds)."""

    lasted: float
    seen: float


@dataclass
class Facts:
    """The fold of a journal; feed it events in order. Odd fields in an event are passed by."""

    state: str | None = None
    doing: str = ""
    reason: str = ""
    state_time: float = 0.0
    started: float | None = None
    ended: float | None = None
    step: int = 0
    time: float = 0.0
    layers: tuple[LayerInfo, ...] = ()
    parameters: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    device: Mapping[str, Any] = field(default_factory=dict)
    baselines: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    idle: float = 0.0
    """Seconds between the lives of a resumed run, in which nobody trained it."""
    begun: float = 0.0
    """When the newest worker said that it starts (Unix seconds)."""
    cuts: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Of each table: segments before this number count up to this step; a resume each."""
    findings: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_MAX_FINDINGS))
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))

    def add(self, event: dict[str, Any]) -> None:
        """Take in one event as `journal.parse_event` gave it."""
        self.events.append(event)
        self.time = max(self.time, event["time"])
        if event["step"] is not None:
            self.step = event["step"]
        match event["kind"]:
            case "state":
                self._state(event)
            case "model":
                self._model(event)
            case "data":
                self.data = event
                self.baselines = numbers(event.get("baselines"))
            case "device":
                self.device = event
            case "evaluation":
                self.metrics = numbers(event.get("metrics"))
            case "finding":
                self.findings.append(event)
            case "error":
                self.error = event
            case "resumed":
                self._resumed(event)

    def hang(self, step: int) -> Hang | None:
        """The hang that holds the run at ``step``; None where none does, or a step has come since.

        A hang of before the worker's present state is over: it was resumed, or paused.
        """
        for finding in reversed(self.findings):
            if finding.get("symptom") == "stall":
                evidence = finding.get("evidence")
                lasted = numbers(evidence).get("seconds", 0.0)
                late = finding["time"] < self.state_time or finding.get("inherited")
                if late or finding["step"] != step or not 0 <= lasted < 1e9:
                    return None
                return Hang(lasted, finding["time"])
        return None

    def _state(self, event: dict[str, Any]) -> None:
        state = event.get("state")
        if state not in STATES:
            return
        if self.state == QUEUED and not self.begun:
            self.idle += max(0.0, event["time"] - self.state_time)  # later waits: see `_resumed`
        was, self.state, self.state_time = self.state, state, event["time"]
        self.doing, self.reason = _text(event.get("doing")), _text(event.get("reason"))
        self.started = self.state_time if self.started is None else self.started
        self.ended = self.state_time if state in FINAL else None
        if state == "starting":
            self.error = None  # a resumed run has put it behind
            if was != "starting":
                self.begun = self.state_time

    def _resumed(self, event: dict[str, Any]) -> None:
        """What was measured past the checkpoint is measured anew: it does not count any more."""
        step, idle, segments = (event.get(key) for key in ("from_step", "idle_s", "segments"))
        if not isinstance(step, int) or step < 0:
            return
        if isinstance(idle, int | float) and 0 <= idle < 1e11:
            self.idle += idle
        for table, number in segments.items() if isinstance(segments, dict) else ():
            if isinstance(number, int):
                self.cuts.setdefault(table, []).append((number, step))
        kept = [e for e in self.events if e["kind"] not in _MEASURED or (e["step"] or 0) <= step]
        self.events = deque(kept, maxlen=MAX_EVENTS)
        last: dict[str, Any] = next((e for e in reversed(kept) if e["kind"] == "evaluation"), {})
        self.metrics = numbers(last.get("metrics"))
        self.step = step

    def _model(self, event: dict[str, Any]) -> None:
        layers = event.get("layers")
        self.layers = tuple(
            LayerInfo(_text(d.get("name")), _text(d.get("kind")), _count(d.get("parameters")) or 0)
            for d in (layers if isinstance(layers, list) else [])[:_MAX_LAYERS]
            if isinstance(d, dict)
        )
        self.parameters = _count(event.get("parameters"))


def numbers(value: object) -> dict[str, float]:
    """The numbers of a JSON object; null (the journal's word for what is not finite) is NaN."""
    if not isinstance(value, dict):
        return {}
    found = {}
    for key, number in value.items():
        if number is None:
            found[key] = math.nan
        elif isinstance(number, int | float) and abs(number) < 1e300:
            found[key] = float(number)
    return found


def _text(value: object) -> str:
    return value[:4000] if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else None
