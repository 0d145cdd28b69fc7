"""What a spec comes to, as lines: layers with shapes, parameters, FLOPs, and the memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tuiwb.base.format import count, si, size
from tuiwb.base.text import clean
from tuiwb.tui.palette import BLUE, DIM, FAINT, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line
from tuiwb.tui.widgets.rows import Row

_BAR = 10


def table(facts: Mapping[str, Any], width: int) -> list[Row]:
    """One row a layer. What is missing in ``facts`` is left blank, never guessed."""
    layers = [layer for layer in facts.get("layers", ()) if isinstance(layer, Mapping)]
    most = max((_int(layer, "parameters") for layer in layers), default=0)
    bar = _BAR if width >= 62 else 0
    name = max([5, *(len(str(layer.get("name", ""))) for layer in layers)])
    kind = max([4, *(len(str(layer.get("kind", ""))) for layer in layers)])
    name = min(name, max(8, width - kind - bar - 36))
    head = f"{'layer':{name}}  {'kind':{kind}} {'output':>13} {'parameters':>11} {'FLOPs':>7}"
    rows = [Row([(head, FAINT)])]
    for at, layer in enumerate(layers):
        parameters = _int(layer, "parameters")
        line: Line = [
            (f"{_cut(layer.get('name', ''), name):{name}}  ", PLAIN if parameters else DIM),
            (f"{_cut(layer.get('kind', ''), kind):{kind}} ", DIM),
            (f"{shape(layer.get('output_shape')):>13} ", PLAIN),
            (f"{count(parameters) if parameters else '':>11} ", STRONG),
            (f"{si(_int(layer, 'flops')) if layer.get('flops') else '':>7}", DIM),
        ]
        if bar and most:
            filled = round(bar * parameters / most)
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
    """A shape as ``32 x 8 x 8``."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ""
    return "×".join(map(str, value))


def _int(facts: Mapping[str, Any], key: str) -> int:
    value = facts.get(key)
    return int(value) if isinstance(value, int | float) else 0


def _cut(text: object, width: int) -> str:
    text = clean(str(text))
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]
