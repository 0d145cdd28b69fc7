"""Heights over the plane, the regression problems of TensorFlow Playground (Smilkov &
Carter 2016).

Points are uniform on -6 to 6; targets lie in -1 to 1 and are not scaled. Playground trains on half
of 1 200 points.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np

from tuiwb.data import plane
from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import Flat, measured
from tuiwb.spec.knobs import knob
from tuiwb.spec.plane import PlaneKnobs


class Knobs(PlaneKnobs):
    """Heights over the plane: a tilted plane, or six hills and valleys."""

    serves: ClassVar[tuple[str, ...]] = ("regress",)

    shape: Annotated[
        Literal["plane", "gauss"],
        knob("plane: (x + y) / 10; gauss: three hills and three valleys, cones of radius 2"),
    ] = "plane"
    samples: Annotated[
        int, knob("points, training and validation together", unit="samples", ge=8, le=1_000_000,
                  scale="log")
    ] = 1200  # fmt: skip
    scaling: Annotated[
        Literal["none", "standard", "minmax", "robust"],
        knob("how features and target are scaled, with figures from the training part alone"),
    ] = "none"


def load(knobs: Knobs) -> Dataset:
    """Features float32 [N, F] in the order named, target float32 [N, 1]."""
    random = np.random.default_rng(knobs.split_seed)
    points = random.uniform(-6, 6, (knobs.samples, 2))
    # noise moves a point by up to 6 * noise before it is asked for its height
    asked = points + random.uniform(-6, 6, points.shape) * knobs.noise / 100
    heights = plane.plane(asked) if knobs.shape == "plane" else plane.hills(asked)
    flat = Flat(points, ("x", "y"), lambda places: plane.features(places, knobs.features))
    return measured(knobs, flat.features(points), heights[:, None], flat=flat)
