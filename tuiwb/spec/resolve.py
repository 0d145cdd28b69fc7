"""From a preset and a person's overrides to one whole, checked spec."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.spec import sections
from tuiwb.spec.contradictions import check
from tuiwb.spec.declarations import SHELVES, declared
from tuiwb.spec.full import choose_size
from tuiwb.spec.knobs import KnobInfo, Section, fields
from tuiwb.spec.own import OwnKnobs, is_own, own_knobs
from tuiwb.spec.presets import find, paths
from tuiwb.spec.sections import Spec
from tuiwb.spec.toml import literal, parse, read, value_from

SECTIONS = tuple(Spec.__struct_fields__)
_PLAIN: dict[str, type[Section]] = {
    "about": sections.About,
    "regularize": sections.Regularize,
    "train": sections.Train,
    "probe": sections.Probe,
}
_DEFAULT_NAMES = {"init": "default", "schedule": "constant"}


@dataclass(frozen=True)
class Resolved:
    """A whole spec and where each of its values came from."""

    spec: Spec
    preset: str
    origins: Mapping[str, str] = field(default_factory=dict)
    """``section.key`` -> default, preset, command line, form, ..."""
    path: Path | None = None

    def get(self, key: str) -> Any:
        """The value of ``section.key``."""
        section, _, name = key.partition(".")
        return getattr(getattr(self.spec, section), name)

    def changed(self) -> dict[str, Any]:
        """What a person changed against the preset: key -> value."""
        return {
            key: self.get(key)
            for key, origin in self.origins.items()
            if origin not in ("default", "preset")
        }

    def command(self) -> str:
        """The exact command line that makes this run."""
        name = self.preset if self.path is None else _short(self.preset, self.path)
        sets = [f"-s {shlex.quote(f'{k}={_typed(v)}')}" for k, v in self.changed().items()]
        return " ".join(["tuiwb run", shlex.quote(name), *sets])


def knobs_of(section: str, name: str | None = None, where: str = "") -> tuple[KnobInfo, ...]:
    """The knobs of a section, given the name of its component where it has one."""
    return fields(_PLAIN[section] if section in _PLAIN else declared(section, name or "", where))


def resolve(
    preset: str | Path, overrides: Sequence[str] = (), *, origin: str = "command line"
) -> Resolved:
    """A preset's name or file, with overrides such as ``optim.lr=0.01``, as a whole spec.

    Later overrides beat earlier ones. A mistake is a `UserError` that names file and key.
    """
    path = find(str(preset))
    resolved = _build(read(path), path.stem, path, str(path), overrides, origin)
    # one of the user's own is called by its file, whichever preset it was made from
    return replace(resolved, preset=path.stem) if paths().get(path.stem) == path else resolved


def from_toml(text: str, where: str, overrides: Sequence[str] = ()) -> Resolved:
    """A run's ``spec.toml`` (or any TOML text) as a whole spec."""
    return _build(parse(text, where), "custom", None, where, overrides, "command line")


def _build(
    tables: dict[str, Any],
    preset: str,
    path: Path | None,
    where: str,
    overrides: Sequence[str],
    origin: str,
) -> Resolved:
    preset = str(tables.pop("preset", preset))
    # a run's spec.toml names the origin of each value that is not a default; a preset is the origin
    run_s = "origins" in tables
    known_origins = defaultdict(lambda: "default" if run_s else "preset", tables.pop("origins", {}))
    typed = _parse_overrides(overrides, origin)
    for name, table in tables.items():
        if name in SECTIONS and not isinstance(table, dict):
            raise UserError(
                f"{name} must be a table", where=where, found=literal(table), allowed=f"[{name}]"
            )
        if name not in SECTIONS:
            raise UserError(
                f"unknown table [{name}]",
                where=where,
                found=f"[{name}]",
                allowed=", ".join(f"[{s}]" for s in SECTIONS),
                nearest=nearest(name, SECTIONS),
            )
    choose_size(tables, typed.get("data", {}), where, origin)
    origins: dict[str, str] = {}
    built: dict[str, Section] = {}
    for section in SECTIONS:
        given, own = tables.get(section, {}), typed.get(section, {})
        built[section] = _section(section, given, own, where, origin, origins, known_origins)
    spec = Spec(**built)  # type: ignore[arg-type]  # each section was built from its own class
    check(spec, where)
    return Resolved(spec, preset, origins, path)


def _parse_overrides(overrides: Sequence[str], origin: str) -> dict[str, dict[str, Any]]:
    typed: dict[str, dict[str, Any]] = {}
    for text in overrides:
        key, equals, value = text.partition("=")
        section, dot, name = key.strip().partition(".")
        if not equals or not dot or not name:
            raise UserError(
                f"cannot read the setting {text!r}",
                where=origin,
                found=repr(text),
                allowed="section.key=value, such as optim.lr=0.01",
            )
        if section not in SECTIONS or section == "about":
            knob_sections = [s for s in SECTIONS if s != "about"]
            raise UserError(
                f"unknown section {section!r}",
                where=f"{origin}: {text}",
                found=repr(section),
                allowed=", ".join(knob_sections),
                nearest=nearest(section, knob_sections),
            )
        typed.setdefault(section, {})[name] = value.strip()
    return typed


def _section(
    section: str,
    given: dict[str, Any],
    typed: dict[str, str],
    where: str,
    origin: str,
    origins: dict[str, str],
    known_origins: Mapping[str, str],
) -> Section:
    cls, renamed = _class(section, given, typed, where, origin)
    infos = {info.name: info for info in fields(cls)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if renamed and (key not in infos or issubclass(cls, OwnKnobs)):
            continue  # it belonged to the component that the user replaced
        if key in typed and issubclass(cls, OwnKnobs):
            continue  # what is typed decides the type
        if key not in infos:
            raise unknown_key(section, key, infos, f"{where}, [{section}]")
        values[key] = convert(section, infos[key], value, f"{where}, [{section}] {key}")
        origins[f"{section}.{key}"] = str(known_origins[f"{section}.{key}"])
    for key, text in typed.items():
        if key not in infos:
            raise unknown_key(section, key, infos, f"{origin}: {section}.{key}={text}")
        info = infos[key]
        at = f"{origin}: {section}.{key}={text}"
        values[key] = convert(section, info, typed_value(info, text), at)
        origins[f"{section}.{key}"] = origin
    for key, info in infos.items():
        if key not in values and info.default is None and key == "name":
            raise UserError(
                f"{section}.name is missing",
                where=f"{where}, [{section}]",
                allowed=", ".join(SHELVES[section].names()),
            )
        origins.setdefault(f"{section}.{key}", "default")
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"[{section}] does not hold together: {error}",
            where=f"{where}, [{section}]",
            found=", ".join(f"{k} = {literal(v)}" for k, v in values.items() if k != "name"),
        ) from None


def _class(
    section: str, given: dict[str, Any], typed: dict[str, str], where: str, origin: str
) -> tuple[type[Section], bool]:
    """The section's class, and whether the user replaced the preset's component."""
    if section in _PLAIN:
        return _PLAIN[section], False
    before: str | None = given.get("name", _DEFAULT_NAMES.get(section))
    name, at = before, f"{where}, [{section}] name"
    if "name" in typed:
        name, at = typed["name"].strip("\"'"), f"{origin}: {section}.name={typed['name']}"
    if name is None:
        raise UserError(
            f"{section}.name is missing",
            where=f"{where}, [{section}]",
            allowed=", ".join(SHELVES[section].names()),
        )
    if section == "model" and is_own(name):
        values = {k: value_from(v) for k, v in typed.items() if k != "name"}
        if name == before:
            values = {k: v for k, v in given.items() if k != "name"} | values
        return own_knobs(name, values, at), name != before
    return declared(section, name, at), name != before


def typed_value(info: KnobInfo, text: str) -> Any:
    """What a person typed for a knob, as the value that it stands for; not yet checked."""
    if info.kind in ("str", "choice"):
        return text.strip().strip("\"'")
    value = value_from(text)
    if info.of_text and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if info.kind == "list" and not isinstance(value, list | str) else value


def convert(section: str, info: KnobInfo, value: Any, where: str) -> Any:
    """``value`` as the knob's type, in its range; else a `UserError` that names the knob."""
    try:
        # strict but for int -> float, which TOML and people both write
        return msgspec.convert(value, info.type)
    except msgspec.ValidationError as error:
        key = f"{section}.{info.name}"
        if isinstance(value, dict) or info.name == "expect":
            raise UserError(f"{key}: {error}", where=where) from None
        if info.kind == "choice":
            what, near = "is not one of the choices", nearest(str(value), info.choices)
        else:
            wrong_type = str(error).startswith("Expected `") and " got " in str(error)
            what, near = ("has the wrong type" if wrong_type else "is out of range"), ""
        raise UserError(
            f"{key} {what}",
            where=where,
            found=literal(value),
            allowed=info.allowed,
            nearest=near,
            next=f"{key}: {info.help}"
            if info.default is None
            else f"left out it is {_typed(info.default)} ({info.help})",
        ) from None


def unknown_key(section: str, key: str, infos: Mapping[str, KnobInfo], where: str) -> UserError:
    """What to say of a key that a section does not have."""
    return UserError(
        f"unknown key {section}.{key}",
        where=where,
        found=key,
        allowed=", ".join(infos),
        nearest=nearest(key, infos),
        next="tuiwb schema lists every key with its range and what it does",
    )


def _short(preset: str, path: Path) -> str:
    return preset if paths().get(preset) == path else str(path)


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else literal(value)
