"""A run in words and as JSON: the same facts at the end of `run` and in `show`."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tuiwb.base.errors import UserError
from tuiwb.base.format import duration, number, of, si, size
from tuiwb.base.text import one_line
from tuiwb.cli import figures, output
from tuiwb.cli.expect import Verdict, judge
from tuiwb.cli.studies import last_studies, study_words
from tuiwb.client.settings import outcome
from tuiwb.run.labels import read_tags
from tuiwb.run.layout import RunPaths
from tuiwb.run.resuming import can_be_resumed
from tuiwb.run.summary import MACHINES

if TYPE_CHECKING:
    from tuiwb.run.view import RunView

LOG_LINES = 5
"""How much of a dead worker's log is shown."""


def exit_code(view: RunView) -> int:
    """How a command that waited for this run ends."""
    error = reported(view)
    if error is not None:
        return error.exit_code
    return {"failed": 4, "crashed": 4, "diverged": 3}.get(view.status.state, 0)


def reported(view: RunView) -> UserError | None:
    """What the worker said was wrong, also where it could stop cleanly (a full disk)."""
    if view.status.state not in ("failed", "stopped", "diverged"):
        return None
    error = view.status.error  # of the newest worker: a resumed run has put others behind
    return UserError.from_dict(error) if error else None


def verdict(view: RunView) -> Verdict | None:
    """The run held to its preset's promise, where it made one."""
    expect = view.spec.spec.about.expect if view.spec is not None else None
    return judge(expect, view.metrics, view.baselines) if expect is not None else None


def as_dict(view: RunView) -> dict[str, Any]:
    """What ``--json`` prints of a run."""
    seconds, steps_per_s, samples_per_s = pace(view)
    judged = verdict(view)
    return {
        "run": view.id,
        "path": view.path,
        "preset": view.preset,
        "state": view.status.state,
        "steps": view.status.step,
        "seconds": seconds,
        "steps_per_s": steps_per_s,
        "samples_per_s": samples_per_s,
        "unit": unit(view),
        "device": hardware(view),
        "memory": peak_memory(view),
        "device_memory": peak_memory(view, "device_memory"),
        "metrics": dict(view.metrics),
        "expect": judged.as_dict() if judged is not None else None,
        "findings": list(view.findings),
        "studies": {
            name: {"step": event.get("step"), **event["figures"]}
            for name, event in last_studies(view).items()
        },
        **told(view),
    }


def told(view: RunView) -> dict[str, Any]:
    """What a person said of the run, and which run it forked from."""
    parent = view.meta.get("parent")
    notes = [
        {key: event.get(key) for key in ("time", "step", "text", "by")}
        for event in view.events
        if event["kind"] == "note" and event.get("by") not in MACHINES
    ]
    return {
        "parent": dict(parent) if isinstance(parent, Mapping) else None,
        "tags": list(read_tags(RunPaths(view.path))),
        "notes": notes,
    }


def told_lines(view: RunView) -> list[str]:
    """The same in a line each."""
    facts = told(view)
    parent, tags = facts["parent"], facts["tags"]
    lines = [f"  tags: {' '.join(tags)}"] if tags else []
    if parent and isinstance(parent.get("run"), str):
        step = parent.get("step")
        at = f" at step {step}" if isinstance(step, int) else ""
        lines.append(f"  from {one_line(parent['run'], 120)}{at}")
    for note in facts["notes"]:
        at = f", step {note['step']}" if note["step"] is not None else ""
        lines.append(f"  note{at}: {one_line(str(note['text']), 500)}")
    return lines


def pace(view: RunView) -> tuple[float | None, float | None, float | None]:
    """Seconds from start to end, steps per second of training, samples per second at the end."""
    status = view.status
    recent = view.table("steps").tail(10_000)
    if not len(recent):
        return status.took, None, None
    recent = newest if len(newest := recent[recent["time"] >= status.begun]) else recent
    span = float(recent["time"][-1] - recent["time"][0])
    last = float(recent["time"][-1])
    rates = recent["samples_per_s"]
    known = rates[np.isfinite(rates) & (rates > 0)]
    return (
        (status.ended or last) - status.started - status.idle if status.started else None,
        (len(recent) - 1) / span if span > 0 else None,
        # each step took 1/rate per sample: the mean over time is the harmonic one
        float(len(known) / np.sum(1.0 / known)) if len(known) else None,
    )


def unit(view: RunView) -> str:
    """What ``samples_per_s`` counts: samples, or a text's tokens."""
    return str(view.data.get("unit", "samples"))


def hardware(view: RunView) -> str | None:
    """The product's name of the GPU or processor that it trained on, and by how many processes
    where there were several; None where nobody said."""
    found = view.device.get("hardware") or view.device.get("device")
    many = view.device.get("processes")
    by = f", {many} processes" if isinstance(many, int) and many > 1 else ""
    by += ", sharded" if by and view.device.get("sharded") else ""
    return one_line(f"{found}{by}", 200) if found else None


def peak_memory(view: RunView, which: str = "peak_memory") -> int | None:
    """The most main memory that the worker has had, in bytes; None where it did not say.

    ``device_memory`` is a GPU's own, as far as tensors took it; None on a processor.
    """
    for event in reversed(view.events):
        if event.get("kind") == "state" and isinstance(event.get(which), int):
            return int(event[which])
    return None


def headline(view: RunView) -> str:
    """Two or three lines: run and state in words; steps, time and pace; device and memory."""
    seconds, _, samples_per_s = pace(view)
    parts = [f"{of(view.status.step, view.status.steps)} steps"]
    if seconds is not None:
        parts.append(f"in {duration(seconds)}")
    if samples_per_s is not None:
        parts.append(f"at {si(samples_per_s)} {unit(view)}/s")
    lines = [f"{view.id}  {view.status.words}", f"  {' '.join(parts)}"]
    on = [f"on {name}" if (name := hardware(view)) else ""]
    taken = ((peak_memory(view), "memory"), (peak_memory(view, "device_memory"), "the GPU's own"))
    on += [f"{size(most)} of {words}" for most, words in taken if most is not None]
    if told := ", ".join(part for part in on if part):
        lines.append(f"  {told}")
    return "\n".join(lines)


def in_words(view: RunView) -> str:
    """The headline, last metrics, verdict, and the last words of a run that ended badly."""
    lines = [headline(view)]
    width = max((len(name) for name in view.metrics), default=0)
    judged = verdict(view)
    for name, value in view.metrics.items():
        line = f"  {name:{width}}  {number(value)}"
        if judged is not None and judged.metric == name:
            line += (
                f"   target {one_line(judged.target_words)}: {'met' if judged.met else 'not met'}"
            )
            line += f" (baseline: {one_line(judged.baseline)})" if judged.baseline else ""
        lines.append(line)
    lines += [f"  {study_words(event)}" for event in last_studies(view).values()]
    lines += told_lines(view)
    for finding in view.findings:
        lines += finding_lines(view, finding)
    if (error := reported(view)) is not None:
        lines += [f"  {line}" for line in str(error).splitlines()]
    elif view.status.state in ("crashed", "failed"):
        lines += last_words(view)
    lines.append(f"  {one_line(str(view.path))}")
    if can_be_resumed(view):
        lines.append(f"  go on with: tuiwb resume {shlex.quote(view.id)}")
    return "\n".join(lines)


def finding_lines(view: RunView, finding: Mapping[str, Any]) -> list[str]:
    """A finding in two or three lines: symptom and step, the sentence, the remedy and what came
    of it."""
    words = one_line(str(finding.get("words") or ""), 300)
    step = finding.get("step")
    at = f", step {step}" if step is not None else ""
    symptom = one_line(str(finding.get("symptom")), 80)
    lines = [f"  finding: {symptom} ({finding.get('severity')}){at}" + (words and f": {words}")]
    remedy = finding.get("remedy")
    if isinstance(remedy, Mapping):
        change = remedy.get("change")
        sets = (
            [f"{k}={_value(v)}" for k, v in change.items()] if isinstance(change, Mapping) else []
        )
        tier = f" ({remedy.get('tier')}: {' '.join(sets)})" if sets else ""
        lines.append(f"    remedy: {one_line(str(remedy.get('words', '')) + tier, 400)}")
    told = outcome(view, finding)
    if told is not None:
        lines.append(
            f"    set at step {told.get('since')}: {told.get('verdict')}, "
            f"as judged at step {told.get('step')}"
        )
    return lines


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def last_words(view: RunView) -> list[str]:
    """The end of the worker's log, indented."""
    lines = view.status.last_words[-LOG_LINES:]
    return ["  last lines of worker.log:", *(f"    {line}" for line in lines)] if lines else []


def print_words(view: RunView, plots: tuple[str, ...]) -> None:
    """Print the summary and the plots to stdout, as wide as there is room."""
    output.emit(in_words(view))
    if plots and view.tables:
        width = max(20, min(100, shutil.get_terminal_size((80, 24)).columns))
        unicode, colour = output.shows_unicode(), output.shows_colour()
        output.paint(figures.draw(view, plots, width, colour, unicode))
