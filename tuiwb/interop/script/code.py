"""Python as text: calls that fit their lines, imports, literals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tuiwb.base.text import one_line

WIDTH = 96
KINDS = {
    "data": "data", "models": "model", "optim.initializers": "init", "tasks": "task",
    "tasks.losses": "loss", "optim.optimizers": "optimizer", "optim.schedules": "schedule",
}  # fmt: skip
"""Package of components -> what one is called behind its name, where that is taken."""
TAKEN = {"data", "init", "knobs", "loss", "math", "model", "optimizer", "own", "step", "task"}
"""Names that the script has for something else."""


def literal(value: Any) -> str:
    """A value of a spec as Python has it; what could be no literal is a `ValueError`."""
    if type(value) is str:
        text = repr(value)
        return text if set('"\\') & set(text) or "'" in value else f'"{value}"'
    if isinstance(value, bool) or value is None or type(value) is int:
        return repr(value)
    if type(value) is float:
        return repr(value) if value - value == 0 else f'float("{value}")'
    if isinstance(value, list | tuple):
        inside = ", ".join(map(literal, value))
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    raise ValueError(f"not a literal: {type(value).__name__}")


def call(left: str, name: str, arguments: Iterable[str]) -> str:
    """``left name(arguments)`` in a line, or an argument a line."""
    given = list(arguments)
    line = f"{left}{name}({', '.join(given)})"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{left}{name}(", *(f"    {one}," for one in given), ")"])


def comment(text: str) -> str:
    """Text of anybody's as comments."""
    words, lines = one_line(" ".join(text.split()), 2000).split(" "), ["#"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > WIDTH and lines[-1] != "#":
            lines.append("#")
        lines[-1] += f" {word}"
    return "\n".join(lines)


class Imports:
    """What a script imports, told as its parts are written."""

    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._named: dict[str, set[str]] = {}
        self._components: dict[str, str] = {}

    def module(self, name: str) -> str:
        """``import name``."""
        self._plain.add(name)
        return name

    def name(self, module: str, name: str) -> str:
        """``from module import name``; the name."""
        self._named.setdefault(module, set()).add(name)
        return name.rpartition(" ")[2]

    def component(self, package: str, name: str) -> str:
        """A component's module, by its name in the spec; what it is called in the script."""
        file = name.replace("-", "_")
        path = f"{package}.{file}"
        if path not in self._components:
            free = file not in TAKEN and file not in self._components.values()
            self._components[path] = file if free else f"{file}_{KINDS[package]}"
        called = self._components[path]
        self.name(f"tuiwb.{package}", file if called == file else f"{file} as {called}")
        return called

    def text(self) -> str:
        """The lines: what torch and Python have, then ours."""
        named = [f"from {m} import {', '.join(sorted(n))}" for m, n in sorted(self._named.items())]
        ours = [line for line in named if line.startswith("from tuiwb")]
        standard = [f"import {name}" for name in sorted(self._plain) if name != "torch"]
        theirs = ["import torch", *(line for line in named if line not in ours)]
        return "\n\n".join("\n".join(group) for group in (standard, theirs, ours) if group)
