"""The knobs of a preset while a person turns them: what is typed, what holds, what is wrong where.

No terminal here. `Form.set` takes a text for a key; the spec is resolved anew, and an error stays
with its key until its value is put right. What resolves is `resolved`, always whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.spec import KnobInfo, Resolved, fields, resolve
from tuiwb.spec.declarations import SHELVES
from tuiwb.spec.resolve import SECTIONS, knobs_of
from tuiwb.spec.toml import literal

WORDS = {
    "task": "what is learnt",
    "data": "where samples come from",
    "model": "the network",
    "init": "how weights begin",
    "loss": "what is minimised",
    "optim": "how weights move",
    "schedule": "learning rate over the run",
    "regularize": "against fitting noise",
    "train": "the loop",
    "probe": "the instruments",
}
"""Sections of the form in the order of the spec, each in a few words."""

TIERS = {
    "hot": "can change while it trains",
    "branch": "needs a checkpoint to change",
    "restart": "fixed once it trains",
}
_LADDER = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Knob:
    """One field of the form."""

    key: str
    info: KnobInfo
    value: Any
    text: str
    """What stands in the field: what was typed, right or wrong."""
    preset: Any
    changed: bool
    error: str

    @property
    def section(self) -> str:
        return self.key.partition(".")[0]


class Form:
    """The knobs of one preset, being turned."""

    STARTS = "0123456789.-["
    """What begins a number or a list: typing it opens the field."""

    def __init__(self, base: Resolved) -> None:
        self.base = base
        self.resolved = base
        self.typed: dict[str, str] = {}
        self.errors: dict[str, UserError] = {}

    def knobs(self) -> list[Knob]:
        """All fields in order. Those of a component are the ones of the component chosen now."""
        found = []
        for section in SECTIONS:
            if section == "about":
                continue
            for info in fields(type(getattr(self.resolved.spec, section))):
                found.append(self._knob(section, _with_names(section, info)))
        return found

    def _knob(self, section: str, info: KnobInfo) -> Knob:
        key = f"{section}.{info.name}"
        value = self.resolved.get(key)
        error = self.errors.get(key)
        text = self.typed[key] if error is not None and key in self.typed else shown(value)
        try:
            preset = self.base.get(key)
        except AttributeError:  # a knob of a component that the preset does not have
            preset = info.default
        return Knob(
            key, info, value, text, preset, value != preset, _reason(error) if error else ""
        )

    def set(self, key: str, text: str) -> bool:
        """Put a text into a field; whether everything holds together with it."""
        self.errors.pop(key, None)
        self.typed[key] = text
        if key.endswith(".name"):
            section = key.partition(".")[0]
            known = (
                {info.name for info in knobs_of(section, text)} if self._known(key, text) else set()
            )
            self.typed = {
                k: v
                for k, v in self.typed.items()
                if k == key or k.partition(".")[0] != section or k.partition(".")[2] in known
            }
        try:
            self._take({k: v for k, v in self.typed.items() if k not in self.errors})
        except UserError as error:
            self.errors[key] = error
            return False
        # what was wrong beside it may be right now
        for other in list(self.errors):
            self.errors.pop(other)
            if other in self.typed:
                self.set(other, self.typed[other])
        return not self.errors

    def reset(self, key: str) -> None:
        """Back to the preset's value."""
        self.typed.pop(key, None)
        self.errors.pop(key, None)
        try:
            self._take({k: v for k, v in self.typed.items() if k not in self.errors})
        except UserError as error:
            self.errors[key] = error

    def step(self, key: str, direction: int) -> bool:
        """The next choice, or the next sensible value up or down; whether there is one."""
        knob = next(k for k in self.knobs() if k.key == key)
        text = stepped(knob.info, knob.value, direction)
        return text is not None and (self.set(key, text) or True)

    def refuse(self, error: UserError) -> str | None:
        """Put an error that came from elsewhere (a shape that cannot work) at its field."""
        for knob in self.knobs():
            if knob.key in error.where or knob.key in error.found:
                self.errors[knob.key] = error
                return knob.key
        return None

    def difference(self) -> list[tuple[str, str, str]]:
        """What differs from the preset: key, the preset's value, the value now."""
        return [(k.key, shown(k.preset), k.text) for k in self.knobs() if k.changed]

    def _known(self, key: str, text: str) -> bool:
        return text in SHELVES[key.partition(".")[0]].names()

    def _take(self, typed: dict[str, str]) -> None:
        preset = self.base.path or self.base.preset
        resolved = resolve(preset, [f"{k}={v}" for k, v in typed.items()], origin="form")
        # a value typed back to the preset's own is no change
        same = [k for k in typed if not _differs(self.base, resolved, k)]
        for key in same:
            self.typed.pop(key)
        if same:
            kept = [f"{k}={v}" for k, v in typed.items() if k not in same]
            resolved = resolve(preset, kept, origin="form")
        self.resolved = resolved


def _differs(base: Resolved, now: Resolved, key: str) -> bool:
    try:
        return bool(base.get(key) != now.get(key))
    except AttributeError:
        return True


def _with_names(section: str, info: KnobInfo) -> KnobInfo:
    """A component's name is a choice among what stands on its shelf."""
    if info.name == "name" and section in SHELVES:
        return replace(info, kind="choice", choices=SHELVES[section].names())
    return info


def _reason(error: UserError) -> str:
    return f"{error.what}; {error.allowed}" if error.allowed else error.what


def shown(value: Any) -> str:
    """A value as a field shows it and as ``-s key=`` takes it."""
    if isinstance(value, float) and value == int(value) and abs(value) < 1e6:
        return f"{value:.1f}"
    return value if isinstance(value, str) else literal(value)


def stepped(info: KnobInfo, value: Any, direction: int) -> str | None:
    """The neighbour of a value: the next choice; on a log scale 1, 2, 5, 10, or twice for whole
    numbers; else one more, or a twentieth of a small range. None where there is none."""
    if info.kind == "choice" and info.choices:
        at = info.choices.index(value) if value in info.choices else 0
        return str(info.choices[(at + direction) % len(info.choices)])
    if info.kind == "bool":
        return shown(not value)
    if info.kind == "int":
        new: float = _int_step(info, value, direction)
    elif info.kind == "float":
        new = _float_step(info, value, direction)
    else:
        return None
    if info.low is not None and (new < info.low or (new == info.low and info.open_low)):
        new = value if info.open_low else info.low
    if info.high is not None and (new > info.high or (new == info.high and info.open_high)):
        new = value if info.open_high else info.high
    return shown(int(new)) if info.kind == "int" else shown(float(f"{new:.10g}"))


def _int_step(info: KnobInfo, value: int, direction: int) -> int:
    if info.scale == "log":
        if direction > 0:
            return max(1, value * 2)
        return value // 2
    size = max(1, int(10 ** math.floor(math.log10(value))) // 2) if value >= 20 else 1
    return value + direction * size


def _float_step(info: KnobInfo, value: float, direction: int) -> float:
    if info.scale == "log":
        if value <= 0:
            return 1e-5 if direction > 0 else value
        power = 10.0 ** math.floor(math.log10(value) + 1e-9)
        steps = [m * power for m in (0.5, *_LADDER, 20.0)]
        if direction > 0:
            return next(s for s in steps if s > value * (1 + 1e-9))
        lower = [s for s in steps if s < value * (1 - 1e-9)]
        below = lower[-1]
        return 0.0 if below < 1e-6 and info.low == 0 and not info.open_low else below
    small = info.high is not None and info.high <= 1
    return value + direction * (0.05 if small else 0.5)
