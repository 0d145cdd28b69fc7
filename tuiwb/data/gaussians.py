"""Points in the plane from several small Gaussians: on a ring, a grid or a line.

The usual test of whether a generator finds every mode (Metz et al. 2017; Srivastava et al. 2017,
VEEGAN): eight Gaussians on a ring of radius 2 with standard deviation 0.05. Each point's class is
the Gaussian that it came from; no generator is told.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import Floats, classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TabularKnobs


class Knobs(TabularKnobs):
    """Points from several small Gaussians: on a ring, a grid or a line."""

    serves: ClassVar[tuple[str, ...]] = ("classify",)

    shape: Annotated[Literal["ring", "grid", "line"], knob("how the Gaussians lie")] = "ring"
    modes: Annotated[int, knob("Gaussians; a grid takes the next square number", ge=2, le=100)] = 8
    radius: Annotated[
        float, knob("of the ring; half the side of the grid, half the length of the line", gt=0,
                    le=100)
    ] = 2.0  # fmt: skip
    spread: Annotated[float, knob("standard deviation of each Gaussian", ge=0, le=10)] = 0.05
    samples: Annotated[
        int, knob("points, training and validation together", unit="samples", ge=200,
                  le=1_000_000, scale="log")
    ] = 10_000  # fmt: skip
    scaling: Annotated[
        Literal["none", "standard", "minmax", "robust"],
        knob("how each feature is scaled, with figures from the training part alone"),
    ] = "none"


def load(knobs: Knobs) -> Dataset:
    """Points float32 [N, 2]; the class of a point is the number of its Gaussian."""
    random = np.random.default_rng(knobs.split_seed)
    middles = _middles(knobs)
    labels = np.arange(knobs.samples, dtype=np.int64) % len(middles)
    points = middles[labels] + knobs.spread * random.standard_normal((knobs.samples, 2))
    return classified(knobs, points, labels, [str(mode) for mode in range(len(middles))])


def _middles(knobs: Knobs) -> Floats:
    if knobs.shape == "ring":
        angle = 2 * np.pi * np.arange(knobs.modes) / knobs.modes
        return knobs.radius * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    if knobs.shape == "line":
        across = np.linspace(-knobs.radius, knobs.radius, knobs.modes)
        return np.stack((across, np.zeros_like(across)), axis=1)
    side = int(np.ceil(np.sqrt(knobs.modes)))
    ticks = np.linspace(-knobs.radius, knobs.radius, side)
    return np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
