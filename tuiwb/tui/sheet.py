"""The list of layers as lines: which columns fit, each layer's numbers with their curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tuiwb.base.format import count, si
from tuiwb.base.text import one_line
from tuiwb.plots.names import middle, short_names
from tuiwb.plots.numbers import short
from tuiwb.plots.spark import sparks
from tuiwb.tui import palette
from tuiwb.tui.evidence import span
from tuiwb.tui.figures import KIND, NAME, PARAMETERS, TEXTS, Column
from tuiwb.tui.findings import severity
from tuiwb.tui.ledger import Order, Sheet
from tuiwb.tui.palette import BLUE, DIM, FAINT, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line, in_cells, wrap
from tuiwb.tui.widgets.rows import Rows

VALUE = 9
"""Cells of a number with the blank before it; a heading may be as long."""
CURVE = 8, 16
"""Cells of a curve, at least and at most."""
_NAMES = 10, 40
_MORE = 6
"""Cells beside the columns that say how many are out of view on either side."""


@dataclass(frozen=True)
class Plan:
    """What fits into a width: cells of the names, of the kinds (0: left out), of the parameters,
    the columns of figures, and cells of each one's curve."""

    name: int
    kind: int
    parameters: int
    columns: tuple[Column, ...]
    curve: int
    names: tuple[str, ...] = ()
    """The layers' names as they fit."""

    @property
    def shown(self) -> tuple[Column, ...]:
        """All columns, from left to right."""
        texts = (TEXTS[0], *TEXTS[1:2] * bool(self.kind), *TEXTS[2:3] * bool(self.parameters))
        return (*texts, *self.columns)


def plan(sheet: Sheet, chosen: str, width: int) -> Plan:
    """The columns in view: as many as fit, the ``chosen`` one among them."""
    longest = max((len(one.name) for one in sheet.layers), default=0)
    kinds = max((len(one.kind) for one in sheet.layers), default=0)
    name = min(max(longest, _NAMES[0]), _NAMES[1], max(_NAMES[0], width // 4))
    kind = min(kinds, 14) + 1 if width >= 100 and kinds else 0
    parameters = 8 if width >= 70 or chosen == PARAMETERS else 0
    kind = max(kind, min(kinds, 12) + 1) if chosen == KIND else kind
    figures = sheet.columns[len(TEXTS) :]
    room = width - 3 - _MORE - name - kind - parameters
    each = VALUE + CURVE[0] + 1
    fit = max(1, min(len(figures), room // each))
    held = [column.name for column in figures]
    at = held.index(chosen) if chosen in held else 0
    first = max(0, min(at - fit // 2, len(figures) - fit))
    spare = room - fit * (VALUE + 1)
    curve = max(0, min(CURVE[1], spare // fit)) if figures else 0
    names = short_names([one_line(one.name) for one in sheet.layers], name)
    return Plan(name, kind, parameters, tuple(figures[first : first + fit]), curve, names)


def heading(sheet: Sheet, plan: Plan, chosen: str, order: Order) -> Line:
    """The headings, the chosen one lit, an arrow at the one that is sorted by."""
    line: Line = [("   ", PLAIN)]
    for column in plan.shown:
        arrow = ("▲" if order.rising else "▼") if order.column == column.name else ""
        look = palette.TAB if column.name == chosen else FAINT
        if column.name == NAME:
            text, after = f"{column.head}{arrow}"[: plan.name], plan.name
            line += [(text, look), (" " * (after - len(text)), PLAIN)]
        elif column.name == KIND:
            text = f"{column.head}{arrow}"
            line += [(" ", PLAIN), (text, look), (" " * (plan.kind - 1 - len(text)), PLAIN)]
        elif column.name == PARAMETERS:
            text = f"{column.head}{arrow}"
            line += [(" " * (plan.parameters - len(text)), PLAIN), (text, look)]
        else:
            text = f"{column.head}{arrow}"[: VALUE + plan.curve]
            line += [
                ("  ", PLAIN),
                (text, look),
                (" " * (VALUE + plan.curve - 1 - len(text)), PLAIN),
            ]
    shown = {column.name for column in plan.columns}
    figures = [column.name for column in sheet.columns[len(TEXTS) :]]
    if plan.columns and not shown.issuperset(figures):
        left = figures.index(plan.columns[0].name)
        right = len(figures) - left - len(plan.columns)
        line.append(
            (" " + " ".join([f"←{left}"] * bool(left) + [f"→{right}"] * bool(right)), FAINT)
        )
    return line


def rows(sheet: Sheet, plan: Plan, order: Sequence[int]) -> Rows:
    """The layers in ``order`` as rows, each made when it is looked at."""
    return Rows(order, lambda place: line(sheet, plan, order[place]))


def line(sheet: Sheet, plan: Plan, layer: int) -> Line:
    """One layer: its mark where the doctor names it, name, kind, parameters, numbers and curves."""
    one = sheet.layers[layer]
    found = sheet.found.get(one.name, ())
    name = plan.names[layer] if layer < len(plan.names) else middle(one_line(one.name), plan.name)
    out: Line = [
        ("▲ ", severity(found[0])) if found else ("  ", PLAIN),
        (in_cells(name, plan.name), STRONG if one.parameters else PLAIN),
    ]
    if plan.kind:
        out.append((f" {in_cells(middle(one_line(one.kind), plan.kind - 1), plan.kind - 1)}", DIM))
    if plan.parameters:
        out.append((f"{si(one.parameters) if one.parameters else '':>{plan.parameters}}", DIM))
    for column in plan.columns:
        out += _figure(sheet, column, layer, plan.curve)
    return out


def _figure(sheet: Sheet, column: Column, layer: int, curve: int) -> Line:
    newest = sheet.newest.get(column.name)
    value = float(newest[layer]) if newest is not None and layer < len(newest) else float("nan")
    text = "" if value != value else short(value, VALUE - 2)
    if column.scale == "share" and text and abs(value) < 1e3:
        text = f"{100 * value:.1f} %" if 0 < value < 0.0995 else f"{100 * value:.0f} %"
    at, values = sheet.curves.get(column.name, (np.empty(0), np.empty((0, 0))))
    drawn = ""
    if curve and layer < len(values):
        drawn = sparks(at, values[layer : layer + 1], sheet.x_range, curve, column.scale)[0]
    return [
        (f"{text:>{VALUE}}", PLAIN if text else FAINT),
        (f" {drawn:{curve}}", BLUE),
    ]


def about(sheet: Sheet, layer: int, column: str, width: int, height: int) -> list[Line]:
    """What is worth saying of the layer under the cursor, in a few lines: who it is, what the
    doctor says of it, and what the chosen column means."""
    if not 0 <= layer < len(sheet.layers):
        return []
    one, chosen = sheet.layers[layer], sheet.column(column)
    facts = [one.kind, f"{count(one.parameters)} parameters" if one.parameters else ""]
    lines: list[Line] = [
        [(f" {one_line(one.name)} ", STRONG), (f" {'  '.join(filter(None, facts))}", DIM)]
    ]
    for finding in sheet.found.get(one.name, ()):
        begin, until = span(finding)
        steps = f"steps {begin}-{until}" if until > begin else f"step {begin}"
        words = str(finding.get("words") or finding.get("symptom", ""))
        told = wrap(one_line(f"{finding.get('symptom', '')}, {steps}: {words}", 400), width - 4)
        lines += [[(" ▲ " if i == 0 else "   ", severity(finding)), (part, PLAIN)]
                  for i, part in enumerate(told)]  # fmt: skip
    lines = lines[: max(1, height - 1)]
    if chosen.words:
        lines += [[(f" {chosen.head}: ", DIM), (chosen.words, FAINT)]]
    return lines
