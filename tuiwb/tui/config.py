"""The config file: where it lies, what it says, and what is wrong with it, by line and key."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tuiwb.base.errors import UserError, nearest
from tuiwb.spec.knobs import KnobInfo, fields
from tuiwb.spec.toml import literal, read
from tuiwb.tui.actions import ACTIONS, CONTEXTS, Action, key_name
from tuiwb.tui.keymap import keymap
from tuiwb.tui.panes import PANES
from tuiwb.tui.settings import Settings

ENVIRONMENT = "TUIWB_CONFIG"
KEYS = "keys"


@dataclass(frozen=True)
class Config:
    """What holds: settings, actions with their keys, and where each setting that is not a default
    comes from. ``problem`` is why the file does not count."""

    path: Path
    settings: Settings = field(default_factory=Settings)
    actions: tuple[Action, ...] = ACTIONS
    given: frozenset[str] = frozenset()
    problem: UserError | None = None

    def origin(self, name: str) -> str:
        """Where a setting comes from."""
        return self.path.name if name in self.given else "default"


def place() -> Path:
    """Where the config file lies: ``TUIWB_CONFIG``, else tuiwb/config.toml in the XDG folder."""
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).expanduser()
    home = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(home) if os.path.isabs(home) else Path.home() / ".config"
    return folder / "tuiwb" / "config.toml"


def load() -> Config:
    """The config that holds; where the file is malformed, the defaults, and why."""
    path = place()
    try:
        return read_config(path)
    except UserError as error:
        return Config(path, problem=error)


def read_config(path: Path) -> Config:
    """The config of a file; one that nobody named may be missing. Raises `UserError`."""
    if not path.exists():
        if not os.environ.get(ENVIRONMENT):
            return Config(path)
        raise UserError(
            "there is no such config file", where=str(path), next="tuiwb config --write writes it"
        )
    try:
        tables = read(path)
    except UserError as error:
        error.next = "tuiwb config --write FILE writes one that is whole"
        raise
    text = path.read_text("utf-8", "replace")

    def where(key: str) -> str:
        line = line_of(text, key)
        return f"{path}, line {line}: {key}" if line else f"{path}: {key}"

    keys = tables.pop(KEYS, {})
    if not isinstance(keys, Mapping):
        raise UserError(
            "keys must be a table", where=where(KEYS), found=literal(keys), allowed=f"[{KEYS}]"
        )
    settings = _settings(tables, where)
    actions = keymap(keys, lambda id: where(f"{KEYS}.{id}")) if keys else ACTIONS
    return Config(path, settings, actions, frozenset((*tables, *([KEYS] if keys else []))))


def _settings(tables: Mapping[str, Any], where: Any) -> Settings:
    known = {info.name: info for info in fields(Settings)}
    taken: dict[str, Any] = {}
    for name, value in tables.items():
        if name not in known:
            raise UserError(
                "no such setting", where=where(name), found=name,
                allowed=", ".join((*known, f"[{KEYS}]")), nearest=nearest(name, (*known, KEYS)),
            )  # fmt: skip
        taken[name] = _value(known[name], value, where(name))
    return Settings(**taken)


def _value(info: KnobInfo, value: Any, where: str) -> Any:
    try:
        taken = msgspec.convert(value, info.type)
    except msgspec.ValidationError:
        raise UserError(
            f"{info.name} cannot be this", where=where, found=_shown(value), allowed=info.allowed,
            nearest=nearest(value, info.choices) if isinstance(value, str) else None,
        ) from None  # fmt: skip
    if info.name == "panes":
        _check_panes(taken, where)
    return taken


def _check_panes(panes: tuple[str, ...], where: str) -> None:
    odd = next((name for name in panes if name not in PANES and "." not in name), None)
    twice = next((name for name in panes if panes.count(name) > 1), None)
    if odd is not None or twice is not None or not panes:
        raise UserError(
            "no such pane" if odd is not None
            else "a pane stands here twice" if twice is not None
            else "no pane at all",
            where=where, found=odd or twice or "[]",
            allowed=", ".join(PANES) + ", or a metric such as system.cpu",
            nearest=nearest(odd, PANES) if odd else None,
        )  # fmt: skip


def _shown(value: Any) -> str:
    try:
        return literal(value)
    except (TypeError, ValueError):
        return str(value)


def line_of(text: str, key: str) -> int | None:
    """The line of a TOML text on which a dotted key is set; None where it is not found."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*(.*?)\s*\]+\s*(#.*)?$", line):
            table = _bare(header.group(1))
            if table == key:
                return number
            continue
        if "=" in line and not line.lstrip().startswith("#"):
            name = _bare(line.partition("=")[0])
            whole = f"{table}.{name}" if table else name
            if whole == key:
                return number
    return None


def _bare(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.strip().split("."))


def template() -> str:
    """A config file that sets nothing: every setting and every key, as it is, as a comment."""
    lines = ["# How the workbench looks and what its keys do. Every line is the default; take the",
             "# leading # away to change it.", ""]  # fmt: skip
    for info in fields(Settings):
        unit = f" ({info.unit})" if info.unit else ""
        allowed = ", ".join(PANES) if info.name == "panes" else info.allowed
        lines += [
            f"# {info.help}{unit}",
            f"# one of: {allowed}" if info.choices else f"# {allowed}",
        ]
        lines += [f"#{info.name} = {literal(info.default)}", ""]
    lines += [
        f"[{KEYS}]",
        '# action = a key, or several: ["space", "p"]; [] takes it off the keyboard',
    ]
    for context, words in CONTEXTS.items():
        lines += ["", f"# {words}"]
        for action in ACTIONS:
            if action.context == context:
                keys = [key_name(key) if len(key_name(key)) == 1 and key_name(key).isascii()
                        else key for key in action.keys]  # fmt: skip
                value = literal(keys[0] if len(keys) == 1 else keys)
                lines.append(f"#{action.id} = {value}  # {action.help}")
    return "\n".join(lines) + "\n"
