"""The space of a search: which knobs vary, and over what.

One text a knob: ``model.width=32,64,128`` is a choice of values; ``optim.lr=log:1e-4:1e-1`` is a
range on a logarithmic scale, ``float:0:1`` and ``int:16:256`` are even ones, ``int:16:256:log`` one
of whole numbers on a logarithmic scale.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from tuiwb.base.errors import UserError, nearest
from tuiwb.spec import Resolved, resolve
from tuiwb.spec.knobs import KnobInfo
from tuiwb.spec.resolve import knobs_of

KINDS = ("log", "float", "int")
EXAMPLE = "--space optim.lr=log:1e-4:1e-1"
_SCALED = re.compile(r"([A-Za-z]*):?[-+.\d][-+.\deE]*(?::[-+.\deE]*)+")
"""What looks like a range, of whatever scale."""
TRIED = 64
"""Combinations of which one has to hold together."""
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
                where="--space and --trials",
                found=f"{chosen} combinations of values, {trials} trials",
                next=f"--trials {chosen} has all of them; fewer values, or --sampler random, else",
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
            "there is nothing to search",
            found="no knob varies",
            allowed=FORMS,
            where=where,
            next=f"such as {EXAMPLE}; tuiwb describe {preset} --help has every knob",
        )
    base = resolve(preset, settings)
    axes = tuple(_axis(text, base, preset, f"{where} {text}".strip()) for text in texts)
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise UserError(
                f"{key} is named twice",
                where=", ".join(text for text in texts if text.startswith(key)),
                found=f"{keys.count(key)} ranges for one knob",
                allowed="each knob once",
                next="leave one of them out",
            )
    _hold_together(axes, texts, preset, settings, where)
    return Space(axes)


def _axis(text: str, base: Resolved, preset: str, where: str) -> Axis:
    key, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not key or not values:
        raise UserError(
            f"cannot read the range {text!r}" if text else "a range is empty",
            where=where,
            found=text,
            allowed=FORMS,
            next=f"such as {EXAMPLE}",
        )
    kind, *ends = values.split(":")
    if ends and kind in KINDS:
        return _range(key, kind, ends, _knob(base, key, preset, where), where)
    scaled = _SCALED.fullmatch(values)
    if scaled and _knob(base, key, preset, where).kind in ("int", "float"):
        raise UserError(
            f"unknown scale {scaled[1]!r} of {key}" if scaled[1] else f"{key} has no scale",
            where=where,
            found=values,
            allowed=", ".join(f"{kind}:LOW:HIGH" for kind in KINDS),
            nearest=nearest(scaled[1], KINDS) if scaled[1] else f"log:{values}",
        )
    axis = Axis(key, tuple(value.strip() for value in _split(values)))
    if "" in axis.choices or len(set(axis.choices)) < len(axis.choices):
        raise UserError(
            f"{key} has " + ("an empty value" if "" in axis.choices else "the same value twice"),
            where=where,
            found=values,
            allowed="each value once, with a comma between two",
        )
    return axis


def _hold_together(
    axes: Sequence[Axis], texts: Sequence[str], preset: str, settings: Sequence[str], where: str
) -> None:
    """Every value must be one that the preset takes, if need be with some values of the others;
    which combinations contradict themselves is seen as they are trained, unless all do."""
    ends = {axis.key: axis.points(2) for axis in axes}

    def combined(axis: Axis, value: str) -> Iterator[list[str]]:
        others = [other for other in axes if other is not axis]
        for values in product(*(ends[other.key] for other in others)):
            pairs = zip(others, values, strict=True)
            yield [f"{axis.key}={value}", *(f"{other.key}={v}" for other, v in pairs)]

    for axis, text in zip(axes, texts, strict=True):
        at = f"{where} {text}".strip()
        for value in ends[axis.key]:
            try:
                resolve(preset, [*settings, f"{axis.key}={value}"], origin=at)
            except UserError as error:
                if error.where.startswith(at):  # of this value, whatever the others are
                    raise
                tried = islice(combined(axis, value), TRIED) if len(axes) > 1 else ()
                if not any(_resolves(preset, [*settings, *point]) for point in tried):
                    raise UserError(
                        error.what,
                        where=at,
                        found=f"{axis.key} = {value}",
                        allowed=error.allowed,
                        next="leave it out, or set with -s, or vary, what it contradicts",
                    ) from None
    corners = list(islice(combined(axes[0], ends[axes[0].key][0]), TRIED))
    corners += [
        point for value in ends[axes[0].key][1:] for point in islice(combined(axes[0], value), 8)
    ]
    if not any(_resolves(preset, [*settings, *point]) for point in corners):
        try:
            resolve(preset, [*settings, *corners[0]], origin=where)
        except UserError as error:
            raise UserError(
                f"the space contradicts itself: {error.what}",
                where=", ".join(texts),
                found=f"none of {len(corners)} combinations tried holds together",
                allowed=error.allowed,
                next="take other values of one of these knobs",
            ) from None


def _resolves(preset: str, settings: Sequence[str]) -> bool:
    try:
        resolve(preset, settings)
    except UserError:
        return False
    return True


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
            f"cannot read the range of {key}",
            where=where,
            found=":".join((kind, *ends)),
            allowed=f"{kind}:LOW:HIGH, two numbers" + (", or int:LOW:HIGH:log" * (kind == "int")),
            next=f"such as {EXAMPLE}",
        )
    if low >= high:
        raise UserError(
            f"the range of {key} is empty",
            where=where,
            found=f"from {low:g} to {high:g}",
            allowed="the lower end first, the higher one second",
            next=f"{key}={kind}:{high:g}:{low:g}" if low > high else f"-s {key}={low:g} fixes it",
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
            f"{key} takes whole numbers",
            where=where,
            found=f"{low:g}:{high:g}",
            allowed="int:LOW:HIGH, or int:LOW:HIGH:log, with whole ends",
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
