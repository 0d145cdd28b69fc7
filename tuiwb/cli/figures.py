"""A run as figures for the painter of printed plots."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError, nearest

if TYPE_CHECKING:
    from tuiwb.plots.figure import Figure, HeatMap, Line
    from tuiwb.run.view import RunView, TableView

BUCKETS = 400
"""More than the columns of a wide terminal: no peak between two columns is lost."""

MOST = 6
"""Curves of a run's own metrics in one plot."""


def _line(table: TableView, column: str, name: str, colour: int) -> Line | None:
    from tuiwb.plots.figure import Line
    from tuiwb.run.schema import SAMPLED

    if column not in table.columns:
        return None
    curve = table.envelope(column, BUCKETS)
    if column in SAMPLED:
        curve = curve.taken()
    return Line(name, curve.x, curve.mean, curve.low, curve.high, colour, curve.nonfinite)


def _chart(title: str, *lines: Line | None, log: bool = False) -> Figure:
    from tuiwb.plots.figure import Figure

    drawn = tuple(line for line in lines if line is not None)
    return Figure(title, drawn, y_scale="log" if log else "linear")


def _loss(view: RunView) -> Figure:
    return _chart(
        "loss",
        _line(view.table("steps"), "loss", "train", 0),
        _line(view.table("evals"), "val_loss", "validation", 1),
    )


def _gradients(view: RunView) -> Figure:
    steps = view.table("steps")
    return _chart("gradient norm", _line(steps, "grad_norm", "all layers", 0), log=True)


def _lr(view: RunView) -> Figure:
    return _chart("learning rate", _line(view.table("steps"), "lr", "lr", 0))


def _metrics(view: RunView) -> Figure:
    evals = view.table("evals")
    names = [c for c in evals.columns if c not in ("step", "time") and not c.endswith("loss")]
    # shares of one fit on one scale; anything else (perplexity, bits) would flatten them
    shown = [name for name in names if name.endswith(("accuracy", "r2"))] or names[:1]
    return _chart("evaluation", *(_line(evals, name, name, i) for i, name in enumerate(shown)))


def _own(view: RunView) -> Figure:
    """What a loop of the user's own tells at each step beside the loss."""
    lines = [
        _line(table, column, column, i)
        for name, table in view.tables.items()
        if name == "metrics" or name.startswith("metrics-")
        for i, column in enumerate(table.columns)
        if column not in ("step", "time")
    ]
    return _chart("metrics", *lines[:MOST])


def _layers(column: str, title: str) -> Callable[[RunView], HeatMap]:
    def figure(view: RunView) -> HeatMap:
        from tuiwb.plots.figure import HeatMap

        table = view.table("layers")
        if column not in table.columns:
            return HeatMap(title)
        x, values = table.matrix(column, BUCKETS)
        return HeatMap(title, tuple(layer.name for layer in view.layers), x, values)

    return figure


FIGURES: dict[str, Callable[[RunView], Figure | HeatMap]] = {
    "loss": _loss,
    "gradients": _gradients,
    "evaluation": _metrics,
    "metrics": _own,
    "lr": _lr,
    "layers": _layers("grad_norm", "gradient norm by layer"),
    "activations": _layers("act_std", "activations by layer (std)"),
}
"""What ``--plot`` can name."""

AT_THE_END = ("loss", "gradients")
"""The plots that close every run."""


def names(text: str) -> tuple[str, ...]:
    """The plots that ``--plot loss,gradients`` asks for; an unknown one is a `UserError`."""
    asked = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in asked:
        if name not in FIGURES:
            raise UserError(
                f"unknown plot {name!r}",
                where=f"--plot {text}",
                found=repr(name),
                allowed=", ".join(FIGURES),
                nearest=nearest(name, FIGURES),
            )
    return asked


def draw(view: RunView, asked: tuple[str, ...], width: int, colour: bool, unicode: bool) -> str:
    """The plots as text, one below the other, each at most ``width`` columns wide."""
    from dataclasses import replace

    from tuiwb.client.marks import course
    from tuiwb.plots.figure import Mark
    from tuiwb.plots.static import render

    height = max(5, min(16, width // 4))
    marks = tuple(Mark(float(one.step), one.kind, one.label) for one in course(view))
    figures = (replace(FIGURES[name](view), marks=marks) for name in asked)
    return "\n".join(render(figure, width, height, colour, unicode) for figure in figures)
