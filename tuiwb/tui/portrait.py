"""One layer in words: what it is, how it stands, what was found, which knobs bear on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tuiwb.base.format import count, percent
from tuiwb.base.text import clean, one_line
from tuiwb.plots.numbers import short
from tuiwb.run.view import LayerInfo, RunView
from tuiwb.spec.toml import literal
from tuiwb.tui.evidence import span
from tuiwb.tui.findings import change_of, severity
from tuiwb.tui.ledger import Sheet, columns_of, findings_of, named, newest_of
from tuiwb.tui.palette import DIM, FAINT, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line, wrap

SECTIONS = ("model", "init", "optim", "regularize")
"""Parts of the spec whose knobs bear on every layer."""


def layers_of(view: RunView) -> Sequence[LayerInfo]:
    """The layers of a run, those that the journal does not name by number."""
    return named(view.layers, newest_of(view)[1])


def lines(view: RunView, layer: int, width: int) -> list[Line]:
    """All there is to say of a layer."""
    newest, size = newest_of(view)
    layers = named(view.layers, size)
    if not 0 <= layer < len(layers):
        return [[(" this layer comes with the first look at the layers", DIM)]]
    one = layers[layer]
    out = [[(f" {part}", STRONG)] for part in wrap(one_line(one.name), width - 2)]
    out += _who(view, one, layer, len(layers))
    found = findings_of(view.findings).get(one.name, ())
    for finding in found:
        out += _finding(finding, width)
    sheet = Sheet(layers, columns_of(newest), newest)
    figures = [
        c
        for c in sheet.columns
        if c.name in newest and newest[c.name][layer] == newest[c.name][layer]
    ]
    if figures:
        out.append([])
    for column in figures:
        value = float(newest[column.name][layer])
        text = percent(value) if column.scale == "share" else short(value, 7)
        words = column.words if width - 20 >= len(column.words) else ""
        out.append([(f" {column.head:9} ", DIM), (f"{text:>7}  ", PLAIN), (words, FAINT)])
    return [*out, *_knobs(view, width)]


def _who(view: RunView, one: LayerInfo, layer: int, size: int) -> list[Line]:
    total = view.parameters or 0
    share = f", {percent(one.parameters / total)} of the model" if total and one.parameters else ""
    trained = f"{count(one.parameters)} parameters{share}" if one.parameters else "no parameters"
    kind = f"{one_line(one.kind, 60)}, " if one.kind else ""
    return [[(f" {kind}layer {layer + 1} of {size}", PLAIN)], [(f" {trained}", PLAIN)]]


def _finding(finding: Mapping[str, Any], width: int) -> list[Line]:
    begin, until = span(finding)
    steps = f"steps {begin}-{until}" if until > begin else f"step {begin}"
    symptom = clean(str(finding.get("symptom", "")), 60)
    out: list[Line] = [[], [(" ▲ ", severity(finding)), (symptom, severity(finding) + STRONG),
                            (f"  {steps}", DIM)]]  # fmt: skip
    words, remedy = str(finding.get("words") or ""), change_of(finding)[2]
    for text, look in ((words, PLAIN), (f"remedy: {remedy}" if remedy else "", DIM)):
        out += [[(f"   {part}", look)] for part in wrap(clean(text, 400), width - 4) if text]
    return out


def _knobs(view: RunView, width: int) -> list[Line]:
    """The knobs of the spec that bear on it, as they were set at the start."""
    if view.spec is None:
        return []
    out: list[Line] = [[], [(" its knobs", DIM)]]
    for section in SECTIONS:
        part = getattr(view.spec.spec, section, None)
        if not isinstance(part, msgspec.Struct):
            continue
        for name in part.__struct_fields__:
            value = getattr(part, name)
            if isinstance(value, str | bool | int | float) and value not in ("", 0, False):
                out.append([(f" {section}.{name} ", DIM), (literal(value), PLAIN)])
    return out
