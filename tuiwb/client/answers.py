"""What came of a command, in a line: for the command line and the screen alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuiwb.base.format import number, size
from tuiwb.base.text import clean


def in_words(answer: Mapping[str, Any]) -> str:
    """``set optim.lr=0.01 (was 0.05) at step 812``, or why it was refused."""
    command, step = clean(str(answer.get("command", "")), 40), answer.get("step")
    if not answer.get("accepted"):
        return f"{command} refused: {clean(str(answer.get('reason') or 'no reason given'), 400)}"
    at = "" if step is None else f" at step {step}"
    args, told = _mapping(answer.get("args")), answer
    match command:
        case "set":
            was = _mapping(told.get("was"))
            return f"set {', '.join(_changed(k, v, was) for k, v in args.items())}{at}"
        case "checkpoint":
            bytes_ = told.get("bytes")
            kept = f" ({size(bytes_)})" if isinstance(bytes_, int | float) else ""
            return f"checkpoint{at}{kept} is on disk"
        case "evaluate":
            figures = ", ".join(
                f"{clean(str(name), 40).replace('_', ' ')} {_value(value)}"
                for name, value in _mapping(told.get("metrics")).items()
            )
            return f"evaluated{at}: {figures}"
        case "picture":
            names = told.get("names")
            shown = ", ".join(str(n) for n in names) if isinstance(names, list) else ""
            return f"pictures taken{at}: {clean(shown, 200)}"
        case "note":
            return f"noted{at}: {clean(str(args.get('text', '')), 200)}"
        case "stop" if isinstance(told.get("ends"), int):
            return f"stop: asked{at}, it ends after the epoch at step {told['ends']}"
        case "step":
            steps = args.get("steps", 1)
            return f"step: {steps} more from step {step} on" if steps != 1 else f"one step{at}"
    return f"{command}{at}"


def asked(event: Mapping[str, Any]) -> str:
    """A command with what it was given, short: ``set lr=0.05``."""
    args, words = event.get("args"), clean(str(event.get("command", "")), 40)
    if not isinstance(args, Mapping) or not args:
        return words
    if words != "set":
        return f"{words} {' '.join(clean(str(value), 20) for value in args.values())}"
    return f"{words} " + " ".join(
        f"{clean(str(key), 60).rpartition('.')[2]}={_value(value)}" for key, value in args.items()
    )


def _changed(key: object, value: object, was: Mapping[Any, Any]) -> str:
    before = f" (was {_value(was[key])})" if key in was else ""
    return f"{clean(str(key), 60)}={_value(value)}{before}"


def _value(value: object) -> str:
    if value is None:
        return "not finite"
    return number(value) if isinstance(value, float) else clean(str(value), 60)


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
