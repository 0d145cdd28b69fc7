"""The plots of a sweep, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuiwb.plots.glyphs import GlyphSet
    from tuiwb.search.ledger import SweepView


def drawn(view: SweepView, name: str, width: int, colour: bool, unicode: bool) -> str:
    """One plot as text."""
    from tuiwb.plots.static import render
    from tuiwb.plots.sweep import best_curve, importance_bars, trials_picture
    from tuiwb.search.figures import WORDS, arrays, axes_of, curve
    from tuiwb.search.importance import importance

    title, height = WORDS[name], 14 if name == "best" else 16
    if name == "best":
        figure = best_curve(f"{view.sweep.metric}, {title}", *curve(view), view.sweep.metric)
        return render(figure, width, height, colour, unicode)
    glyphs: GlyphSet = "braille" if unicode else "ascii"
    shares, axes = importance(view), axes_of(view)
    if name == "importance":
        canvas = importance_bars(title, shares, width, len(axes) + 1, glyphs, colour)
    else:
        given = arrays(view, axes, shares)
        canvas = trials_picture(name, title, given, width, height, glyphs, colour)
    return canvas.ansi() if colour else canvas.text()
