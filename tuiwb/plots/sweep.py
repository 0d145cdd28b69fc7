"""The plots of a search, for the screen and for print: a curve and pictures of its trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tuiwb.plots.canvas import Canvas
from tuiwb.plots.figure import Figure, Line, Values
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.show import paint

KINDS = {"parallel": "parallel", "slice": "slices", "contour": "contour"}
"""Plot -> the kind of picture that it is."""


def best_curve(title: str, numbers: Values, values: Values, best: Values, metric: str) -> Figure:
    """Every trial's value, and the best so far."""
    shown, places = np.asarray(values, float), np.asarray(numbers, float)
    # nothing between two trials: points, no line
    x = np.stack([places, places + 0.5], axis=1).ravel()[:-1]
    y = np.stack([shown, np.full(len(shown), np.nan)], axis=1).ravel()[:-1]
    lines = (
        Line("trial", x, y, colour=1, nonfinite=np.zeros(len(x))),
        Line("best", numbers, best, colour=0, nonfinite=np.zeros(len(places))),
    )
    shown = shown[np.isfinite(shown)]
    log = len(shown) > 1 and shown.min() > 0 and bool(shown.max() / shown.min() > 30)
    return Figure(
        title,
        lines if len(shown) else (),
        x_label="trial",
        y_label=metric,
        y_scale="log" if log else "linear",
        empty="comes with the first complete trial",
    )


def importance_bars(
    title: str, shares: Mapping[str, float], width: int, height: int, glyphs: GlyphSet,
    colour: bool = True,
) -> Canvas:  # fmt: skip
    """A bar a knob; why there is none yet where there is none."""
    if not shares:
        canvas = Canvas(width, height, ascii=glyphs == "ascii")
        canvas.put(0, 0, title)
        canvas.put(1, 0, "comes with four complete trials that differ")
        return canvas
    arrays = {"values": np.array(list(shares.values())), "names": np.array(list(shares))}
    return paint("bars", arrays, width, height, glyphs, colour, title)


def trials_picture(
    name: str, title: str, arrays: Mapping[str, Any], width: int, height: int, glyphs: GlyphSet,
    colour: bool = True,
) -> Canvas:  # fmt: skip
    """One of `KINDS`."""
    if not len(arrays["values"]) or not arrays["points"].size:
        canvas = Canvas(width, height, ascii=glyphs == "ascii")
        canvas.put(0, 0, title)
        canvas.put(1, 0, "comes with the first trial that is decided")
        return canvas
    return paint(KINDS[name], arrays, width, height, glyphs, colour, title)
