"""What a spec comes to, as lines: layers with shapes, parameters, FLOPs, and the memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuiwb.base.format import count, si, size
from tuiwb.base.text import clean
from tuiwb.tui import palette
from tuiwb.tui.palette import BLUE, DIM, FAINT, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line, in_cells, wide
from tuiwb.tui.widgets.rows import Row

_BAR = 9
_HEADS = ("layer", "kind", "output", "parameters", "FLOPs")


def table(facts: Mapping[str, Any], width: int) -> list[Row]:
    """One row a layer. What is missing in ``facts`` is left blank, never guessed."""
    layers = [layer for layer in facts.get("layers", ()) if isinstance(layer, Mapping)]
    most = max((_int(layer, "parameters") for layer in layers), default=0)
    cells = [
        (
            clean(str(layer.get("name", ""))),
            clean(str(layer.get("kind", ""))),
            shape(layer.get("output_shape")),
            count(_int(layer, "parameters")) if layer.get("parameters") else "",
            si(_int(layer, "flops")) if layer.get("flops") else "",
        )
        for layer in layers
    ]
    name, kind, out, own, work = (
        max(len(head), *(wide(row[i]) for row in cells)) if cells else len(head)
        for i, head in enumerate(_HEADS)
    )
    fixed = kind + out + own + work + 8
    bar = _BAR if width - fixed - name > _BAR else 0
    name = min(name, max(8, width - fixed - bar))
    heads = _HEADS
    rows = [
        Row(
            [
                (f"{heads[0]:{name}}  {heads[1]:{kind}}  {heads[2]:>{out}}  ", FAINT),
                (f"{heads[3]:>{own}}  {heads[4]:>{work}}", FAINT),
            ]
        )
    ]
    for at, (layer, row) in enumerate(zip(layers, cells, strict=True)):
        parameters = _int(layer, "parameters")
        line: Line = [
            (f"{in_cells(_cut(row[0], name), name)}  ", PLAIN if parameters else DIM),
            (f"{in_cells(row[1], kind)}  ", DIM),
            (f"{row[2]:>{out}}  ", PLAIN),
            (f"{row[3]:>{own}}  ", STRONG),
            (f"{row[4]:>{work}}", DIM),
        ]
        if bar and most:
            filled = round((bar - 1) * parameters / most)
            line.append((" " + "▇" * max(filled, 1 if parameters else 0), BLUE))
        rows.append(Row(line, at))
    return rows


def totals(facts: Mapping[str, Any]) -> Line:
    """The sums: parameters, FLOPs a sample, memory while training."""
    flops = sum(_int(layer, "flops") for layer in facts.get("layers", ()))
    line: Line = [
        (count(_int(facts, "parameters")), STRONG),
        (" parameters", DIM),
    ]
    trainable = _int(facts, "trainable")
    if trainable and trainable != _int(facts, "parameters"):
        line += [(f", {count(trainable)} trained", DIM)]
    if flops:
        line += [("   ", PLAIN), (si(flops), STRONG), (" FLOPs", DIM)]
    if facts.get("memory_bytes"):
        line += [("   ", PLAIN), (size(_int(facts, "memory_bytes")), STRONG), (" memory", DIM)]
    return line


def shape(value: object) -> str:
    """A shape as ``32x8x8``."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ""
    return palette.TIMES.join(map(str, value))


def _int(facts: Mapping[str, Any], key: str) -> int:
    value = facts.get(key)
    return int(value) if isinstance(value, int | float) else 0


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]
