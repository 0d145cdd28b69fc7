"""The presets that are there: the program's own, then the user's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.registry import PACKAGE
from tuiwb.spec.sections import About, Expect
from tuiwb.spec.toml import read

LESSONS = "lessons"
"""The folder beside presets that holds lessons (`tuiwb.spec.lessons`), which are no presets."""


@dataclass(frozen=True)
class PresetInfo:
    """A preset's story, without its knobs."""

    name: str
    title: str
    family: str
    paper: str
    look_at: str
    path: Path
    expect: Expect | None
    needs: str = ""


def folders() -> tuple[Path, ...]:
    """Where presets lie: inside an installed package, beside a checkout's, and the user's own."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    own = PACKAGE / "presets"
    return (own if own.is_dir() else PACKAGE.parent / "presets", config / "tuiwb" / "presets")


def paths() -> dict[str, Path]:
    """Name -> file of every preset; a user's preset hides one of ours with the same name."""
    return {
        f.stem: f
        for folder in folders()
        for f in sorted(folder.glob("**/*.toml"))
        if LESSONS not in f.relative_to(folder).parts
    }


def find(name: str) -> Path:
    """The file of a preset, given by its name or by a path to a TOML file."""
    known = paths()
    if name in known:
        return known[name]
    path = Path(name).expanduser()
    if path.suffix == ".toml" or len(path.parts) > 1:
        if path.is_file():
            return path
        raise UserError(
            f"there is no preset file {name!r}",
            found=name,
            allowed="a TOML file, or the name of a preset",
            nearest=nearest(path.stem, known),
            next="tuiwb presets lists them",
        )
    raise UserError(
        f"unknown preset {name!r}",
        found=repr(name),
        allowed=", ".join(sorted(known)),
        nearest=nearest(name, known),
        next="tuiwb presets lists them with what they show",
    )


def presets() -> list[PresetInfo]:
    """All presets, by family and then in the order of their names.

    A user's preset that does not parse is left out here; naming it says what is wrong with it.
    """
    infos = []
    for name, path in paths().items():
        try:
            about = msgspec.convert(read(path).get("about", {}), About)
        except (UserError, msgspec.ValidationError):
            continue
        infos.append(
            PresetInfo(
                name,
                about.title,
                about.family,
                about.paper,
                about.look_at,
                path,
                about.expect,
                about.needs,
            )
        )
    return sorted(infos, key=lambda info: (info.family, info.name))
