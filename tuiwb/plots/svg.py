"""Figures as SVG: the same ranges, ticks, bands, lines and marks as on the screen, as vectors."""

from __future__ import annotations

from xml.sax.saxutils import escape

import numpy as np

from tuiwb.base.text import clean
from tuiwb.plots.curves import Curve, limits, prepare
from tuiwb.plots.domain import sane, v_limits, x_limits
from tuiwb.plots.figure import Figure, HeatMap, Range
from tuiwb.plots.palette import LEVELS, RAMPS, mark_style, series_colour
from tuiwb.plots.reading import grid
from tuiwb.plots.scales import Scale
from tuiwb.plots.ticks import Ticks
from tuiwb.plots.ticks import of as ticks_of

WIDTH, HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 56, 44
_INK, _QUIET, _GRID = "#1f2830", "#56626e", "#dfe5ea"


def render_svg(figure: Figure | HeatMap) -> str:
    """``figure`` as a whole SVG document, on white."""
    body = _map(figure) if isinstance(figure, HeatMap) else _chart(figure)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
        + _text(_LEFT, 22, figure.title, size=15, weight="bold", fill=_INK)
        + "".join(body)
        + "</svg>\n"
    )


def _chart(figure: Figure) -> list[str]:
    curves = [prepare(line, figure.y_scale == "log") for line in figure.lines]
    x_range, y_range = limits(figure, curves)
    x, y = Scale(*x_range), Scale(*y_range, log=figure.y_scale == "log")
    ticks = ticks_of(figure.y_scale, y_range[0], y_range[1], 6, 8)
    out = []
    for value, label in zip(ticks.values, ticks.labels, strict=True):
        at = _down(y, value)
        out.append(_line(_LEFT, at, WIDTH - _RIGHT, at, _GRID))
        out.append(_text(_LEFT - 8, at + 4, label, anchor="end"))
    if ticks.offset:
        out.append(_text(_LEFT - 8, _TOP - 8, ticks.offset, anchor="end"))
    out += _x_axis(x, ticks_of(figure.x_scale, x_range[0], x_range[1], 8, 8), figure.x_label)
    for mark in figure.marks:
        if x_range[0] <= mark.x <= x_range[1]:
            at, style = _along(x, mark.x), mark_style(mark.kind)
            if style.guide:
                out.append(_line(at, _TOP, at, HEIGHT - _BOTTOM, _hex(style.colour), dash="3 4"))
            out.append(_text(at, HEIGHT - _BOTTOM + 3, style.glyph, anchor="middle",
                             fill=_hex(style.colour), title=mark.label))  # fmt: skip
    for curve in curves:
        out += _curve(curve, x, y, x_range)
    if not any(np.isfinite(curve.y).any() for curve in curves):
        out.append(_text(WIDTH / 2, HEIGHT / 2, figure.empty, anchor="middle"))
    names = [(curve.line.name, _hex(series_colour(curve.line.colour))) for curve in curves]
    return out + _legend(names)


def _curve(curve: Curve, x: Scale, y: Scale, within: Range) -> list[str]:
    """A band, and a line that breaks where there is nothing."""
    seen = (curve.x >= within[0]) & (curve.x <= within[1])
    colour, out = _hex(series_colour(curve.line.colour)), []
    if curve.low is not None and curve.high is not None:
        for piece in _pieces(seen & np.isfinite(curve.low) & np.isfinite(curve.high)):
            across, high, low = curve.x[piece], curve.high[piece], curve.low[piece]
            ends = [*zip(across, high, strict=True), *zip(across[::-1], low[::-1], strict=True)]
            points = " ".join(f"{_along(x, a):.1f},{_down(y, b):.1f}" for a, b in ends)
            out.append(f'<polygon points="{points}" fill="{colour}" opacity="0.22"/>\n')
    for piece in _pieces(seen & np.isfinite(curve.y)):
        points = " ".join(
            f"{_along(x, a):.1f},{_down(y, b):.1f}"
            for a, b in zip(curve.x[piece], curve.y[piece], strict=True)
        )
        if len(curve.x[piece]) == 1:
            at, down = points.split(",")
            out.append(f'<circle cx="{at}" cy="{down}" r="3" fill="{colour}"/>\n')
        else:
            out.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8" '
                'stroke-linejoin="round"/>\n'
            )
    return out


def _pieces(there: np.ndarray) -> list[slice]:
    """The stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], there, [False])).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _map(figure: HeatMap) -> list[str]:
    xs, values = grid(figure)
    log = figure.scale == "log10"
    x_range = sane(figure.x_range) or (
        x_limits(float(xs[0]), float(xs[-1])) if xs.size else (0.0, 1.0)
    )
    v_range = sane(figure.v_range, log) or v_limits(values, figure.scale)
    x, v = Scale(*x_range), Scale(*v_range, log=log)
    rows = len(figure.rows)
    if not rows or not xs.size:
        return [_text(WIDTH / 2, HEIGHT / 2, figure.empty, anchor="middle")]
    high = (HEIGHT - _TOP - _BOTTOM) / rows
    edges = np.concatenate(([xs[0]], (xs[1:] + xs[:-1]) / 2, [x_range[1]]))
    edges = np.clip(edges, *x_range)
    out, every = [], max(1, round(12 / high))
    for row, name in enumerate(figure.rows):
        if row % every == 0:
            middle = _TOP + (row + 0.5) * high + 4
            out.append(_text(_LEFT - 6, middle, name, anchor="end", size=min(11, max(6, high))))
        for column in np.flatnonzero(np.isfinite(values[row])):
            a, b = _along(x, edges[column]), _along(x, edges[column + 1])
            share = (
                float(v.unit(np.array([values[row, column]]))[0])
                if (not log or values[row, column] > 0)
                else 0.0
            )
            level = int(np.clip(round(share * (LEVELS - 1)), 0, LEVELS - 1))
            colour = _hex(int(RAMPS[figure.palette][level]))
            out.append(f'<rect x="{a:.1f}" y="{_TOP + row * high:.1f}" width="{b - a + 0.3:.1f}" '
                       f'height="{high + 0.3:.1f}" fill="{colour}"/>\n')  # fmt: skip
    out += _x_axis(x, ticks_of(figure.x_scale, x_range[0], x_range[1], 8, 8), figure.x_label)
    low, top = (f"{end:.3g}" for end in v_range)
    return [*out, _text(WIDTH - _RIGHT, 22, f"{low} (dark) to {top} (light)", anchor="end")]


def _x_axis(x: Scale, ticks: Ticks, label: str) -> list[str]:
    floor = HEIGHT - _BOTTOM
    out = [_line(_LEFT, floor, WIDTH - _RIGHT, floor, _QUIET)]
    for value, text in zip(ticks.values, ticks.labels, strict=True):
        out.append(_line(_along(x, value), floor, _along(x, value), floor + 4, _QUIET))
        out.append(_text(_along(x, value), floor + 18, text, anchor="middle"))
    return [*out, _text(WIDTH - _RIGHT, floor + 36, label, anchor="end")]


def _legend(names: list[tuple[str, str]]) -> list[str]:
    out, at = [], float(_LEFT)
    for name, colour in names:
        out.append(_line(at, 38, at + 18, 38, colour, width=2.5))
        out.append(_text(at + 24, 42, name))
        at += 40 + 7 * len(name)
    return out


def _along(scale: Scale, value: float) -> float:
    return _LEFT + float(scale.unit(np.array([value]))[0]) * (WIDTH - _LEFT - _RIGHT)


def _down(scale: Scale, value: float) -> float:
    share = min(max(float(scale.unit(np.array([value]))[0]), 0.0), 1.0)
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "", width: float = 1.0
) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}"{dashes}/>\n'
    )


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: float = 12,
    weight: str = "normal", fill: str = _QUIET, title: str = "",
) -> str:  # fmt: skip
    told = f"<title>{escape(clean(title, 200))}</title>" if title else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" '
        f'font-weight="{weight}" fill="{fill}">{told}{escape(clean(text, 200))}</text>\n'
    )


def _hex(colour: int) -> str:
    return f"#{colour:06x}"
