"""Options and arguments that several commands share, each declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

PresetName = Annotated[
    str, typer.Argument(metavar="PRESET|FILE", help="A preset's name or a TOML file.")
]
RunName = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="A run's id, the beginning of one, or its folder; "
                                       "without it, the newest."),
]  # fmt: skip
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", "-s", metavar="KEY=VALUE", help="Change a knob, such as optim.lr=0.01; repeatable."
    ),
]
AllowCode = Annotated[
    bool,
    typer.Option("--allow-code", help="Let code run that the file names as package.module:Class."),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Start it, print its id and folder, and leave.")
]
Name = Annotated[str | None, typer.Option("--name", "-n", metavar="NAME", help="The run's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Runs = Annotated[
    Path | None,
    typer.Option(
        "--runs", metavar="DIR", envvar="TUIWB_RUNS", show_envvar=False,
        help="The folder of runs (else TUIWB_RUNS, else tuiwb/runs in the XDG data folder).",
    ),
]  # fmt: skip
Interval = Annotated[
    float,
    typer.Option(
        "--interval", metavar="SECONDS", min=0.1, max=3600.0,
        help="Seconds between lines where stderr is not a terminal.",
    ),
]  # fmt: skip
Jobs = Annotated[
    int,
    typer.Option("--jobs", "-j", metavar="N", min=1, max=256, help="Runs that train at a time."),
]
Device = Annotated[
    str | None,
    typer.Option("--device", "-d", metavar="DEVICE", help="auto, cpu, mps, cuda or cuda:N."),
]


class GlyphSet(StrEnum):
    """What live charts are drawn with."""

    braille = "braille"
    quadrant = "quadrant"
    ascii = "ascii"


Glyphs = Annotated[
    GlyphSet | None,
    typer.Option(
        "--glyphs",
        metavar="SET",
        help="Characters of the charts: braille, quadrant or ascii; else by locale and TERM.",
    ),
]


def glyph_set(given: GlyphSet | None) -> str | None:
    """The glyph set's name, as the painters know it."""
    return None if given is None else given.value


def runs_folder(given: Path | None) -> Path:
    """The folder of runs that a command works on."""
    if given is not None:
        return given.expanduser().absolute()
    from tuiwb.run.create import runs_dir  # without what listing runs takes

    return runs_dir()
