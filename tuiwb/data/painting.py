"""A painted scene as places and colours: what a network over coordinates learns by heart.

A sun over hills at dusk, drawn from formulas. Each pixel is a sample: its place, -1 to 1 across and
down, and its colour, red, green and blue in 0 to 1. The validation part is pixels held out, which
the network must fill in from their neighbours.
"""

from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import Floats, measured
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs


class Knobs(DataKnobs):
    """Pixels of a painted scene: from places to colours."""

    serves: ClassVar[tuple[str, ...]] = ("regress",)

    side: Annotated[int, knob("side of the picture", unit="pixels", ge=8, le=1024)] = 64
    val_share: Annotated[float, knob("share of the pixels held out for validation", gt=0, lt=1)] = (
        0.1
    )


def load(knobs: Knobs) -> Dataset:
    """Places float32 [side * side, 2], x to the right and y up, and colours float32 [., 3]."""
    place = (np.arange(knobs.side) + 0.5) / knobs.side * 2 - 1
    y, x = np.meshgrid(-place, place, indexing="ij")
    points = np.stack((x.ravel(), y.ravel()), axis=1)
    return measured(knobs, points, paint(x, y).reshape(-1, 3))


def paint(x: Floats, y: Floats) -> Floats:
    """Colours [..., 3] in 0 to 1 at places ``x`` and ``y`` in -1 to 1."""

    def over(below: Floats, colour: tuple[float, float, float], cover: Floats) -> Floats:
        return below * (1 - cover[..., None]) + np.array(colour) * cover[..., None]

    def edge(outside: Floats) -> Floats:
        return np.clip(0.5 - outside * 16, 0, 1)

    height = np.clip((y + 1) / 2, 0, 1)[..., None]
    picture = (1 - height) * np.array((0.98, 0.6, 0.3)) + height * np.array((0.15, 0.15, 0.45))
    picture = over(picture, (1.0, 0.93, 0.6), edge(np.hypot(x - 0.3, y - 0.25) - 0.28))
    picture = over(picture, (0.35, 0.25, 0.45), edge(y + 0.15 - 0.2 * np.sin(3 * x + 1)))
    picture = over(picture, (0.12, 0.22, 0.25), edge(y + 0.5 - 0.15 * np.sin(4 * x - 1)))
    return picture
