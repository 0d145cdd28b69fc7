"""A person's own keys: action ids to keys, checked against what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tuiwb.base.errors import UserError, nearest
from tuiwb.spec.toml import literal
from tuiwb.tui.actions import ACTIONS, CONTEXTS, Action, key_name

Line = Callable[[str], str]
"""Where an action's keys stand, in words."""


def keymap(table: Mapping[str, Any], where: Line) -> tuple[Action, ...]:
    """The actions with the keys of ``table`` (id -> a key or several; none takes it off the
    keyboard). Raises `UserError` for an action or a key that there is not, and for a key that would
    do two things."""
    given = {id: _keys(id, value, where) for id, value in _flat(table).items()}
    known = [action.id for action in ACTIONS]
    for id in given:
        if id not in known:
            raise UserError(
                "no such action", where=where(id), found=id, allowed="an id such as run.pause",
                nearest=nearest(id, known), next="tuiwb config --write F lists them all in F",
            )  # fmt: skip
    actions = tuple(replace(a, keys=given[a.id]) if a.id in given else a for a in ACTIONS)
    _refuse_clashes(actions, given, where)
    return actions


def _flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """``run.pause`` may stand in quotes or not: without them TOML makes tables of it."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat


def _keys(id: str, value: Any, where: Line) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise UserError(
            "keys are texts", where=where(id), found=literal(value),
            allowed='"space", or several: ["space", "p"]',
        )  # fmt: skip
    return tuple(_key(id, text.strip(), where) for text in texts)


def _key(id: str, text: str, where: Line) -> str:
    """A key as the terminal's events call it: ``?`` is ``question_mark``."""
    from textual.keys import Keys, _character_to_key

    *held, last = text.split("+") if len(text) > 1 else [text]
    named = {str(key.value) for key in Keys if not str(key.value).startswith("<")}
    if len(last) == 1 and last.isprintable():
        last = _character_to_key(last)
    elif last not in named and last not in _NAMES and not _is_punctuation(last):
        raise UserError(
            "no such key", where=where(id), found=text,
            allowed="a character, or a name such as space, enter, pagedown, f5, ctrl+r",
            nearest=nearest(last, sorted({*named, *_NAMES})),
        )  # fmt: skip
    if any(part not in ("ctrl", "shift", "alt") for part in held):
        raise UserError(
            "no such key", where=where(id), found=text, allowed="ctrl+, shift+ or alt+ and a key"
        )
    return "+".join([*held, last])


_NAMES = ("space",)


def _is_punctuation(name: str) -> bool:
    from textual.keys import _character_to_key

    return any(_character_to_key(chr(code)) == name for code in range(33, 127))


def _refuse_clashes(actions: Sequence[Action], given: Mapping[str, object], where: Line) -> None:
    everywhere = [action for action in actions if action.context == "anywhere"]
    for context in CONTEXTS:
        if context == "anywhere":
            continue
        taken: dict[str, Action] = {}
        for action in (*everywhere, *(a for a in actions if a.context == context)):
            for key in action.keys:
                other = taken.setdefault(key, action)
                if other is not action:
                    id = action.id if action.id in given else other.id
                    raise UserError(
                        f"the key {key_name(key)} would do two things",
                        where=where(id),
                        found=f"{other.id} and {action.id}",
                        allowed="a key for one action of a screen",
                        next=f"give one of them another key, or none: {other.id} = []",
                    )
