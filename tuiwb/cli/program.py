"""The program as typer has it: its commands, found in their folder, and what it says of itself."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command_name

import tuiwb
from tuiwb.cli import commands, output
from tuiwb.cli.options import Glyphs, Runs, glyph_set, runs_folder

HELP = """A training workbench in the terminal.

Pick a preset, turn its knobs, train it in a process of its own, and watch, steer and read the run
from any terminal. Without a command: the workbench itself.

Exit codes: 0 done, 1 a preset missed its target (verify), 2 wrong usage or spec, 3 diverged or
stopped by the doctor, 4 the worker failed, 130 interrupted.
"""


def build(asked: str = "") -> typer.Typer:
    """The program with every command that lies in ``commands/``; where one is ``asked`` for, with
    those of its file alone: typer takes longer to prepare them all than most take to answer."""
    app = typer.Typer(
        help=HELP,
        invoke_without_command=True,
        add_completion=False,
        rich_markup_mode=None,  # plain help: fast, and the same on any terminal
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(workbench)
    names = [info.name for info in pkgutil.iter_modules(commands.__path__)]
    families = [importlib.import_module(f"{commands.__name__}.{name}") for name in names]
    families = [family for family in families if asked in _names(family)] or families
    for family in sorted(families, key=lambda module: module.PLACE):
        app.add_typer(family.app)
    return app


def _names(family: ModuleType) -> list[str]:
    """Of the commands in a file, as they are typed."""
    registered = family.app.registered_commands
    return [info.name or get_command_name(info.callback.__name__) for info in registered]


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; wrong usage is told and is 2."""
    try:
        program = build(*arguments[:1])
        code = program(args=list(arguments), prog_name="tuiwb", standalone_mode=False)
    except TyperException as error:
        if (show := getattr(error, "show", None)) is not None:
            show()
        else:
            output.say(f"Error: {error.format_message()}")
        return error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:  # how typer leaves when it prints help into a closed pipe
        return 0
    return code if isinstance(code, int) else 0


def _version(asked: bool) -> None:
    if asked:
        output.emit(f"tuiwb {tuiwb.__version__}")
        raise typer.Exit


def workbench(
    context: typer.Context,
    runs: Runs = None,
    glyphs: Glyphs = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The workbench's config file (else TUIWB_CONFIG, else the XDG config folder).",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> int | None:
    if runs is not None:
        # also for the command that follows, and for the processes it starts
        os.environ["TUIWB_RUNS"] = str(Path(runs).expanduser().absolute())
    if config is not None:
        os.environ["TUIWB_CONFIG"] = str(config.expanduser().absolute())
    if context.invoked_subcommand is not None:
        return None
    if not output.is_terminal():
        output.say(context.get_help())
        output.say("\nThe workbench needs a terminal; `tuiwb run PRESET` trains without one.")
        raise typer.Exit(2)
    from tuiwb.cli.screen import open_workbench

    return open_workbench(runs_folder(runs), None, glyph_set(glyphs))
