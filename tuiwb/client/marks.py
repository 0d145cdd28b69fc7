"""What happened to a run at a step, as marks for its charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tuiwb.base.text import clean
from tuiwb.client.answers import asked
from tuiwb.client.lineage import Child, forked
from tuiwb.run.view import RunView

LABEL = 24
"""Characters of a label."""
TURNS = ("set", "stop", "pause", "resume")
"""Commands that change the course: they are labelled. What only looks is a small sign."""
# a checkpoint that nobody asked for is "kept": they come often
THEMSELVES = ("note", "checkpoint")
"""Commands that leave an event of their own, which is marked."""


class Happened(NamedTuple):
    """One mark: where, when, of which kind, with which words."""

    step: int
    time: float
    kind: str
    label: str


def happened(events: Iterable[Mapping[str, Any]]) -> list[Happened]:
    """Findings, commands that were obeyed, checkpoints, notes and errors that have a step, in the
    journal's order. Refused commands changed nothing, and an inherited one is its parent's."""
    return [
        Happened(event["step"], event["time"], *what)
        for event in events
        if event.get("step") is not None and (what := _kind(event)) is not None
    ]


def course(view: RunView, children: Iterable[Child] = ()) -> list[Happened]:
    """All that happened to a run, where it left its parent, and where its ``children`` left it."""
    forks = _forks(view, children)
    # that a fork goes on from its first step is said by the fork
    begun = [one.step for one in forks]
    told = [one for one in happened(view.events) if one.kind != "resume" or one.step not in begun]
    return [*told, *forks]


def _forks(view: RunView, children: Iterable[Child]) -> list[Happened]:
    parent = forked(view.meta)
    places = [(parent[1], f"fork of {parent[0]}")] if parent is not None else []
    places += [(child.step, child.name) for child in children]
    found = []
    for step, label in places:
        row = view.table("steps").row_at(step)
        time = float(row["time"]) if row is not None else 0.0
        found.append(Happened(step, time, "fork", _label(label)))
    return found


def severity(finding: Mapping[str, Any]) -> str:
    """The kind of mark that a finding is."""
    return "finding" if finding.get("severity") == "alarm" else "warning"


def _kind(event: Mapping[str, Any]) -> tuple[str, str] | None:
    match event["kind"]:
        case "finding":
            return severity(event), _label(event.get("symptom"))
        case "error":
            return "error", _label(event.get("what"))
        case "checkpoint":
            return "checkpoint" if event.get("reason") == "asked" else "kept", ""
        case "note":
            return "note", _label(event.get("text"))
        case "resumed":
            return "resume", "resumed"
        case "command" if event.get("accepted") is not False:
            name = event.get("command")
            if name in THEMSELVES:
                return None
            words = clean(asked(event), LABEL)
            return ("command", words) if name in TURNS else ("look", words)
    return None


def _label(text: object) -> str:
    return clean(str(text or ""), LABEL)
