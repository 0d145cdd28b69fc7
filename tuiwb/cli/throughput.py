"""Presets that are there for their pace, and those that this machine is too small for: what
`verify` says of them. Neither counts as met, and neither as missed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from tuiwb.base.format import si

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

NOT_RUN = "not run"
ONLY = "throughput only"


def missing(needs: str, device: str | None) -> str:
    """What a preset needs and does not find here, in words; empty where it can be run."""
    if needs != "gpu":
        return ""
    there = not device.startswith("cpu") if device not in (None, "auto") else _a_gpu()
    return "" if there else "it needs a GPU, and there is none to train on"


@cache
def _a_gpu() -> bool:
    from tuiwb.cli.commands.info import machine

    return any(found["device"] != "cpu" for found in machine().get("devices", ()))


def not_run(name: str, why: str) -> dict[str, Any]:
    """The row of a preset that was not trained."""
    return {**_empty(name), "state": NOT_RUN, "why": why}


def row(name: str, views: Sequence[RunView], memory: int | None) -> dict[str, Any]:
    """The row of a preset that promises nothing but to train: its pace, over all of its seeds."""
    from tuiwb.cli import summary

    paces = [summary.pace(view) for view in views]
    values = [pace for _, _, pace in paces]
    known = [value for value in values if value is not None]
    states = [view.status.state for view in views]
    state = next((state for state in states if state != "finished"), "finished")
    return {
        **_empty(name),
        "metric": f"{summary.unit(views[0])}/s",
        "value": statistics.fmean(known) if known else None,
        "values": values,
        "steps": views[0].status.step,
        "seconds": sum(seconds or 0.0 for seconds, _, _ in paces),
        "memory": memory,
        "met": None if state == "finished" else False,
        "run": views[0].id,
        "runs": [view.id for view in views],
        "state": state,
        "why": f"on {summary.hardware(views[0])}",
    }


def line(row: Mapping[str, Any]) -> str:
    """The row in a line."""
    if row["state"] == NOT_RUN:
        return f"{row['preset']}: {NOT_RUN}: {row['why']}"
    pace = "no pace" if row["value"] is None else f"{si(row['value'])} {row['metric']}"
    verdict = ONLY if row["met"] is None else f"NOT FINISHED ({row['state']})"
    return f"{row['preset']}: {pace} {row['why']}: {verdict}"


def verdict(row: Mapping[str, Any]) -> str:
    """The cell under ``met``."""
    if row["met"] is not None:
        return "yes" if row["met"] else "NO"
    return NOT_RUN if row["state"] == NOT_RUN else ONLY


def _empty(name: str) -> dict[str, Any]:
    return {
        "preset": name,
        "metric": "throughput",
        "target": None,
        "value": None,
        "values": [],
        "baseline": "",
        "steps": 0,
        "seconds": 0.0,
        "memory": None,
        "met": None,
        "run": None,
        "runs": [],
        "bound": "-",
    }
