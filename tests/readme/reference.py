"""The parts of README that the program itself writes: ``python -m tests.readme.reference``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer

from tuiwb.cli.program import build
from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.tui.actions import key_table

README = Path(__file__).resolve().parents[2] / "README.md"


def commands() -> dict[str, Any]:
    """The commands of the program, in the order of its help text."""
    return dict(typer.main.get_command(build()).commands)  # type: ignore[attr-defined]


def synopsis(name: str, command: Any) -> str:
    """A command with everything it takes, as a line to type."""
    words = [f"tuiwb {name}"]
    for param in command.params:
        if param.param_type_name == "argument":
            shown = (param.metavar or param.name.upper()).strip("[].")
            shown += "..." if param.nargs == -1 else ""
            words.append(shown if param.required else f"[{shown}]")
        elif param.name != "help":
            value = "" if param.is_flag else f" {param.metavar or param.name.upper()}"
            shown = f"{min(param.opts, key=len)}{value}"
            shown = shown if param.required else f"[{shown}]"
            words.append(shown + ("..." if param.multiple else ""))
    return " ".join(words)


def command_table() -> str:
    """All commands as a Markdown table."""
    rows = ["| command | does |", "| --- | --- |"]
    for name, command in commands().items():
        line = synopsis(name, command).replace("|", "\\|")
        rows.append(f"| `{line}` | {command.get_short_help_str(1000)} |")
    return "\n".join(rows)


def symptom_table() -> str:
    """All symptoms as a Markdown table: what each is, and what the doctor would do first about the
    sick example that its file holds."""
    rows = ["| symptom | is | first remedy |", "| --- | --- | --- |"]
    for name in SYMPTOMS.names():
        symptom = SYMPTOMS.load(name)
        finding = symptom.rule(symptom.EXAMPLES()["sick"])
        what = " ".join((symptom.__doc__ or "").partition("\n\n")[0].split()).rstrip(".")
        words, _, _ = finding.remedy.words.partition(";")
        words = re.sub(r", step \d+,", "", words)  # of the example
        rows.append(f"| `{name}` | {what[:1].lower() + what[1:]} | {words} |".replace("naN", "NaN"))
    return "\n".join(rows)


PARTS = {"commands": command_table, "keys": key_table, "symptoms": symptom_table}


def rewritten(text: str) -> str:
    """README with every part, each between two marks, as the program has it now."""
    for name, table in PARTS.items():
        before, opening, rest = text.partition(f"<!-- {name} -->\n")
        _, closing, after = rest.partition(f"\n<!-- /{name} -->")
        assert opening and closing, f"README has no part called {name}"
        text = before + opening + table() + closing + after
    return text


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text("utf-8")), "utf-8")
