"""The figures that painter tests share: fixed ones for goldens, strategies for properties.

``python -m tests.plots.figures`` writes the goldens anew; look at the difference before keeping it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from tests.plots.pictures import GALLERY
from tuiwb.base import bins
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.figure import Figure, HeatMap, Line, Mark, Picture
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.heatmap import paint_heatmap
from tuiwb.plots.histogram import Histogram, paint_histogram
from tuiwb.plots.paint import paint
from tuiwb.plots.picture import paint_picture
from tuiwb.plots.show import paint as show
from tuiwb.plots.static import render

GOLDENS = Path(__file__).parent / "goldens"


def training(**kwargs: object) -> Figure:
    """A loss curve as a run has it: band, smoothed line, evaluations, marks."""
    x = np.linspace(1, 900, 160)
    base = 2.3 * np.exp(-x / 200) + 0.15
    wave = np.sin(x / 7) * np.cos(x / 3)
    train = Line("train", x, base, base * (1 - 0.3 * wave**2), base * (1.1 + 0.3 * wave**2))
    steps = np.arange(100, 901, 100)
    val = Line("val", steps, 2.2 * np.exp(-steps / 260) + 0.32, colour=1)
    marks = (
        Mark(300, "checkpoint"),
        Mark(412, "command", "set lr=.05"),
        Mark(640, "finding", "f6: 12% dead"),
    )
    options: dict[str, object] = {"x_range": (0.0, 1000.0), "marks": marks, **kwargs}
    return Figure("loss", (train, val), **options)  # type: ignore[arg-type]


def broken() -> Figure:
    """A loss that stops being a number twice."""
    x = np.arange(1.0, 101)
    y = np.exp(-x / 30)
    y[40:44], y[80] = np.nan, np.inf
    return Figure("loss", (Line("loss", x, y),))


def many() -> Figure:
    """More series than the legend's first row holds."""
    x = np.arange(1.0, 200)
    lines = [Line(f"layer{i}", x, (i + 1) * np.exp(-x / 80), colour=i) for i in range(4)]
    return Figure("gradient norm", tuple(lines), y_scale="log")


def layers(rows: int = 6, **kwargs: object) -> HeatMap:
    """Gradients that vanish towards the input, and recover."""
    x = np.linspace(1, 900, 90)
    depth = np.linspace(0, 4, rows)[:, None]
    values = 10 ** (-depth * np.exp(-x / 300) + 0.1 * np.sin(x / 9 + depth))
    names = tuple(f"blocks.{i}.attn" for i in range(rows))
    options: dict[str, object] = {"x_range": (0.0, 1000.0), **kwargs}
    return HeatMap("gradient norm by layer", names, x, values, **options)  # type: ignore[arg-type]


def odd_layers() -> HeatMap:
    """Zeros, an infinity, and a layer that has no gradient at all."""
    figure = layers(5)
    values = np.array(figure.values)
    values[1, 30], values[2, 40:50], values[3] = np.inf, 0.0, np.nan
    return HeatMap(figure.title, figure.rows, figure.x, values, x_range=(0, 1000), cursor=500)


def drifting(rectified: bool = True, **kwargs: object) -> Histogram:
    """Activations that widen as training goes on, rectified or not."""
    rng = np.random.default_rng(0)
    xs = np.unique(np.geomspace(1, 900, 40).astype(int))
    counts = []
    for x in xs:
        values = rng.normal(0.3 * np.exp(-x / 200), 0.2 + 1.2 * (1 - np.exp(-x / 150)), 4000)
        values = np.maximum(values, 0) if rectified else values
        counts.append(np.histogram(values, bins.edges())[0])
    marks = (Mark(300, "checkpoint"), Mark(640, "finding"))
    options: dict[str, object] = {"x_range": (0.0, 1000.0), "marks": marks, **kwargs}
    return Histogram("activations", xs, counts, bins.edges(), **options)  # type: ignore[arg-type]


def ring() -> Picture:
    """A ring on a gradient, 28 by 28."""
    y, x = np.mgrid[0:28, 0:28]
    radius = np.hypot(y - 14, x - 14)
    on = (radius < 10) & (radius > 6)
    return Picture("first digit", np.stack([on * 255, y * 9, x * 9], -1).astype(np.uint8))


ONE = Line("loss", [7.0], [0.5])
X = np.arange(1.0, 51)

# Every figure that both painters must show; also a gallery of what data can be like.
FIGURES: dict[str, Figure | HeatMap] = {
    "training": training(),
    "training log": training(y_scale="log"),
    "cursor": training(cursor=500.0),
    "nothing": Figure("loss", empty="first loss after the first step"),
    "no points": Figure("loss", (Line("loss", [], []),)),
    "one point": Figure("loss", (ONE,)),
    "constant": Figure("loss", (Line("loss", X, np.full(50, 3.0)),)),
    "all zero": Figure("loss", (Line("loss", X, np.zeros(50)),)),
    "all nan": Figure("loss", (Line("loss", X, np.full(50, np.nan)),)),
    "broken": broken(),
    "nan x": Figure("loss", (Line("loss", [1, np.nan, 3], [1, 2, 3]),)),
    "backwards": Figure("loss", (Line("loss", X[::-1], X),)),
    "unequal": Figure("loss", (Line("loss", X, X[:20]),)),
    "huge": Figure("loss", (Line("loss", X, (X / 25 - 1) * 1.7e308),)),
    "huge constant": Figure("loss", (Line("loss", [-1.7e308, 1.7e308], [1.7e308] * 2),)),
    "huge map": HeatMap("g", ("a",), [-1.7e308, 1.7e308], [[1.7e308] * 2], scale="linear"),
    "tiny": Figure("loss", (Line("loss", X, np.linspace(0, 5e-324, 50)),)),
    "huge log": Figure("loss", (Line("l", X, 10 ** (X * 12.56 - 320)),), y_scale="log"),
    "close": Figure("loss", (Line("loss", X, 1 + X * 1e-9),)),
    "below zero log": Figure("loss", (Line("loss", X, X - 25),), y_scale="log"),
    "many": many(),
    "time": Figure("loss", (Line("loss", X * 60, X),), x_label="time", x_scale="time"),
    "rates": Figure(
        "loss",
        (Line("loss", 10 ** (X / 7 - 6), (X - 30) ** 2),),
        (Mark(1e-2, "command", "here"),),
        x_label="rate",
        x_scale="log",
    ),
    "rates below zero": Figure("loss", (Line("loss", X - 25, X),), x_scale="log"),
    "no rate above zero": Figure("loss", (Line("loss", -X, X),), x_scale="log"),
    "odd names": Figure("损失\x1b[31m", (Line("tränen\n", X, X), Line("日本", X, -X, colour=1))),
    "bad ranges": Figure("loss", (ONE,), x_range=(5, 5), y_range=(math.nan, 1)),
    "zoomed": training(x_range=(400.0, 410.0), y_range=(0.4, 0.41)),
    "layers": layers(),
    "many layers": layers(60),
    "odd layers": odd_layers(),
    "no layers": HeatMap("gradients", empty="first gradients after 10 steps"),
    "linear layers": layers(4, scale="linear", palette="cividis"),
    "nan layers": HeatMap("g", ("a", "b"), [1, 2], np.full((2, 2), np.nan)),
    "ragged layers": HeatMap("g", ("a", "b", "c"), [1, 2], np.ones((2, 5))),
}


def shown(name: str, width: int, height: int, glyphs: GlyphSet = "braille") -> str:
    """A picture of the gallery in shades, under a title and words."""
    kind, arrays = GALLERY[name]
    return show(kind, arrays, width, height, glyphs, False, name, "some words").text()


GOLDEN: dict[str, Callable[[], str]] = {
    "line-80x20": lambda: paint(training(), 80, 20).text(),
    "line-120x12": lambda: paint(training(), 120, 12).text(),
    "line-40x10-log": lambda: paint(training(y_scale="log"), 40, 10).text(),
    "line-20x5": lambda: paint(training(), 20, 5).text(),
    "line-80x16-log-x": lambda: paint(FIGURES["rates"], 80, 16).text(),  # type: ignore[arg-type]
    "static-80x16-log-x": lambda: render(FIGURES["rates"], 80, 16, colour=False),
    "line-80x16-quadrant": lambda: paint(training(), 80, 16, "quadrant").text(),
    "line-80x16-ascii": lambda: paint(training(), 80, 16, "ascii").text(),
    "line-80x16-cursor": lambda: paint(training(cursor=500.0), 80, 16).text(),
    "line-60x12-broken": lambda: paint(broken(), 60, 12).text(),
    "line-70x14-many": lambda: paint(many(), 70, 14).text(),
    "line-60x10-empty": lambda: paint(FIGURES["nothing"], 60, 10).text(),  # type: ignore[arg-type]
    "map-80x16": lambda: paint_heatmap(layers(), 80, 16, colour=False).text(),
    "map-60x14-grouped": lambda: paint_heatmap(layers(30), 60, 14, colour=False).text(),
    "map-80x10-ascii-odd": lambda: paint_heatmap(odd_layers(), 80, 10, "ascii").text(),
    "map-20x6": lambda: paint_heatmap(layers(), 20, 6, colour=False).text(),
    "histogram-80x16": lambda: paint_histogram(
        drifting(rectified=False), 80, 16, colour=False
    ).text(),
    "histogram-80x14-cursor": lambda: paint_histogram(
        drifting(cursor=500.0), 80, 14, colour=False
    ).text(),
    "histogram-60x12-linear-ascii": lambda: paint_histogram(
        drifting(rectified=False, y_scale="linear"), 60, 12, "ascii"
    ).text(),
    "picture-40x16": lambda: paint_picture(ring(), 40, 16, colour=False).text(),
    "picture-30x12-ascii": lambda: paint_picture(ring(), 30, 12, "ascii").text(),
    **{
        f"show-{name}-44x14": lambda name=name: shown(name, 44, 14)  # type: ignore[misc]
        for name in GALLERY
    },
    "show-boundary-44x14-ascii": lambda: shown("boundary", 44, 14, "ascii"),
    "static-80x20": lambda: render(training(), 80, 20, colour=False),
    "static-60x14-ascii": lambda: render(training(), 60, 14, colour=False, unicode=False),
    "static-map-80x14": lambda: render(layers(), 80, 14, colour=False),
    "static-map-60x14-ascii": lambda: render(layers(30), 60, 14, colour=False, unicode=False),
}

# Numbers as training makes them, and as it should not.
anything = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-10, 10),
    st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300, 5e-324, 1.7e308, math.nan, math.inf]),
)
sizes = st.tuples(st.integers(0, 90), st.integers(0, 30))
glyph_sets = st.sampled_from(["braille", "quadrant", "ascii"])
ranges = st.none() | st.tuples(anything, anything)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """A line with or without a band, of lengths that need not match."""
    x = draw(st.lists(anything, max_size=30))
    y = draw(st.lists(anything, max_size=30))
    low, high = (draw(st.none() | st.lists(anything, max_size=30)) for _ in range(2))
    counts = draw(st.integers(0, 5) | st.lists(st.integers(0, 3), max_size=30))
    return Line(draw(st.text(max_size=12)), x, y, low, high, draw(st.integers(0, 9)), counts)


marks = st.builds(
    Mark, anything, st.sampled_from(["finding", "checkpoint", "?"]), st.text(max_size=9)
)


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    """Any figure at all."""
    return Figure(
        draw(st.text(max_size=20)),
        tuple(draw(st.lists(lines(), max_size=5))),
        tuple(draw(st.lists(marks, max_size=4))),
        x_range=draw(ranges),
        y_range=draw(ranges),
        x_scale=draw(st.sampled_from(["linear", "time", "log"])),
        y_scale=draw(st.sampled_from(["linear", "log"])),
        cursor=draw(st.none() | anything),
    )


@st.composite
def heat_maps(draw: st.DrawFn) -> HeatMap:
    """Any heat map at all, its arrays not always of matching shapes."""
    rows, columns = draw(st.integers(0, 40)), draw(st.integers(0, 12))
    shape = (max(0, rows + draw(st.integers(-1, 1))), columns)
    flat = draw(st.lists(anything, min_size=shape[0] * columns, max_size=shape[0] * columns))
    return HeatMap(
        draw(st.text(max_size=20)),
        tuple(f"layer{i}" for i in range(rows)),
        draw(st.lists(anything, max_size=12)),
        np.array(flat).reshape(shape),
        scale=draw(st.sampled_from(["log10", "linear"])),
        x_range=draw(ranges),
        v_range=draw(ranges),
        palette=draw(st.sampled_from(["viridis", "cividis"])),
        cursor=draw(st.none() | anything),
    )


def apply(spans: list[tuple[int, int, int]], new: Canvas, old: Canvas) -> None:
    """Copy the cells of ``spans`` from ``new`` into ``old``, as a screen would."""
    for y, start, stop in spans:
        for name in ("chars", "fg", "bg", "attr"):
            getattr(old, name)[y, start:stop] = getattr(new, name)[y, start:stop]


if __name__ == "__main__":
    GOLDENS.mkdir(exist_ok=True)
    for name, paint_golden in GOLDEN.items():
        (GOLDENS / f"{name}.txt").write_text(paint_golden() + "\n", encoding="utf-8")
