"""What `verify` trains, and what it makes of it: rows of presets, rows of lessons, two tables."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError
from tuiwb.base.format import duration, number, size
from tuiwb.cli import output, throughput

if TYPE_CHECKING:
    from tuiwb.cli.following import Start
    from tuiwb.run.view import RunView
    from tuiwb.spec.lessons import Lesson


MEMORY = 1_500_000_000
"""Bytes of main memory that a preset may take on the CPU."""


@dataclass(frozen=True)
class Plan:
    """One preset or lesson, and what starts its runs: a preset's seeds, a lesson's runs by seed."""

    name: str
    starts: tuple[Start, ...]
    lesson: Lesson | None = None
    missing: str = ""
    """Why it is not trained here: it has no starts then."""


class Where:
    """The folder and the device of all runs, and the warm process that they start from."""

    def __init__(self, runs: Path, device: str | None) -> None:
        from tuiwb.client.warm import Warm

        self.runs = runs
        self.device = device
        self.warm = Warm()


def plans(
    asked: Sequence[str], everything: bool, quick: bool, seeds: int, where: Where
) -> list[Plan]:
    """What is to be trained, all of it resolved before any of it starts.

    Names are of presets or of lessons. Without any: all presets, with ``everything`` all lessons
    as well, with ``quick`` those of both that call themselves quick. What needs a machine that is
    not here has a plan without starts.
    """
    from tuiwb.spec import lessons, presets

    names = list(asked)
    if not names:
        names = [
            info.name
            for info in presets()
            if (info.expect.quick or not quick if info.expect else info.needs and not quick)
        ]
        if everything or quick:
            found = lessons.lessons()
            names += [name for name, lesson in found if lesson.about.quick or not quick]
    taught = lessons.paths()
    known = {info.name for info in presets()}
    return [
        _lesson(name, seeds, where)
        if name in taught and name not in known
        else _preset(name, seeds, where)
        for name in names
    ]


def _preset(name: str, seeds: int, where: Where) -> Plan:
    from tuiwb.cli.commands.train import start
    from tuiwb.spec import resolve

    resolved = resolve(name)
    about = resolved.spec.about
    if about.expect is None and not about.needs:
        raise UserError(
            f"{name} promises nothing that could be verified",
            where=f"{name}, [about.expect]",
            allowed="a preset with [about.expect]",
        )
    if missing := throughput.missing(about.needs, where.device):
        return Plan(name, (), missing=missing)
    steps = about.expect.steps if about.expect else resolved.spec.train.steps
    settings = [] if steps == resolved.spec.train.steps else [f"train.steps={steps}"]
    return Plan(
        name,
        tuple(
            partial(
                start,
                name,
                [*settings, *_seed(seed, seeds)],
                where.device,
                where.runs,
                standby=where.warm,
            )
            for seed in range(seeds)
        ),
    )


def _lesson(name: str, seeds: int, where: Where) -> Plan:
    from tuiwb.cli import lessons
    from tuiwb.spec.lessons import lesson as read

    lesson = read(name)
    begin = [
        started
        for seed in range(seeds)
        for started in lessons.starts(
            name, lesson, where.runs, _seed(seed, seeds), where.device, where.warm
        )
    ]
    return Plan(name, tuple(begin), lesson)


def _seed(seed: int, seeds: int) -> list[str]:
    """One seed is the preset's own; of several, each is said."""
    return [f"train.seed={seed}"] if seeds > 1 else []


def row(plan: Plan, views: Sequence[RunView]) -> dict[str, Any]:
    """What came of a plan, as ``--json`` gives it. ``met`` is None where nothing was promised."""
    if plan.missing:
        return throughput.not_run(plan.name, plan.missing)
    return _preset_row(plan.name, views) if plan.lesson is None else _lesson_row(plan, views)


def _preset_row(name: str, views: Sequence[RunView]) -> dict[str, Any]:
    from tuiwb.cli import summary

    verdicts = [verdict for view in views if (verdict := summary.verdict(view)) is not None]
    if not verdicts:
        return throughput.row(name, views, _memory(views))
    first = verdicts[0]
    states = [view.status.state for view in views]
    values = [verdict.value for verdict in verdicts]
    known = [value for value in values if value is not None]
    memory = _memory(views)
    fits = memory is not None and (memory <= MEMORY or not _on_the_cpu(views))
    return {
        "preset": name,
        "metric": first.metric,
        "target": first.target,
        "value": statistics.fmean(known) if known else None,
        "values": values,
        "baseline": first.baseline,
        "steps": views[0].status.step,
        "seconds": sum(summary.pace(view)[0] or 0.0 for view in views),
        "memory": memory,
        "met": all(verdict.met for verdict in verdicts) and set(states) == {"finished"} and fits,
        "run": views[0].id,
        "runs": [view.id for view in views],
        "bound": first.target_words,
        "state": next((state for state in states if state != "finished"), "finished"),
    }


def _memory(views: Sequence[RunView]) -> int | None:
    """What the largest of some workers took; None where one of them did not say."""
    from tuiwb.cli import summary

    peaks = [summary.peak_memory(view) for view in views]
    known = [peak for peak in peaks if peak is not None]
    return max(known) if known and len(known) == len(peaks) else None


def _on_the_cpu(views: Sequence[RunView]) -> bool:
    return all(str(view.device.get("device", "cpu")).startswith("cpu") for view in views)


def _lesson_row(plan: Plan, views: Sequence[RunView]) -> dict[str, Any]:
    from tuiwb.cli import lessons, summary
    from tuiwb.client.lessons import judge

    assert plan.lesson is not None
    size = len(plan.lesson.labels)
    reports = []
    for begin in range(0, len(views), size):
        by_label = dict(zip(plan.lesson.labels, views[begin : begin + size], strict=True))
        judged = judge(plan.lesson, by_label)
        reports.append(lessons.report(plan.name, plan.lesson, by_label, judged))
    checks = [check for report in reports for check in report["asserts"]]
    return {
        "lesson": plan.name,
        "checks": len(checks),
        "checks_met": sum(check["met"] for check in checks),
        "missed": [check for check in checks if not check["met"]],
        "steps": sum(view.status.step for view in views),
        "seconds": sum(summary.pace(view)[0] or 0.0 for view in views),
        "memory": _memory(views),
        "met": all(report["met"] for report in reports),
        "seeds": reports,
    }


def line(row: Mapping[str, Any]) -> str:
    """One row in a line, for stderr, as soon as it is known."""
    if "lesson" in row:
        missed = "".join(
            f"; {check['check']} {_cell(check['value'])}, {check['target']}"
            for check in row["missed"]
        )
        met = "met" if row["met"] else f"NOT MET{missed}"
        return f"lesson {row['lesson']}: {row['checks_met']} of {row['checks']} checks: {met}"
    if "why" in row:
        return throughput.line(row)
    met = "met" if row["met"] else f"NOT MET ({_why(row)})"
    return f"{row['preset']}: {row['metric']} {_values(row)}, {row['bound']}: {met}"


def _why(row: Mapping[str, Any]) -> str:
    if row["state"] == "finished" and (row["memory"] or 0) > MEMORY:
        return f"{size(row['memory'])} of memory, {size(MEMORY)} are allowed"
    return str(row["state"])


def _cost(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Steps, seconds, memory."""
    memory = "-" if row["memory"] is None else size(row["memory"])
    return str(row["steps"]), duration(row["seconds"]), memory


def tables(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The presets' table and the lessons', where there are any."""
    presets = [row for row in rows if "preset" in row]
    if presets:
        cost = ("steps", "seconds", "memory")
        head = ("preset", "metric", "target", "value", *cost, "met", "baseline")
        yield output.grid(
            head,
            [
                (
                    row["preset"], row["metric"], row["bound"], _values(row), *_cost(row),
                    throughput.verdict(row), row["baseline"],
                )
                for row in presets
            ],
            right=("target", "value", *cost),
        )  # fmt: skip
    lessons = [row for row in rows if "lesson" in row]
    if lessons:
        yield output.grid(
            ("lesson", "checks", "steps", "seconds", "memory", "met"),
            [
                (
                    row["lesson"], f"{row['checks_met']}/{row['checks']}", *_cost(row),
                    "yes" if row["met"] else "NO",
                )
                for row in lessons
            ],
            right=("checks", "steps", "seconds", "memory"),
        )  # fmt: skip


def _values(row: Mapping[str, Any]) -> str:
    """The mean, and the values of all seeds where there are several."""
    values = row["values"]
    if len(values) < 2:
        return "-" if row["value"] is None else number(row["value"])
    return f"{number(row['value'])} ({', '.join(number(value) for value in values)})"


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else number(value)
