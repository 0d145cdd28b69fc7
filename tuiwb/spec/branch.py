"""What a run that forks from another may change: knobs of the tiers hot and branch."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tuiwb.base.errors import UserError
from tuiwb.spec.knobs import fields
from tuiwb.spec.resolve import SECTIONS, Resolved, from_toml
from tuiwb.spec.sections import Spec
from tuiwb.spec.toml import literal, to_toml


def branched(base: Resolved, overrides: Sequence[str], spec: Path) -> Resolved:
    """``base`` with ``overrides`` (``section.key=value``), for a run that goes on from a checkpoint
    of it; ``spec`` is the spec.toml that it is from.

    Raises `UserError`: a mistake in an override, or a knob that is fixed once a run has begun.
    """
    new = from_toml(to_toml(base), str(spec), overrides)
    for key, (before, after) in differences(base.spec, new.spec).items():
        section, _, name = key.partition(".")
        if name != "name" and _component(base, section) != _component(new, section):
            continue  # it came or went with the component, whose name is judged
        tiers = {info.name: info.tier for info in fields(type(getattr(new.spec, section)))}
        if tiers.get(name, "restart") == "restart":
            sets = " ".join(f"-s {shlex.quote(text)}" for text in overrides)
            raise UserError(
                f"{key} is fixed once a run has begun: a fork cannot change it",
                found=f"{key}={_typed(after)}",
                allowed=f"{key}={_typed(before)}, as in its parent",
                next=f"begin anew with it: tuiwb run {shlex.quote(str(spec))} {sets}",
            )
    return new


def branch_keys(spec: Spec) -> tuple[str, ...]:
    """``section.name`` of every knob of this spec that a fork may change."""
    return tuple(
        f"{section}.{info.name}"
        for section in SECTIONS
        for info in fields(type(getattr(spec, section)))
        if section != "about" and info.tier != "restart"
    )


def differences(one: Spec, other: Spec) -> dict[str, tuple[Any, Any]]:
    """The knobs in which two specs differ, with both values: None where one has no such knob. What
    is only said about them (title, paper) is none."""
    found: dict[str, tuple[Any, Any]] = {}
    for section in SECTIONS:
        if section == "about":
            continue
        a: Mapping[str, Any] = msgspec.to_builtins(getattr(one, section))
        b: Mapping[str, Any] = msgspec.to_builtins(getattr(other, section))
        for name in dict.fromkeys([*a, *b]):
            if a.get(name) != b.get(name):
                found[f"{section}.{name}"] = (a.get(name), b.get(name))
    return found


def _component(resolved: Resolved, section: str) -> str | None:
    name: str | None = getattr(getattr(resolved.spec, section), "name", None)
    return name


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else literal(value)
