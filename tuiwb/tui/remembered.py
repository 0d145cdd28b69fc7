"""How a person last looked at a run, or at several: kept in the state folder, one small file each.

Never in the run's own folder, which may be somebody else's. What is kept is bounded; a file that is
damaged, or of another run of the same name, is as good as none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tuiwb.run import files
from tuiwb.run.view import RunView
from tuiwb.tui.scene import SMOOTHING, Sight

T = TypeVar("T", bound="Look")

RUNS = 200
"""Looks that are remembered, the latest."""
_BYTES = 1 << 16
_MOST = 500
"""Names that are kept of the panes and of the logarithmic scales."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of how something was looked at."""

    @property
    def name(self) -> str:
        """What it is kept under."""
        raise NotImplementedError


class Kept(Look, frozen=True, kw_only=True):
    """What is kept of a look at a run. ``run`` and ``created`` tell which run it was."""

    run: str
    created: float = 0.0
    axis: str = "step"
    span: float | None = None
    end: float | None = None
    log: tuple[str, ...] = ()
    smoothing: int = 0
    picture: str = ""
    discretise: bool = False
    order: tuple[str, ...] = ()
    """The panes shown; none where they are the usual ones."""
    here: str = ""
    alone: bool = False
    filter: str = ""

    @property
    def name(self) -> str:
        return self.run

    def sight(self, sight: Sight) -> Sight:
        """``sight`` as it was left; what makes no sense any more is left as it is."""
        axis = self.axis if self.axis in ("step", "time", "epoch") else sight.axis
        span = self.span if self.span is not None and self.span > 0 else None
        return replace(
            sight,
            axis=axis,  # type: ignore[arg-type]
            span=span,
            end=self.end if span is not None else None,
            log=frozenset(self.log),
            smoothing=self.smoothing % len(SMOOTHING),
            picture=self.picture,
            discretise=self.discretise,
        )


@dataclass(frozen=True)
class Panes:
    """What the bench has to keep beside its sight."""

    order: tuple[str, ...] = ()
    here: str = ""
    alone: bool = False
    filter: str = ""


def kept(view: RunView, sight: Sight, panes: Panes) -> Kept:
    """A look at a run, to be kept."""
    known = {field.name for field in fields(Sight)} & set(Kept.__struct_fields__)
    values: dict[str, Any] = {name: getattr(sight, name) for name in known}
    values["log"] = tuple(sorted(sight.log))[:_MOST]
    return Kept(
        run=name_of(view), created=created(view), order=panes.order[:_MOST], here=panes.here,
        alone=panes.alone, filter=panes.filter[:_MOST], **values,
    )  # fmt: skip


def folder() -> Path:
    """Where looks are kept."""
    state = os.environ.get("XDG_STATE_HOME", "")
    home = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    return home / "tuiwb" / "views"


def load(view: RunView) -> Kept | None:
    """The last look at a run, or None."""
    look = read(name_of(view), Kept)
    same = look is not None and (look.run, look.created) == (name_of(view), created(view))
    return look if same else None


def save(look: Look) -> None:
    """Keep a look, whole or not at all. A full disk keeps nothing."""
    with contextlib.suppress(OSError):
        place = folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(_file(look.name), msgspec.json.encode(look))
        _prune(place)


def read(name: str, kind: type[T]) -> T | None:
    """What is kept under a name, or None."""
    try:
        return msgspec.json.decode(files.read_small(_file(name), _BYTES), type=kind)
    except (OSError, msgspec.DecodeError, RecursionError):
        return None


def drop(name: str) -> None:
    """Keep nothing under a name."""
    with contextlib.suppress(OSError):
        _file(name).unlink()


def _prune(place: Path) -> None:
    """Only the latest stay."""
    with os.scandir(place) as entries:
        found = [(entry.stat().st_mtime, entry.path) for entry in entries]
    for _, path in sorted(found, reverse=True)[RUNS:]:
        with contextlib.suppress(OSError):
            os.unlink(path)


def name_of(view: RunView) -> str:
    """What a run is kept under."""
    return str(view.path.resolve())


def created(view: RunView) -> float:
    """When a run was made: another of the same name was made at another time."""
    told = view.meta.get("created")
    return float(told) if isinstance(told, int | float) else 0.0


def _file(name: str) -> Path:
    return folder() / f"{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:24]}.json"
