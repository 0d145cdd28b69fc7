"""What has changed since a run was trained last, and what may come out differently for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuiwb.run.provenance import provenance
from tuiwb.run.view import RunView

_BECAUSE = {
    "tuiwb": "what a knob does may have changed, and losses with it",
    "torch": "sums may be rounded otherwise, and losses differ from their last digits on",
    "numpy": "drawn data may differ",
    "scikit-learn": "how data is split may differ",
}
"""Packages whose version tells on a run, and how."""


def here() -> dict[str, Any]:
    """What a later resume compares with."""
    now = provenance()
    return {key: now[key] for key in ("versions", "host")}


def since(view: RunView, now: Mapping[str, Any]) -> list[str]:
    """In words, what is not as it was for the worker before."""
    resumes = (event for event in reversed(view.events) if event["kind"] == "resumed")
    then: Mapping[str, Any] = next(resumes, view.meta)
    before, after = then.get("versions"), now["versions"]
    before = before if isinstance(before, Mapping) else {}
    told = []
    for package, because in _BECAUSE.items():
        was, is_now = before.get(package), after.get(package)
        if was and is_now and was != is_now:
            told.append(f"{package} was {was} and is {is_now} now: {because}")
    if then.get("host") and then["host"] != now["host"]:
        told.append(
            f"it was trained on {then['host']} and goes on on {now['host']}: another processor may "
            f"round otherwise"
        )
    return told


def device(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The same of two ``device`` events of the journal; none where there was none before."""
    keys = ("device", "hardware", "precision", "threads")
    told = {key: (before.get(key), after.get(key)) for key in keys}
    told["processes"] = (before.get("processes", 1), after.get("processes", 1))
    differ = [
        f"{key} was {was} and is {now} now"
        for key, (was, now) in told.items()
        if was is not None and was != now
    ]
    if not before:
        return []
    if not differ:
        return []
    return [f"{', '.join(differ)}: losses may differ from their last digits on"]


def data(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The same of two ``data`` events."""
    if not before.get("fingerprint") or before["fingerprint"] == after.get("fingerprint"):
        return []
    sizes = [f"{e.get('train')} + {e.get('val')} samples" for e in (before, after)]
    told = f" ({sizes[0]}, now {sizes[1]})" if sizes[0] != sizes[1] else ""
    return [f"the data is not what it was{told}: from here on it trains on other samples"]
