"""Python's own parser, one thread at a time.

CPython 3.11 keeps the depth of all threads' syntax trees in one place: where two are made at a
time it ends one of them with a SystemError (issue 106905 there). Files are read in threads here,
so whoever parses goes through this door.
"""

from __future__ import annotations

import ast
from threading import RLock
from types import CodeType
from typing import Any

_ONE = RLock()


def parse(source: str, path: str = "<unknown>") -> ast.Module:
    """`ast.parse`."""
    with _ONE:
        return ast.parse(source, path)


def literal(source: str | ast.expr) -> Any:
    """`ast.literal_eval`."""
    with _ONE:
        return ast.literal_eval(source)


def compiled(tree: ast.Module, path: str) -> CodeType:
    """`compile` of a module's tree, under its own future statements alone."""
    with _ONE:
        return compile(tree, path, "exec", dont_inherit=True)
