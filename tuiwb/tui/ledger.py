"""All layers of a run in numbers: their columns, their order, and which of them are asked for.

`Ledger.beat` is called from a worker thread, as every scene's is. What all layers need (the newest
values, to sort by) is taken from the last rows; curves are taken for the columns in view.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.base.text import one_line
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.figure import Range
from tuiwb.run.view import LayerInfo, RunView
from tuiwb.tui.figures import FIGURES, KIND, KNOWN, NAME, PARAMETERS, TEXTS, Column
from tuiwb.tui.metrics import asking
from tuiwb.tui.scene import Frame, Scene, Sight

Array = npt.NDArray[Any]

NEWEST = 8
"""Rows that the newest value of a layer is looked for in: parts of a model may take turns."""
BUCKETS = 64


@dataclass(frozen=True)
class Order:
    """How layers stand: by a column, the largest first; an empty one is the model's own order."""

    column: str = ""
    rising: bool = False

    def pressed(self, column: str) -> Order:
        """The key again on a column: falling, rising, the model's own order."""
        if self.column != column:
            return Order(column)
        return Order(column, True) if not self.rising else Order()


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is known of the layers at one moment."""

    layers: tuple[LayerInfo, ...] = ()
    columns: tuple[Column, ...] = TEXTS
    newest: Mapping[str, Array] = field(default_factory=dict)
    """Column -> the newest values, shape (layers,), NaN where a layer has none."""
    curves: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)
    """Column in view -> x (B,) and values (layers, B)."""
    x_range: Range = (0.0, 1.0)
    found: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    """Layer -> the doctor's findings that name it, the newest first."""

    def column(self, name: str) -> Column:
        """A column by its name, the first where there is none of it."""
        return next((column for column in self.columns if column.name == name), self.columns[0])

    def order(self, order: Order, text: str) -> list[int]:
        """Which layers are asked for, in their order. Raises `UserError` for a broken filter."""
        fits = asking(text)
        rows = [i for i, one in enumerate(self.layers) if fits((one.name, one.kind))]
        if not order.column:
            return rows
        if order.column in (NAME, KIND):
            words = [str(getattr(layer, order.column)) for layer in self.layers]
            return sorted(rows, key=lambda i: words[i], reverse=order.rising)
        values = self._values(order.column)
        at = np.array(rows, dtype=np.intp)
        kept = values[at] if len(rows) else np.empty(0)
        place = np.argsort(kept if order.rising else -kept, kind="stable")  # NaN comes last
        return [int(i) for i in at[place]]

    def _values(self, column: str) -> Array:
        if column == PARAMETERS:
            return np.array([float(layer.parameters) for layer in self.layers])
        return self.newest.get(column, np.full(len(self.layers), np.nan))


@dataclass
class Ledger(Scene):
    """The layers of a run being watched. Its panes are the columns whose curves are in view."""

    sheet: Sheet = field(default_factory=Sheet)
    _curves: dict[str, tuple[Array, Array]] = field(default_factory=dict)

    def draw(
        self, view: RunView, name: str, sight: Sight, x: Range, size: tuple[int, int],
        budget: float | None,
    ) -> Canvas:  # fmt: skip
        self._curves[name] = self._matrix(view, name, sight, x, BUCKETS, budget)
        return Canvas(0, 0)

    def framed(self, frame: Frame, sight: Sight, budget: float | None) -> Frame:
        view = frame.view
        newest, width = newest_of(view)
        curves = {name: self._curves.pop(name) for name in frame.canvases}
        self.sheet = Sheet(
            named(view.layers, width), columns_of(newest), newest, curves, frame.x_range,
            findings_of(view.findings),
        )  # fmt: skip
        return replace(frame)  # another one: what belongs to it has changed


def newest_of(view: RunView) -> tuple[dict[str, Array], int]:
    """Of each column the newest finite value of every layer, and how many layers there are."""
    rows = view.table("layers").tail(NEWEST)
    newest: dict[str, Array] = {}
    for name in rows.dtype.names or ():
        values = rows[name]
        if values.ndim == 2 and len(values) and values.dtype.kind in "fiu":
            values = values.astype(np.float64)
            there = ~np.isnan(values)
            last = len(values) - 1 - there[::-1].argmax(axis=0)
            newest[name] = values[last, np.arange(values.shape[1])]
    return newest, max((len(values) for values in newest.values()), default=0)


def columns_of(newest: Mapping[str, Array]) -> tuple[Column, ...]:
    """The columns that hold something: what we know of first, then what else the table has."""
    held = [name for name, values in newest.items() if not np.isnan(values).all()]
    known = [column for column in FIGURES if column.name in held]
    others = [
        Column(name, one_line(name.replace("_", " "), 12), "") for name in held if name not in KNOWN
    ]
    return (*TEXTS, *known, *others)


def named(layers: Sequence[LayerInfo], width: int) -> tuple[LayerInfo, ...]:
    """As many layers as the table has values for; the journal may not name all of them."""
    missing = range(len(layers), width)
    return (*layers, *(LayerInfo(f"layer {i + 1}", "", 0) for i in missing))


def findings_of(findings: Iterable[Mapping[str, Any]]) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """The findings by the layers that they name, the newest first."""
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for finding in findings:
        evidence = finding.get("evidence")
        layers = evidence.get("layers") if isinstance(evidence, Mapping) else None
        for name in layers if isinstance(layers, list | tuple) else ():
            found[str(name)] = (finding, *found.get(str(name), ()))
    return found
