"""Settings that a running loop takes: which keys they are, and the spec that they make.

The reading wing asks before it sends, the worker asks again before it obeys; both ask here.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.spec.contradictions import check
from tuiwb.spec.knobs import KnobInfo, fields
from tuiwb.spec.resolve import SECTIONS, convert, typed_value, unknown_key
from tuiwb.spec.sections import Spec
from tuiwb.spec.toml import literal

WHY = {
    "branch": "takes a rebuild from a checkpoint",
    "restart": "is fixed once it trains",
}
"""Why a knob of a tier cannot be set in a running loop."""


def hot_keys(spec: Spec) -> tuple[str, ...]:
    """``section.name`` of every knob of this spec that can change while it trains."""
    return tuple(
        f"{section}.{info.name}"
        for section in SECTIONS
        for info in fields(type(getattr(spec, section)))
        if info.tier == "hot"
    )


def read_settings(spec: Spec, texts: Sequence[str]) -> dict[str, Any]:
    """``["optim.lr=0.01", ...]`` as values by key, each of its knob's type and in its range.

    A key that is unknown, not hot, or a value out of range: `UserError`.
    """
    read: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            raise UserError(
                f"cannot read the setting {text!r}",
                found=repr(text),
                allowed="section.key=value, such as optim.lr=0.01",
            )
        info = _hot(spec, key, value.strip())
        section = key.partition(".")[0]
        read[key] = convert(section, info, typed_value(info, value), text)
    return read


def with_settings(spec: Spec, settings: Mapping[str, Any]) -> Spec:
    """``spec`` with these values in the place of its own: a changed copy.

    Raises `UserError` as `read_settings` does, and where values cannot stand together.
    """
    changed: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        info = _hot(spec, key, literal(value) if not isinstance(value, dict) else "...")
        section = key.partition(".")[0]
        changed.setdefault(section, {})[info.name] = convert(section, info, value, key)
    sections: dict[str, Any] = {}
    for section, values in changed.items():
        try:
            sections[section] = msgspec.structs.replace(getattr(spec, section), **values)
        except (TypeError, ValueError) as error:
            found = ", ".join(f"{section}.{k} = {literal(v)}" for k, v in values.items())
            raise UserError(f"[{section}] does not hold together: {error}", found=found) from None
    new = msgspec.structs.replace(spec, **sections)
    check(new, ", ".join(settings))
    return new


def value_of(spec: Spec, key: str) -> Any:
    """The value of ``section.name``."""
    section, _, name = key.partition(".")
    return getattr(getattr(spec, section), name)


def _hot(spec: Spec, key: str, value: str) -> KnobInfo:
    section, _, name = key.partition(".")
    if section not in SECTIONS or section == "about":
        known = [k for k in SECTIONS if k != "about"]
        keys = [f"{s}.{i.name}" for s in known for i in fields(type(getattr(spec, s)))]
        raise UserError(
            f"unknown setting {key!r}",
            found=repr(key),
            allowed=", ".join(hot_keys(spec)),
            nearest=next((k for k in keys if k.endswith(f".{key}")), None) or nearest(key, keys),
        )
    infos = {info.name: info for info in fields(type(getattr(spec, section)))}
    if name not in infos:
        raise unknown_key(section, name, infos, f"{key}={value}")
    info = infos[name]
    if info.tier != "hot":
        setting = shlex.quote(f"{key}={value}")
        anew = f"a run of its own: tuiwb run RUN/spec.toml -s {setting}"
        fork = f"a fork with it: tuiwb fork RUN --at STEP -s {setting}; or "
        raise UserError(
            f"{key} {WHY[info.tier]}: the running loop cannot take it",
            found=f"{key}={value}",
            allowed="while it trains: " + ", ".join(hot_keys(spec)),
            next=fork + anew if info.tier == "branch" else anew,
        )
    return info
