"""Blobs: normal clouds about centres on a circle, with a gap between them.

What the perceptron asks for: no point is nearer than ``gap`` to the line that separates two clouds,
so that classes are linearly separable, by a margin that is known.
"""

from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import Floats, classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TabularKnobs

RADIUS = 2.0
"""Of the circle that the centres lie on."""


class Knobs(TabularKnobs):
    """Round clouds of points, one a class, with a gap between them."""

    serves: ClassVar[tuple[str, ...]] = ("classify", "perceptron")

    samples: Annotated[
        int, knob("points, training and validation together", unit="samples", ge=20, le=1_000_000,
                  scale="log")
    ] = 200  # fmt: skip
    classes: Annotated[int, knob("clouds, each a class", ge=2, le=10)] = 2
    spread: Annotated[
        float,
        knob(
            "standard deviation of a cloud; its centre lies 2 from the middle of all", gt=0, le=10
        ),
    ] = 1.0
    offset: Annotated[
        float, knob("distance of the middle of all clouds from the origin", ge=0, le=100)
    ] = 3.0
    gap: Annotated[
        float, knob("no point is nearer than this to the line between two centres; 0 has no gap, "
                    "and clouds may overlap at it", ge=0, le=0.5)
    ] = 0.2  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Points float32 [N, 2], classes A, B, ... of as good as the same number of samples."""
    random = np.random.default_rng(knobs.split_seed)
    angle = random.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(knobs.classes) / knobs.classes
    centres = RADIUS * np.stack((np.cos(angle), np.sin(angle)), axis=1)
    # along the line between the first two centres: what separates them needs a bias
    centres += knobs.offset * centres[0] / RADIUS
    labels = np.arange(knobs.samples, dtype=np.int64) % knobs.classes
    points = np.empty((knobs.samples, 2))
    left = np.arange(knobs.samples)
    while len(left):  # a point that falls into the gap, or beyond it, is drawn anew
        points[left] = centres[labels[left]] + random.normal(0, knobs.spread, (len(left), 2))
        clear = _clearance(points[left], labels[left], centres) >= knobs.gap
        left = left[~clear] if knobs.gap else left[:0]
    names = [chr(ord("A") + number) for number in range(knobs.classes)]
    return classified(knobs, points, labels, names)


def _clearance(points: Floats, labels: NDArray[np.int64], centres: Floats) -> Floats:
    """How far each point lies on its own side of the nearest line between two centres."""
    squared = np.square(points[:, None] - centres[None]).sum(2)
    own = np.take_along_axis(squared, labels[:, None], axis=1)
    between = np.linalg.norm(centres[labels][:, None] - centres[None], axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        clear = (squared - own) / (2 * between)
    np.put_along_axis(clear, labels[:, None], np.inf, axis=1)
    least: Floats = clear.min(1)
    return least
