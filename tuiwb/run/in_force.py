"""What has been set in a run, and the spec that is in force because of it.

A resume takes back what was set at or after its checkpoint, until the worker has set it again at
the same steps: its answers then say ``again``. What a fork has from its parent (``inherited``) is
in the fork's own spec.toml already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.spec.hot import with_settings
from tuiwb.spec.sections import Spec


@dataclass(frozen=True)
class Setting:
    """Knobs that were set, and accepted, before ``step`` + 1."""

    step: int
    args: Mapping[str, Any]
    by: str = ""
    who: str = ""
    id: str | None = None

    def same(self, other: Setting) -> bool:
        """Whether it is the same act, told again."""
        if self.id or other.id:
            return self.id == other.id
        return (self.step, self.args) == (other.step, other.args)


def settings(events: Iterable[Mapping[str, Any]]) -> list[Setting]:
    """What was set in the run as it stands now, in the order of the journal."""
    return _fold(events)[0]


def to_set_again(events: Iterable[Mapping[str, Any]], step: int) -> list[Setting]:
    """What a resume from the checkpoint of ``step`` has to set again: all that was set at that
    step or later, in order. At the step itself it may have come before the checkpoint or after
    it: twice is as once."""
    standing, waiting = _fold(events)
    late = [setting for setting in standing if setting.step >= step]
    return sorted([*late, *waiting], key=lambda setting: setting.step)


def in_force(spec: Spec, events: Iterable[Mapping[str, Any]], at: int | None = None) -> Spec:
    """``spec`` (a run's spec.toml) with what was set since; with ``at``, before step ``at`` + 1."""
    for setting in settings(events):
        if at is None or setting.step <= at:
            try:
                spec = with_settings(spec, setting.args)
            except UserError:
                continue  # written by another version: the worker has the last word
    return spec


def _fold(events: Iterable[Mapping[str, Any]]) -> tuple[list[Setting], list[Setting]]:
    """What stands, and what a resume took back that has not been set again yet."""
    standing: list[Setting] = []
    waiting: list[Setting] = []
    for event in events:
        if event.get("kind") == "resumed":
            begin = event.get("from_step")
            if not isinstance(begin, int):
                continue
            waiting += [setting for setting in standing if setting.step >= begin]
            standing = [setting for setting in standing if setting.step < begin]
        elif (setting := _setting(event)) is not None:
            if event.get("again"):
                waiting = [other for other in waiting if not other.same(setting)]
            standing.append(setting)
    return standing, waiting


def _setting(event: Mapping[str, Any]) -> Setting | None:
    args, step = event.get("args"), event.get("step")
    if event.get("kind") != "command" or event.get("command") != "set":
        return None
    if not event.get("accepted") or event.get("inherited") or not isinstance(args, dict):
        return None
    by, who, id = (event.get(key) for key in ("by", "who", "id"))
    return Setting(
        step if isinstance(step, int) else 0,
        args,
        by if isinstance(by, str) else "",
        who if isinstance(who, str) else "",
        id if isinstance(id, str) else None,
    )
