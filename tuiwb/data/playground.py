"""Two classes of points in the plane, as in TensorFlow Playground (Smilkov & Carter 2016).

Labels are 0 (orange, Playground's -1) and 1 (blue, +1). Features are unscaled, as there: x and y
lie in -6 to 6. Playground itself trains on half of 500 points.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np

from tuiwb.data import plane
from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import Flat, classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.plane import PlaneKnobs


class Knobs(PlaneKnobs):
    """Two classes of points in the plane: circle, xor, gauss, spiral, moons."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)

    shape: Annotated[
        Literal["circle", "xor", "gauss", "spiral", "moons"], knob("how the two classes lie")
    ] = "circle"


SHAPES = {
    "circle": plane.circle,
    "xor": plane.xor,
    "gauss": plane.gauss,
    "spiral": plane.spiral,
    "moons": plane.moons,
}


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, F] in the order named, classes orange (0) and blue (1)."""
    random = np.random.default_rng(knobs.split_seed)
    points, labels = SHAPES[knobs.shape](knobs.samples, knobs.noise / 100, random)
    flat = Flat(points, ("x", "y"), lambda places: plane.features(places, knobs.features))
    return classified(knobs, flat.features(points), labels, ("orange", "blue"), flat=flat)
