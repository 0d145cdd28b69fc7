"""Figures and the painters that put them on a terminal.

One figure model (`figure.py`), several painters: `paint.py` (line charts in braille, quadrants or
ASCII), `heatmap.py` (layer by time), `picture.py` (half blocks), all of which return a `Canvas`
that knows which cells changed since the frame before; and `static.py`, plotext's painter of the
same figures for text that is printed once.
May import: base, numpy, plotext (plotext only inside `static.py`, and only when it paints).

A new plot kind is one new file here: a frozen dataclass in `figure.py` that says what is shown, a
`paint_...(figure, width, height, glyphs) -> Canvas` that never raises on odd data or odd sizes,
goldens for it in `tests/plots/goldens/`, and a place in the painters' contract test.
"""
