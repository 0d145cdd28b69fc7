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
    from tuiwb.spec.lessons import Lesson, LessonRun


def starts(
    name: str,
    lesson: Lesson,
    runs: Path,
    overrides: Sequence[str] = (),
    device: str | None = None,
    standby: Standby | None = None,
) -> list[Start]:
    """What starts each run of a lesson, in the order of its labels. All are resolved now: a
    mistake costs no training. Of a search's trials, which follow from each other, the space is."""
    from tuiwb.spec.lessons import resolve_run

    more = (*overrides, *([f"train.device={device}"] if device is not None else []))
    specs = [resolve_run(name, lesson, run, more) for run in lesson.runs]
    from tuiwb.client.launch import launch

    begin = partial(launch, runs=runs, argv=tuple(sys.argv), standby=standby)
    single: list[Start] = [partial(begin, spec) for spec in specs]
    if lesson.search is None:
        return single
    from tuiwb.search import race
    from tuiwb.spec import resolve

    def trial(origin: str, settings: Sequence[str]) -> Path:
        return begin(resolve(lesson.preset, settings, origin=origin))

    return [*single, *race.starts(name, lesson, more, trial)]


def report(
    name: str, lesson: Lesson, views: Mapping[str, RunView], judged: Sequence[Judged]
) -> dict[str, Any]:
    """What ``--json`` prints of a lesson."""
    from tuiwb.cli import summary

    declared = {run.label: run for run in lesson.runs}
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
                "label": label,
                "note": declared[label].note if label in declared else "",
                "run": view.id,
                "path": view.path,
                "preset": view.preset,
                "set": _settings(lesson, declared.get(label), view),
                "state": view.status.state,
                "steps": view.status.step,
                "seconds": summary.pace(view)[0],
                "metrics": dict(view.metrics),
                "findings": sorted({str(finding.get("symptom")) for finding in view.findings}),
            }
            for label, view in views.items()
        ],
        "search": _search(lesson, views),
        "asserts": [check.as_dict() for check in judged],
    }


def _settings(lesson: Lesson, run: LessonRun | None, view: RunView) -> list[str]:
    """What a run was told to do otherwise than its preset; a trial's is in its spec."""
    if run is not None:
        return [*lesson.set, *run.set]
    changed = view.spec.changed() if view.spec is not None else {}
    return [f"{key}={value}" for key, value in changed.items()]


def _search(lesson: Lesson, views: Mapping[str, RunView]) -> dict[str, Any] | None:
    """The samplers of a search: the best so far after each trial, and the run that has the best."""
    if lesson.search is None:
        return None
    import numpy as np

    from tuiwb.client.trials import arms, best_so_far, results

    metric, falling = lesson.search.metric, lesson.search.pick == "lowest"
    varied = [text.partition("=")[0].strip() for text in lesson.search.space]
    found: dict[str, Any] = {}
    for arm, runs in arms(views).items():
        values = results(runs, metric)
        best = best_so_far(values, falling)
        known = best[np.isfinite(best)]
        first = runs[int(np.argmax(values == known[-1]))] if len(known) else None
        spec = first.spec if first is not None else None
        found[arm] = {
            "trials": len(runs),
            "finished": int(np.isfinite(values).sum()),
            "best": float(known[-1]) if len(known) else None,
            "run": first.id if first is not None else None,
            "at": {key: spec.get(key) for key in varied} if spec is not None else {},
            "best_so_far": [float(value) if np.isfinite(value) else None for value in best],
        }
    return {"metric": metric, "pick": lesson.search.pick, "samplers": found}


def search_table(facts: Mapping[str, Any]) -> str:
    """The samplers of a search: the best of each, and where in the space it lies. Its runs are too
    many for a table."""
    return output.grid(
        ("sampler", "trials", f"best {facts['metric']}", "folder", "at"),
        [
            (
                name,
                f"{arm['finished']}/{arm['trials']}",
                number(arm["best"]),
                arm["run"] or "-",
                ", ".join(f"{key}={_short(value)}" for key, value in arm["at"].items()),
            )
            for name, arm in facts["samplers"].items()
        ],
        right=("trials", f"best {facts['metric']}"),
    )


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


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
