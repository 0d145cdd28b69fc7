"""Hooks on what is the user's: nothing of ours breaks through them, and no copy keeps them."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch

Guard = Callable[[Callable[[], Any]], Any]
"""Calls what it is given; an error of ours ends there."""


class Hook:
    """``do`` as a hook. Inside a compiled graph it is nothing; a copy of the model, and a file of
    it, has an empty hook of plain Python in its place, which can be read without this package."""

    def __init__(self, do: Callable[..., Any], guard: Guard) -> None:
        self._do = do
        self._guard = guard

    def __call__(self, *args: Any) -> Any:
        if torch.compiler.is_compiling():
            return None
        return self._guard(lambda: self._do(*args))

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (contextlib.nullcontext(), "__exit__")


def say(text: str) -> None:
    """A warning that stays one where the user's program makes errors of warnings."""
    try:
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    except Warning:
        print(text, file=sys.stderr)
