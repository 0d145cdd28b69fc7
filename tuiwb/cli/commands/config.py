"""``config``: how the workbench looks and what its keys do, and where that is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuiwb.base.errors import UserError
from tuiwb.cli import output
from tuiwb.cli.options import Json

if TYPE_CHECKING:
    from tuiwb.tui.config import Config

PLACE = 5
app = typer.Typer()


@app.command()
def config(
    json: Json = False,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write the file, every line of it a comment, if there is none."
        ),
    ] = False,
) -> None:
    """Print the workbench's config file, its settings and where each comes from."""
    from tuiwb.tui.config import place, read_config

    path = place()
    if write:
        _write(path)
        output.say(f"wrote {path}")
        return
    facts = _facts(read_config(path))
    if json:
        output.emit_json(facts)
        return
    rows = [("file", facts["file"] + ("" if facts["exists"] else " (not there yet)"), "")]
    rows += [(name, _text(one["value"]), one["origin"]) for name, one in facts["settings"].items()]
    rows += [(f"keys.{id}", _text(keys), path.name) for id, keys in facts["keys"].items()]
    names, values = max(len(name) for name, _, _ in rows), max(len(v) for _, v, o in rows if o)
    output.emit(
        "\n".join(
            f"{name:{names}}  {value:{values}}  {origin}".rstrip() for name, value, origin in rows
        )
    )
    if not facts["exists"]:
        output.say("tuiwb config --write writes it, every line a comment")


def _facts(read: Config) -> dict[str, Any]:
    import msgspec

    from tuiwb.tui.actions import ACTIONS

    settings = msgspec.to_builtins(read.settings)
    usual = {action.id: action.keys for action in ACTIONS}
    return {
        "file": str(read.path),
        "exists": read.path.exists(),
        "settings": {
            name: {"value": value, "origin": read.origin(name)} for name, value in settings.items()
        },
        "keys": {a.id: list(a.keys) for a in read.actions if a.keys != usual[a.id]},
    }


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _write(path: Path) -> None:
    from tuiwb.tui.config import template

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        raise UserError(
            "there is a config file already; it is left as it is", where=str(path),
            next="tuiwb --config OTHER config --write",
        ) from None  # fmt: skip
    except OSError as error:
        raise UserError(f"cannot write it: {error.strerror}", where=str(path)) from None
