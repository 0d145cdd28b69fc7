"""Commands that say what there is: ``presets``, ``describe`` and ``schema``."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Any

import typer

from tuiwb.base.format import count, si, size
from tuiwb.base.text import one_line
from tuiwb.cli import output
from tuiwb.cli.options import AllowCode, Json, PresetName, Settings

PLACE = 4
app = typer.Typer()


@app.command()
def presets(json: Json = False) -> None:
    """List the presets: source and what to look at."""
    from tuiwb.spec import presets as all_presets

    infos = all_presets()
    if json:
        keys = ("name", "title", "family", "paper", "look_at", "needs")
        output.emit_json([{key: getattr(info, key) for key in keys} for info in infos])
        return
    width = max(20, shutil.get_terminal_size((80, 24)).columns) if sys.stdout.isatty() else 100
    blocks = []
    for info in infos:
        story = " ".join(part for part in (info.paper and f"{info.paper}.", info.look_at) if part)
        needs = "  (for a GPU)" if info.needs == "gpu" else ""
        blocks.append(one_line(f"{info.name}  ({info.family})  {info.title}{needs}"))
        blocks += textwrap.wrap(
            one_line(story), width, initial_indent="    ", subsequent_indent="    "
        )
    output.emit("\n".join(blocks))


@app.command()
def describe(
    preset: PresetName,
    settings: Settings = None,
    allow_code: AllowCode = False,
    json: Json = False,
) -> None:
    """Print the layers, shapes, parameters, FLOPs and memory."""
    from tuiwb.cli.consent import settle
    from tuiwb.client.describe import describe as ask_worker
    from tuiwb.spec import resolve

    resolved = resolve(preset, settings or [])
    settle(resolved, settings or [], allow_code)
    facts = ask_worker(resolved)
    if json:
        output.emit_json(facts)
    else:
        output.emit(_layers(facts))


def _layers(facts: dict[str, Any]) -> str:
    table = output.grid(
        ("layer", "kind", "output", "parameters", "FLOPs"),
        [
            (
                layer["name"],
                layer["kind"],
                " x ".join(map(str, layer["output_shape"])),
                count(layer["parameters"]),
                si(layer["flops"]),
            )
            for layer in facts["layers"]
        ],
        right=("output", "parameters", "FLOPs"),
    )
    total = (
        f"{count(facts['parameters'])} parameters, {count(facts['trainable'])} of them trainable; "
        f"about {size(facts['memory_bytes'])} of memory to train"
    )
    notes = (one_line(str(note)) for note in facts.get("notes", ()))
    return "\n".join((table, total, *notes))


@app.command()
def schema() -> None:
    """Print the JSON schema of preset files, for editors."""
    from tuiwb.spec import json_schema

    output.emit_json(json_schema())
