"""What is printed of a sweep: its best, its trials, what mattered, what it cost."""

from __future__ import annotations

import math
import shlex
import shutil
import sys
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.format import duration, number, percent, si
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.search.ledger import Record, SweepView

PLOTS = ("best", "importance", "parallel", "slice", "contour")
AT_THE_END = ("best", "importance", "parallel")
ROWS = 20
"""Trials in the printed table, the best; --json has all."""


def names(text: str) -> tuple[str, ...]:
    """The plots that ``--plot`` asks for; an unknown one is a `UserError`."""
    asked = tuple(name.strip() for name in text.split(",") if name.strip() not in ("", "none"))
    for name in asked:
        if name not in PLOTS:
            raise UserError(
                f"unknown plot {name!r}",
                where=f"--plot {text}",
                found=repr(name),
                allowed=", ".join(PLOTS),
                nearest=nearest(name, PLOTS),
            )
    return asked


def in_short(view: SweepView) -> dict[str, Any]:
    """A sweep in one line of JSON."""
    best = view.best
    return {
        "sweep": view.paths.name,
        "state": view.state,
        "preset": view.sweep.preset,
        "sampler": view.sweep.sampler,
        "metric": view.sweep.metric,
        "pick": "lowest" if view.sweep.falling else "highest",
        "trials": view.size,
        "decided": view.over,
        "best": best.value if best else None,
        "best_trial": best.number if best else None,
    }


def as_dict(view: SweepView) -> dict[str, Any]:
    """A sweep with every trial, as ``--json`` prints it."""
    from tuiwb.search.importance import importance

    return {
        **in_short(view),
        "path": view.paths.root,
        "pruner": view.sweep.pruner,
        "space": list(view.sweep.space),
        "set": list(view.sweep.set),
        "seed": view.sweep.seed,
        "error": view.error,
        "steps": view.steps,
        "seconds": view.seconds,
        "wall_seconds": view.busy,
        "importance": importance(view),
        "rows": [_row(view, record) for record in view.trials],
    }


def _row(view: SweepView, record: Record) -> dict[str, Any]:
    return {
        "trial": record.number,
        "run": view.paths.run_name(record.number),
        "state": record.state,
        "value": record.value,
        "last": record.last,
        "values": dict(record.values),
        "settings": list(record.settings),
        "steps": record.step,
        "seconds": record.seconds,
        "by": record.by,
        "reason": record.reason,
        "resumed": record.resumed,
        "killed": record.killed,
    }


def print_all(view: SweepView, plots: tuple[str, ...]) -> None:
    """Head, plots, table and cost to stdout."""
    output.emit(heading(view))
    for name in plots:
        if text := draw(view, name):
            output.paint(f"\n{text}")
    output.emit(f"\n{table(view)}\n\n{cost(view)}")


def heading(view: SweepView) -> str:
    """Which sweep, how it is, and what is best."""
    best, sweep = view.best, view.sweep
    lines = [
        f"{view.paths.name}  {view.state}  {view.over}/{view.size} trials of {sweep.preset}, "
        f"{sweep.sampler}" + (f", pruner {sweep.pruner}" if sweep.pruner != "none" else "")
    ]
    if view.error:
        lines.append(f"  {view.error.get('what', '')}: {view.error.get('found', '')}")
    if best is None:
        lines.append("  no trial is complete yet")
    else:
        at = ", ".join(best.settings)
        run = view.paths.run_name(best.number)
        lines.append(f"  best {sweep.metric} {number(best.value)} in trial {best.number}: {at}")
        lines.append(f"  tuiwb attach {run}; tuiwb sweep best {view.paths.name} keeps it")
    return "\n".join(lines)


def cost(view: SweepView) -> str:
    """Steps and seconds, and what pruning spared."""
    states = dict.fromkeys(("complete", "pruned", "diverged", "failed", "stopped"), 0)
    for record in view.trials:
        if record.state in states:
            states[record.state] += 1
    counted = ", ".join(f"{count} {state}" for state, count in states.items() if count)
    whole = max((record.step for record in view.trials if record.state == "complete"), default=0)
    spared = sum(whole - r.step for r in view.trials if r.state == "pruned") if whole else 0
    words = f"cost: {si(view.steps)} steps, {duration(view.seconds)} of training"
    words += f" in {duration(view.busy)}" if view.busy else ""
    if spared > 0:
        words += f"; pruning spared {percent(spared / (spared + view.steps))} of the steps"
    words = f"{words}\n{counted}" if counted else words
    begun = [record for record in view.trials if record.state == "failed" and record.seconds]
    again = f"tuiwb sweep resume {shlex.quote(view.paths.name)}"
    if any(record.killed for record in begun):
        words += f"\n{again} tries those again whose workers were killed"
    if not all(record.killed for record in begun):
        words += f"\n{again} --retry-failed tries all that failed again"
    return words


def table(view: SweepView) -> str:
    """The best trials first, then those without a result; of very many the first."""
    sign = 1 if view.sweep.falling else -1

    def key(record: Record) -> tuple[bool, float, int]:
        value = record.value
        bad = value is None or not math.isfinite(value)
        return bad, 0.0 if value is None or bad else sign * value, record.number

    ordered = sorted(view.trials, key=key)
    keys = [text.partition("=")[0].strip() for text in view.sweep.space]
    rows = [
        (
            str(record.number),
            _state(record),
            number(record.last) if record.last is not None else "-",
            str(record.step),
            duration(record.seconds),
            *(_short(record.values.get(key)) for key in keys),
            "" if record.by or record.state in ("complete", "running") else record.reason[:60],
        )
        for record in ordered[:ROWS]
    ]
    head = ("trial", "state", view.sweep.metric, "steps", "took", *keys, "")
    text = output.grid(head, rows, right=("trial", view.sweep.metric, "steps", "took", *keys))
    more = len(ordered) - len(rows)
    return f"{text}\nand {more} more; --json has all" if more > 0 else text


def _state(record: Record) -> str:
    if record.state == "running" and record.halted:
        return "halted"
    return record.state + (f" ({record.by})" if record.by else "")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def draw(view: SweepView, name: str) -> str:
    """One plot as text."""
    from tuiwb.cli.sweep_figures import drawn

    width = max(40, min(100, shutil.get_terminal_size((100, 24)).columns))
    width = width if sys.stdout.isatty() else 100
    return drawn(view, name, width, output.shows_colour(), output.shows_unicode())
