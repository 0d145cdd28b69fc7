"""A lesson from its runs to its verdict, for `lesson` and for `verify`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base.format import duration, number
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.cli.following import Start
    from tuiwb.client.lessons import Judged
    from tuiwb.client.standby import Standby
    from tuiwb.run.view import RunView
    from tuiwb.spec.lessons import Lesson


def starts(
    name: str,
    lesson: Lesson,
    runs: Path,
    overrides: Sequence[str] = (),
    device: str | None = None,
    standby: Standby | None = None,
) -> list[Start]:
    """What starts each run of a lesson. All are resolved now: a mistake costs no training."""
    from tuiwb.spec.lessons import resolve_run

    more = (*overrides, *([f"train.device={device}"] if device is not None else []))
    specs = [resolve_run(name, lesson, run, more) for run in lesson.runs]
    from tuiwb.client.launch import launch

    return [partial(launch, spec, runs, argv=tuple(sys.argv), standby=standby) for spec in specs]


def report(
    name: str, lesson: Lesson, views: Mapping[str, RunView], judged: Sequence[Judged]
) -> dict[str, Any]:
    """What ``--json`` prints of a lesson."""
    from tuiwb.cli import summary

    return {
        "lesson": name,
        "title": lesson.about.title,
        "story": lesson.about.story,
        "paper": lesson.about.paper,
        "measured": lesson.about.measured,
        "met": all(check.met for check in judged)
        and all(view.status.state in ("finished", "diverged") for view in views.values()),
        "runs": [
            {
                "label": run.label,
                "note": run.note,
                "run": view.id,
                "path": view.path,
                "preset": view.preset,
                "set": [*lesson.set, *run.set],
                "state": view.status.state,
                "steps": view.status.step,
                "seconds": summary.pace(view)[0],
                "metrics": dict(view.metrics),
                "findings": sorted({str(finding.get("symptom")) for finding in view.findings}),
            }
            for run, view in zip(lesson.runs, views.values(), strict=True)
        ],
        "asserts": [check.as_dict() for check in judged],
    }


def runs_table(facts: Mapping[str, Any]) -> str:
    """The runs of a lesson: what was done to each, and how it ended."""
    return output.grid(
        ("run", "state", "steps", "seconds", "folder", "what is different"),
        [
            (
                run["label"],
                run["state"],
                str(run["steps"]),
                duration(run["seconds"]),
                run["run"],
                run["note"] or ", ".join(run["set"]),
            )
            for run in facts["runs"]
        ],
        right=("steps", "seconds"),
    )


def checks_table(judged: Sequence[Judged]) -> str:
    """The checks of a lesson with value and target, each with what it shows."""
    return output.grid(
        ("check", "value", "target", "met", "which shows that"),
        [
            (
                check.words,
                check.value if isinstance(check.value, str) else number(check.value),
                check.target,
                "yes" if check.met else "NO",
                check.reason,
            )
            for check in judged
        ],
        right=("value", "target"),
    )
