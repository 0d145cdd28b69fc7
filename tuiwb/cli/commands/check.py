"""``check``: what can be known of a spec before it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from tuiwb.base.format import number
from tuiwb.cli import output
from tuiwb.cli.options import AllowCode, Json, PresetName, Settings

PLACE = 1
app = typer.Typer()
FAILED = 1
MARKS = {"passed": "passed", "failed": "FAILED", "does not apply": "-"}


@app.command()
def check(
    preset: PresetName,
    set: Settings = None,
    allow_code: AllowCode = False,
    json: Json = False,
) -> int:
    """Pre-flight: seven checks of a preset within half a minute, before it is trained."""
    from tuiwb.cli.consent import settle
    from tuiwb.client.preflight import preflight
    from tuiwb.spec import resolve

    resolved = resolve(preset, set or ())
    settle(resolved, set or (), allow_code)
    if json:
        facts = preflight(resolved)
        output.emit_json({"preset": resolved.preset, **facts})
    else:
        facts = preflight(resolved, _say)
        rest = len(facts["checks"]) - facts["passed"] - facts["failed"]
        output.emit(
            f"{facts['passed']} passed, {facts['failed']} failed, {rest} do not apply; "
            f"{facts['seconds']:.0f} s"
        )
    return FAILED if facts["failed"] else 0


def _say(row: Mapping[str, Any]) -> None:
    if row.get("state") != "running":
        output.emit("\n".join(in_words(row)))


def in_words(row: Mapping[str, Any]) -> list[str]:
    """One check's result as lines: the finding, of a failure also numbers, causes and remedy."""
    lines = [f"{MARKS.get(str(row['state']), ''):7} {row['title']}: {row['words']}"]
    if row["state"] != "failed":
        return lines
    indent = " " * 8
    if row["numbers"]:
        lines.append(f"{indent}numbers  {numbers(row)}")
    for i, cause in enumerate(row["causes"]):
        lines.append(f"{indent}{'' if i else 'causes':7}  {cause}")
    if row["remedy"]:
        lines.append(f"{indent}remedy   {row['remedy']}")
    return lines


def numbers(row: Mapping[str, Any]) -> str:
    """What was measured, each beside its limit."""
    return "; ".join(
        f"{name.replace('_', ' ')} {number(value)}"
        + (f" (allowed {row['limits'][name]})" if name in row["limits"] else "")
        for name, value in row["numbers"].items()
    )
