"""What has been set in a running loop: the spec in force now, remedies and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.run.in_force import in_force as spec_in_force
from tuiwb.run.in_force import settings as run_settings
from tuiwb.run.view import RunView
from tuiwb.spec.sections import Spec


def settings(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Every knob that was set and accepted, with the last value it was given."""
    found: dict[str, Any] = {}
    for setting in run_settings(events):
        found |= setting.args
    return found


def in_force(view: RunView) -> Spec:
    """The run's spec with what was set since. Raises `UserError` where it has none to change."""
    if view.spec is None:
        raise UserError(
            f"{view.id} has no knobs that could be set",
            where=str(view.path),
            found="a loop of your own" if view.meta.get("watched") else "no spec that can be read",
        )
    return spec_in_force(view.spec.spec, view.events)


def applied(view: RunView, finding: Mapping[str, Any]) -> dict[str, Any] | None:
    """The newest command that took this finding's remedy into the running loop: sent against its
    symptom, before that was found again."""
    symptom, since = finding.get("symptom"), finding.get("time", 0.0)
    again = (f["time"] for f in view.findings if f.get("symptom") == symptom and f["time"] > since)
    until = min(again, default=float("inf"))
    for event in view.events[::-1]:
        sent = event["kind"] == "command" and event.get("by") == f"doctor:{symptom}"
        if sent and event.get("accepted") and since <= event["time"] < until:
            return event
    return None


def outcome(view: RunView, finding: Mapping[str, Any]) -> dict[str, Any] | None:
    """What came of it, where that has been judged: the first verdict after it was applied last."""
    done = applied(view, finding)
    if done is None:
        return None
    for event in view.events:
        told = event["kind"] == "outcome" and event.get("symptom") == finding.get("symptom")
        if told and event["time"] >= done["time"] and event.get("since") == done.get("step"):
            return event
    return None
