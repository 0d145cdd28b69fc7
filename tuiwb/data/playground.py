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
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """Two classes of points in the plane: circle, xor, gauss, spiral, moons."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)

    shape: Annotated[
        Literal["circle", "xor", "gauss", "spiral", "moons"], knob("how the two classes lie")
    ] = "circle"
    noise: Annotated[
        float, knob("disorder: 0 is none, 50 the most that Playground has", ge=0, le=50)
    ] = 0.0
    samples: Annotated[
        int, knob("points, training and validation together", unit="samples", ge=8, le=1_000_000,
                  scale="log")
    ] = 500  # fmt: skip
    features: Annotated[
        str, knob("inputs of the network, commas between: x, y, x2, y2, xy, sinx, siny")
    ] = "x,y"
    scaling: Annotated[
        Literal["none", "standard", "minmax", "robust"],
        knob("how each feature is scaled, with figures from the training part alone"),
    ] = "none"
    val_share: Annotated[float, knob("share of the data held out for validation", gt=0, lt=1)] = 0.5

    def __post_init__(self) -> None:
        known = ("x", "y", "x2", "y2", "xy", "sinx", "siny")
        listed = [name.strip() for name in self.features.split(",")]
        for name in listed:
            if name not in known:
                raise ValueError(f"there is no feature {name!r}; there are {', '.join(known)}")
        if len(set(listed)) < len(listed):
            raise ValueError(f"a feature stands twice in {self.features!r}")


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
