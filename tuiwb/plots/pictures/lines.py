"""Curves that are not over steps: a forecast beside the truth."""

from __future__ import annotations

import numpy as np

from tuiwb.plots.arrays import Arrays, Refused
from tuiwb.plots.figure import Figure, Line
from tuiwb.plots.paint import geometry, paint, sign_of
from tuiwb.plots.palette import LOST
from tuiwb.plots.pictures.look import Drawn, Look, lay, put_legend

_MOST = 20
"""Lines in one plot."""


def draw(arrays: Arrays, width: int, height: int, look: Look) -> Drawn:
    """``x`` [T], ``values`` [L, T] with NaN where a line has nothing, ``names`` of the lines."""
    x, values = arrays.floats("x", "T"), arrays.floats("values", "LT")
    if values.shape[1] != len(x):
        raise Refused(f"values has {values.shape[1]} places for {len(x)} x")
    shown = values[:_MOST]
    names = arrays.names("names", len(shown), "line ")
    infinite = int(np.isinf(shown).sum())
    shown = np.where(np.isfinite(shown), shown, np.nan)
    lines = tuple(
        Line(name, x, row, colour=i, nonfinite=np.zeros(len(x)))
        for i, (name, row) in enumerate(zip(names, shown, strict=True))
        if not np.isnan(row).all()
    )
    figure = Figure("", lines, x_label="", empty="no finite value")
    legend = 1 if len(lines) > 1 and height >= 4 else 0
    canvas = look.canvas(width, height)
    # a chart's title row, with each line's last value, says nothing here
    body = height - legend
    header = next((n for n in (1, 2) if geometry(figure, width, body + n).area.top == n), 1)
    lay(canvas, paint(figure, width, body + header, look.glyphs), 0, 0, skip=header)
    if legend:
        signs = "".join(map(sign_of, range(8))) if look.glyphs == "ascii" else "━"
        put_legend(canvas, height - 1, [line.name for line in lines], signs)
    notes = [f"{LOST} {infinite} infinite"] if infinite else []
    notes += [f"{len(shown)} of {len(values)} lines"] if len(shown) < len(values) else []
    return Drawn(canvas, "  ".join(notes))
