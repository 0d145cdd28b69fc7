"""The space of a search: which knobs vary, and over what.

One text a knob: ``model.width=32,64,128`` is a choice of values; ``optim.lr=log:1e-4:1e-1`` is a
range on a logarithmic scale, ``float:0:1`` and ``int:16:256`` are even ones, ``int:16:256:log`` one
of whole numbers on a logarithmic scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tuiwb.base.errors import UserError
from tuiwb.spec import Resolved, resolve
from tuiwb.spec.knobs import KnobInfo
from tuiwb.spec.resolve import knobs_of

KINDS = ("log", "float", "int")
FORMS = "KNOB=VALUE,VALUE,... or KNOB=log:LOW:HIGH, float:LOW:HIGH, int:LOW:HIGH, int:LOW:HIGH:log"

Value = str | float | int


@dataclass(frozen=True)
class Axis:
    """One knob that varies: over ``choices``, or from ``low`` to ``high``, both included."""

    key: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    whole: bool = False

    def points(self, count: int) -> tuple[str, ...]:
        """``count`` values evenly over a range, its ends among them; all of a choice."""
        if self.choices:
            return self.choices
        shares = [0.5] if count == 1 else [i / (count - 1) for i in range(count)]
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            values = [math.exp(low + share * (high - low)) for share in shares]
        else:
            values = [self.low + share * (self.high - self.low) for share in shares]
        # a logarithm and back is not exact: 0.1 is not to become 0.10000000000000002
        return tuple(dict.fromkeys(self.text(float(f"{value:.12g}")) for value in values))

    def at(self, share: float) -> Value:
        """The value at ``share`` (from 0 to below 1) of the way along the axis."""
        if self.choices:
            return self.choices[min(int(share * len(self.choices)), len(self.choices) - 1)]
        low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
        if self.log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value

    def text(self, value: Value) -> str:
        """A value as a setting has it."""
        return str(round(value) if self.whole and not isinstance(value, str) else value)


@dataclass(frozen=True)
class Space:
    """All knobs that vary, in the order in which they were named."""

    axes: tuple[Axis, ...]

    def grid(self, trials: int) -> tuple[dict[str, str], ...]:
        """The finest grid of at most ``trials`` points that has equally many on every range.

        More choices than trials are a `UserError`.
        """
        ranges = sum(not axis.choices for axis in self.axes)
        chosen = math.prod(len(axis.choices) for axis in self.axes if axis.choices)
        if chosen > trials:
            raise UserError(
                "a grid does not fit into so few trials",
                where="search",
                found=f"{chosen} combinations, {trials} trials",
                next="more trials, fewer values, or another sampler",
            )
        count = 1
        while ranges and chosen * (count + 1) ** ranges <= trials:
            count += 1
        grid: list[dict[str, str]] = [{}]
        for axis in self.axes:
            points = axis.points(count)
            grid = [{**point, axis.key: value} for point in grid for value in points]
        return tuple(grid)

    def settings(self, values: dict[str, Value]) -> tuple[str, ...]:
        """A point of the space as overrides of a preset."""
        return tuple(f"{axis.key}={axis.text(values[axis.key])}" for axis in self.axes)


def parse(
    texts: Sequence[str], preset: str, settings: Sequence[str] = (), where: str = "--space"
) -> Space:
    """The space that ``texts`` name, held against the knobs of ``preset`` with ``settings``.

    An unknown knob, a value out of its range, an empty or a contradictory space: `UserError`.
    """
    if not texts:
        raise UserError(
            "there is nothing to search", found="no knob varies", allowed=FORMS, where=where
        )
    base = resolve(preset, settings)
    axes = tuple(_axis(text, base, preset, settings, f"{where} {text}") for text in texts)
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise UserError(
                f"{key} is named twice",
                where=", ".join(text for text in texts if text.startswith(key)),
                found=f"{keys.count(key)} ranges for one knob",
                allowed="each knob once",
            )
    return Space(axes)


def _axis(text: str, base: Resolved, preset: str, settings: Sequence[str], where: str) -> Axis:
    key, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not key or not values:
        raise UserError(f"cannot read the range {text!r}", where=where, found=text, allowed=FORMS)
    kind, *ends = values.split(":")
    if ends and kind in KINDS:
        axis = _range(key, kind, ends, _knob(base, key, preset, where), where)
        tried = axis.points(2)
    else:
        axis = Axis(key, tuple(value.strip() for value in _split(values)))
        tried = axis.choices
        if "" in tried or len(set(tried)) < len(tried):
            raise UserError(
                f"{key} has " + ("an empty value" if "" in tried else "the same value twice"),
                where=where,
                found=values,
                allowed=FORMS,
            )
    for value in tried:
        # every value must be one that the preset takes; combinations are seen as they are trained
        resolve(preset, [*settings, f"{key}={value}"], origin=where)
    return axis


def _knob(base: Resolved, key: str, preset: str, where: str) -> KnobInfo:
    section, _, name = key.partition(".")
    part = getattr(base.spec, section, None)
    infos = () if part is None else knobs_of(section, getattr(part, "name", None))
    for info in infos:
        if info.name == name:
            return info
    # the spec says it with the nearest name
    resolve(preset, [f"{key}=0"], origin=where)
    raise AssertionError(f"{key} is no knob, and resolves")


def _range(key: str, kind: str, ends: Sequence[str], knob: KnobInfo, where: str) -> Axis:
    if knob.kind not in ("int", "float"):
        raise UserError(
            f"{key} takes no range",
            where=where,
            found=":".join((kind, *ends)),
            allowed=f"values between commas: {knob.allowed}",
        )
    log = kind == "log" or (len(ends) == 3 and ends[2] == "log")
    whole = kind == "int" or knob.kind == "int"
    try:
        low, high = map(float, ends[:2])
    except ValueError:
        low = high = math.nan
    readable = len(ends) == 2 or (len(ends) == 3 and ends[2] == "log")
    if not readable or not (math.isfinite(low) and math.isfinite(high)):
        raise UserError(
            f"cannot read the range of {key}", where=where, found=":".join(ends), allowed=FORMS
        )
    if low >= high:
        raise UserError(
            f"the range of {key} is empty",
            where=where,
            found=f"from {low:g} to {high:g}",
            allowed="the lower end first, the higher one second",
        )
    if log and low <= 0:
        raise UserError(
            f"a logarithmic range of {key} cannot begin at {low:g}",
            where=where,
            found=f"{low:g}",
            allowed="a number > 0",
            next=f"float:{low:g}:{high:g} is even",
        )
    if whole and not (low.is_integer() and high.is_integer()):
        raise UserError(
            f"{key} takes whole numbers", where=where, found=f"{low:g}:{high:g}", allowed=FORMS
        )
    return Axis(key, (), low, high, log, whole)


def _split(text: str) -> list[str]:
    """At the commas that stand in no brackets: a value may be a list."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
