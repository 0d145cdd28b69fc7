"""A knob: one field with its unit, range, scale, help and tier, declared once and read by all."""

from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

Tier = Literal["hot", "branch", "restart"]
"""hot: applied to the running worker; branch: needs a checkpoint and a rebuild; restart: a new
run."""

Scale = Literal["linear", "log"]


def knob(
    help: str,
    *,
    unit: str = "",
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    scale: Scale = "linear",
    tier: Tier = "restart",
) -> msgspec.Meta:
    """The declaration of one knob, for use inside ``Annotated[type, knob(...)]``."""
    # msgspec's overloads tell apart which limits may meet; here a declaration gives what it has
    meta: Callable[..., msgspec.Meta] = msgspec.Meta
    return meta(
        gt=gt,
        ge=ge,
        lt=lt,
        le=le,
        description=help,
        extra={"unit": unit, "scale": scale, "tier": tier},
        extra_json_schema={"x-unit": unit, "x-scale": scale, "x-tier": tier},
    )


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table of a spec. Fields are knobs; ClassVars are traits of a component."""


@dataclass(frozen=True)
class KnobInfo:
    """One knob as form, help and messages show it."""

    name: str
    kind: Literal["int", "float", "bool", "str", "choice", "list"]
    default: Any
    help: str
    unit: str
    low: float | None
    high: float | None
    open_low: bool
    open_high: bool
    scale: Scale
    tier: Tier
    choices: tuple[str, ...]
    type: Any

    @property
    def of_text(self) -> bool:
        """Whether it is a list of texts; other lists hold numbers."""
        return self.kind == "list" and _unwrap(get_args(_unwrap(self.type)[0])[0])[0] is str

    @property
    def allowed(self) -> str:
        """The values it takes, in words: ``a number > 0 and <= 10``."""
        if self.kind == "choice":
            return ", ".join(map(str, self.choices))
        if self.kind == "bool":
            return "true or false"
        if self.kind == "str":
            return "text"
        if self.of_text:
            return 'a list of names, such as ["one", "two"]'
        noun = {
            "int": "a whole number",
            "float": "a number",
            "list": "a list of whole numbers, such as [64, 64],",
        }[self.kind]
        bounds = []
        if self.low is not None:
            bounds.append(f"{'>' if self.open_low else '>='} {self.low:g}")
        if self.high is not None:
            bounds.append(f"{'<' if self.open_high else '<='} {self.high:g}")
        each = "each " if self.kind == "list" and bounds else ""
        return f"{noun} {each}{' and '.join(bounds)}".rstrip(" ,")


def fields(section: type[msgspec.Struct]) -> tuple[KnobInfo, ...]:
    """The knobs of a section, in the order of their declaration, ``name`` first."""
    infos = tuple(_info(field) for field in msgspec.structs.fields(section))
    return tuple(sorted(infos, key=lambda info: info.name != "name"))


def _info(field: msgspec.structs.FieldInfo) -> KnobInfo:
    bare, metas = _unwrap(field.type)
    meta = metas[0] if metas else msgspec.Meta(description="")
    kind, choices = _kind(bare)
    if kind == "list":
        # the range of a list is the range of its items: list[Annotated[int, knob(...)]]
        inner = _unwrap(get_args(bare)[0])[1]
        limits = inner[0] if inner else meta
    else:
        limits = meta
    extra = meta.extra or {}
    default = field.default
    if default is msgspec.NODEFAULT:
        default = (
            field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None
        )
    low = limits.ge if limits.ge is not None else limits.gt
    high = limits.le if limits.le is not None else limits.lt
    return KnobInfo(
        name=field.name,
        kind=kind,
        default=default,
        help=meta.description or "",
        unit=extra.get("unit", ""),
        low=low,
        high=high,
        open_low=limits.gt is not None,
        open_high=limits.lt is not None,
        scale=extra.get("scale", "linear"),
        tier=extra.get("tier", "restart"),
        choices=choices,
        type=field.type,
    )


def _unwrap(annotation: Any) -> tuple[Any, list[msgspec.Meta]]:
    """The bare type and its knob declarations, seen through Annotated and Optional."""
    metas: list[msgspec.Meta] = []
    while get_origin(annotation) is Annotated:
        annotation, *extras = get_args(annotation)
        metas.extend(extra for extra in extras if isinstance(extra, msgspec.Meta))
    if get_origin(annotation) in (Union, UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not NoneType]
        if len(inner) == 1:
            bare, more = _unwrap(inner[0])
            return bare, metas + more
    return annotation, metas


def _kind(bare: Any) -> tuple[Any, tuple[str, ...]]:
    if get_origin(bare) is Literal:
        return "choice", get_args(bare)
    if get_origin(bare) in (list, tuple):
        return "list", ()
    return {bool: "bool", int: "int", float: "float"}.get(bare, "str"), ()
