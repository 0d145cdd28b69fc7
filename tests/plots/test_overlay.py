"""An overlay has a line a run, and the scale on which all of them are seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from tuiwb.plots.overlay import overlay
from tuiwb.plots.paint import paint
from tuiwb.plots.static import render


class One(NamedTuple):
    label: str
    y: np.ndarray
    x: np.ndarray = np.arange(4.0)
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    nonfinite: int = 0


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ((1.0, 2.0, 3.0, 200.0), "linear"),
        ((1e-4, 2.0, 3.0, 1.0), "log"),
        ((np.nan, -5.0, 0.0, 1.0), "linear"),
        ((-5.0, 1e-4, 0.0, 1.0), "linear"),
        ((np.nan, np.inf, 1e9, 1.0), "log"),
        ((), "linear"),
    ],
)
def test_the_scale_follows_the_values(values: tuple[float, ...], scale: str) -> None:
    figure = overlay("loss", [One("a", np.array(values)), One("b", np.array([1.0]))])
    assert figure.y_scale == scale
    assert [(line.name, line.colour) for line in figure.lines] == [("a", 0), ("b", 1)]
    assert "a" in paint(figure, 60, 12).text() and render(figure, 60, 12, False, True)


def test_steps_have_a_range_and_layers_none() -> None:
    one = One("a", np.arange(4.0))
    steps = overlay("val_loss", [one], (0, 100))
    layers = overlay("layers.grad_norm", [one], (0, 100))
    assert (steps.x_range, steps.x_label, steps.title) == ((0, 100), "step", "val_loss")
    assert (layers.x_range, layers.x_label) == (None, "layer")
    assert layers.title == "grad_norm layer by layer, step 1"
    course = overlay("layers.act_median@last", [one], (0, 100))
    assert (course.x_range, course.x_label) == ((0, 100), "step")
    assert course.title == "act_median of last layer"


def test_nothing_yet_is_said() -> None:
    figure = overlay("loss", (), empty="comes with the first run")
    assert "comes with the first run" in paint(figure, 60, 12).text()
