"""What a finding goes by: its columns as small charts, its numbers beside their thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tuiwb.base.format import number
from tuiwb.base.text import clean
from tuiwb.client.marks import severity
from tuiwb.doctor.window import SYSTEM
from tuiwb.plots.figure import Figure, Line, Mark, Range
from tuiwb.run.view import RunView

CHARTS = 3
"""Columns that are drawn, at most."""
LAYERS = 3
"""Layers in one of them, at most."""
AROUND = 40
"""Steps before and after a finding that are drawn with it, at least; as many as it lasted else."""
BUCKETS = 160
DECADES = 1e3
"""A column that spreads over so much is drawn on a logarithmic scale."""
_LIMITS = {
    ("dead-units", "act_dead"): "threshold",
    ("saturation", "act_saturated"): "threshold",
    ("loss-spike", "loss"): "threshold",
    ("bad-initial-loss", "loss"): "threshold",
    ("lr-too-high", "loss"): "highest_loss_threshold",
}
"""Thresholds on a column itself that its name does not tell; else they are ``COLUMN_threshold``."""


def charts(view: RunView, finding: Mapping[str, Any], budget: float | None) -> tuple[Figure, ...]:
    """The columns of a finding around its steps, with the threshold where there is one."""
    evidence = finding.get("evidence")
    series = evidence.get("series") if isinstance(evidence, Mapping) else None
    if not isinstance(series, list | tuple):
        return ()
    begin, until = span(finding)
    around = max(AROUND, until - begin)
    x = float(max(0, begin - around)), float(max(until + around, 1))
    drawn = []
    for name in series:
        figure = _chart(view, finding, str(name), x, budget)
        if figure is not None:
            drawn.append(figure)
    return tuple(drawn[:CHARTS])


def span(finding: Mapping[str, Any]) -> tuple[int, int]:
    """The first and the last step of a finding."""
    begin = finding.get("step")
    begin = begin if isinstance(begin, int) else 0
    until = finding.get("until")
    return begin, max(begin, until) if isinstance(until, int) else begin


def _chart(
    view: RunView, finding: Mapping[str, Any], name: str, x: Range, budget: float | None
) -> Figure | None:
    lines = _lines(view, finding, name, x, budget)
    if not lines:
        return None
    column = name.rpartition(".")[2]
    limit = _limit(finding, column)
    if limit is not None:
        ends = np.array([x[0], x[1]])
        lines.append(Line("limit", ends, np.full(2, limit), colour=3))
    begin, _ = span(finding)
    values = np.concatenate([line.y for line in lines])
    values = values[np.isfinite(values)]
    spread = len(values) and values.min() > 0 and values.max() / values.min() > DECADES
    return Figure(
        clean(column.replace("_", " "), 30),
        tuple(lines),
        (Mark(float(begin), severity(finding), ""),),
        x_range=x,
        y_scale="log" if spread else "linear",
    )


def _limit(finding: Mapping[str, Any], column: str) -> float | None:
    evidence = finding["evidence"]
    key = _LIMITS.get((str(finding.get("symptom")), column), f"{column}_threshold")
    value = evidence.get(key)
    ok = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if ok else None


def _lines(
    view: RunView, finding: Mapping[str, Any], name: str, x: Range, budget: float | None
) -> list[Line]:
    table, _, column = name.rpartition(".")
    if table == "layers":
        return _layer_lines(view, finding, column, x, budget)
    if table == "system":
        return _system_lines(view, column, x)
    if table == "ranks":
        return _rank_lines(view, finding, column, x, budget)
    if table:
        return []
    for where in ("steps", "evals"):
        if column in view.table(where).columns:
            curve = view.table(where).envelope(column, BUCKETS, "step", *x, budget_s=budget)
            curve = curve.taken() if where == "steps" else curve
            if len(curve.x):
                return [Line("", curve.x, curve.mean, nonfinite=curve.nonfinite)]
    return []


def _system_lines(view: RunView, column: str, x: Range) -> list[Line]:
    """Rows that come by the second, several of them within one step or none: drawn as they are."""
    rows = view.table("system").tail(SYSTEM)
    if not {"step", column} <= set(rows.dtype.names or ()):
        return []
    rows = rows[(rows["step"] >= x[0]) & (rows["step"] <= x[1])]
    values = rows[column].astype(float)
    return [Line("", rows["step"].astype(float), values)] if np.isfinite(values).any() else []


def _layer_lines(
    view: RunView, finding: Mapping[str, Any], column: str, x: Range, budget: float | None
) -> list[Line]:
    at, values = view.table("layers").matrix(column, BUCKETS, *x, "step", budget)
    if not len(at):
        return []
    names = [layer.name for layer in view.layers]
    named = finding["evidence"].get("layers")
    named = named if isinstance(named, list | tuple) else ()
    rows = [names.index(str(n)) for n in named if str(n) in names]
    rows = [row for row in rows if row < len(values)]
    rows = rows or list(range(len(values)))
    rows = [row for row in rows if np.isfinite(values[row]).any()][:LAYERS]
    return [
        Line(_short(names[row]) if row < len(names) else str(row + 1), at, values[row], colour=i)
        for i, row in enumerate(rows)
    ]


def _rank_lines(
    view: RunView, finding: Mapping[str, Any], column: str, x: Range, budget: float | None
) -> list[Line]:
    """The process that a finding names, and the median of the others."""
    at, values = view.table("ranks").matrix(column, BUCKETS, *x, "step", budget)
    rank = finding["evidence"].get("rank")
    if not len(at) or not isinstance(rank, int) or not 0 <= rank < len(values) > 1:
        return []
    others = np.median(np.delete(values, rank, axis=0), axis=0)
    return [Line(f"rank {rank}", at, values[rank]), Line("the others", at, others, colour=1)]


def _short(name: str) -> str:
    """The end of a layer's name, which tells it apart."""
    text = clean(name, 80)
    return text if len(text) <= 14 else "…" + text[-13:]


def numbers(evidence: object) -> list[str]:
    """Each number beside its threshold: ``gap 0.31 (limit 0.1)``."""
    if not isinstance(evidence, Mapping):
        return [clean(str(evidence), 300)] if evidence else []
    limits = {
        key.removesuffix("_threshold"): value
        for key, value in evidence.items()
        if key.endswith("_threshold")
    }
    told: list[str] = []
    for key, value in evidence.items():
        if key in ("series", "threshold", "layers") or key.endswith("_threshold") or value is None:
            continue
        if "threshold" in evidence and not told and key not in limits:
            limits[key] = evidence["threshold"]
        limit = f" (limit {_value(limits[key])})" if key in limits else ""
        told.append(f"{clean(str(key), 40).replace('_', ' ')} {_value(value)}{limit}")
    layers = evidence.get("layers")
    if isinstance(layers, list | tuple) and layers:
        more = f" and {len(layers) - 4} more" if len(layers) > 4 else ""
        told.append("in " + ", ".join(clean(str(one), 40) for one in layers[:4]) + more)
    return told


def _value(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return clean(str(value), 60)
    return number(value)
