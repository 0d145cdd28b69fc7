"""``tuiwb doctor``: what is wrong with a run, why, and what helps; after the fact too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiwb.base.format import number
from tuiwb.base.text import one_line
from tuiwb.cli import output
from tuiwb.cli.options import Json, RunName, Runs, runs_folder

if TYPE_CHECKING:
    from tuiwb.doctor.finding import Finding

PLACE = 3
app = typer.Typer()
SICK = 1


@app.command()
def doctor(
    run: RunName = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 where anything was found.")
    ] = False,
    json: Json = False,
    runs: Runs = None,
) -> int:
    """Diagnose a run, or a TensorBoard folder: symptoms, evidence, causes and remedies."""
    from tuiwb.api import open_run
    from tuiwb.client.diagnose import diagnose
    from tuiwb.interop.opening import opened

    with opened(runs_folder(runs), run) as source:
        for words in source.said:
            output.say(words)
        view = open_run(source.path)
        found = diagnose(view)
    if json:
        output.emit_json({"run": view.id, "findings": [finding.as_dict() for finding in found]})
    elif not view.table("steps").rows:
        output.emit(f"{view.id}: no step has been taken yet, there is nothing to judge")
    elif not found:
        output.emit(f"{view.id}: healthy, nothing found in {view.status.step} steps")
    else:
        output.emit("\n\n".join(in_words(finding) for finding in found))
    return SICK if strict and found else 0


def in_words(finding: Finding) -> str:
    """A finding as a paragraph."""
    steps = f"step {finding.step}" if finding.until <= finding.step else (
        f"steps {finding.step} to {finding.until}"
    )  # fmt: skip
    lines = [f"{finding.symptom} ({finding.severity}), {steps}", f"  {finding.words}"]
    lines.append(f"  evidence  {evidence(finding.evidence)}")
    lines += [
        f"  {'causes' if i == 0 else '':8}  {cause}" for i, cause in enumerate(finding.causes)
    ]
    lines.append(f"  remedy    {remedy(finding)}")
    lines.append(f"  rule      {finding.source}")
    return clean_lines(lines)


def clean_lines(lines: list[str]) -> str:
    """Names of layers and metrics may be a stranger's."""
    return "\n".join(one_line(line, 1000) for line in lines)


def evidence(found: Any) -> str:
    """The numbers of a finding in one line; the columns to draw are for screens."""
    parts = []
    for key, value in found.items():
        if key == "series":
            continue
        if isinstance(value, float):
            value = number(value)
        elif isinstance(value, list | tuple):
            more = f" and {len(value) - 5} more" if len(value) > 5 else ""
            value = ", ".join(str(v) for v in value[:5]) + more
        parts.append(f"{key.replace('_', ' ')} {value}")
    return "; ".join(parts)


def remedy(finding: Finding) -> str:
    """The remedy in words, with the settings that make it."""
    change = " ".join(f"-s {key}={_value(value)}" for key, value in finding.remedy.change.items())
    words = finding.remedy.words
    return f"{words} ({finding.remedy.tier}: {change})" if change else words


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)
