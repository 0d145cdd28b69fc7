"""Points in the plane and what is made of them: shared by the two-dimensional generators.

The shapes, the noise (0 to 50) and the features are those of TensorFlow Playground (Smilkov &
Carter 2016), whose plane reaches from -6 to 6 in both directions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

FEATURES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "x": lambda x, y: x,
    "y": lambda x, y: y,
    "x2": lambda x, y: x * x,
    "y2": lambda x, y: y * y,
    "xy": lambda x, y: x * y,
    "sinx": lambda x, y: np.sin(x),
    "siny": lambda x, y: np.sin(y),
}
"""Name of a feature -> its value at points given by their two coordinates."""


def features(points: Floats, names: str) -> Floats:
    """The features in ``names`` (commas between) of points [N, 2], as columns [N, F]."""
    x, y = points[:, 0], points[:, 1]
    return np.stack([FEATURES[name.strip()](x, y) for name in names.split(",")], axis=1)


# Each shape: (samples, noise as a share of 1, generator) -> points [N, 2], labels [N] in {0, 1}.
# Label 1 is Playground's +1. Samples are as many as asked for, half of each label where the shape
# is drawn label by label.


def circle(count: int, noise: float, random: np.random.Generator) -> tuple[Floats, Labels]:
    """A disc of radius 2.5 (label 1) inside a ring from 3.5 to 5 (label 0).

    Noise moves a point by up to 5 * noise before it is asked for its label.
    """
    inner = count - count // 2
    radius = np.concatenate((random.uniform(0, 2.5, inner), random.uniform(3.5, 5, count // 2)))
    points = _polar(radius, random.uniform(0, 2 * np.pi, count))
    asked = points + random.uniform(-5, 5, (count, 2)) * noise
    return points, (np.hypot(*asked.T) < 2.5).astype(np.int64)


def xor(count: int, noise: float, random: np.random.Generator) -> tuple[Floats, Labels]:
    """Four squares, 0.3 away from the axes; label 1 where x and y have the same sign.

    Noise moves a point by up to 5 * noise before it is asked for its label.
    """
    points = random.uniform(-5, 5, (count, 2))
    points += np.where(points > 0, 0.3, -0.3)
    asked = points + random.uniform(-5, 5, (count, 2)) * noise
    return points, (asked[:, 0] * asked[:, 1] >= 0).astype(np.int64)


def gauss(count: int, noise: float, random: np.random.Generator) -> tuple[Floats, Labels]:
    """Two normal clouds about (2, 2) (label 1) and (-2, -2), of variance 0.5 + 7 * noise."""
    labels = _halves(count)
    centres = np.where(labels, 2.0, -2.0)[:, None]
    return centres + random.normal(0, np.sqrt(0.5 + 7 * noise), (count, 2)), labels


def spiral(count: int, noise: float, random: np.random.Generator) -> tuple[Floats, Labels]:
    """Two arms of 1.75 turns, half a turn apart, out to radius 5.

    Noise moves a point by up to ``noise`` in each coordinate.
    """
    labels = _halves(count)
    share = np.empty(count)
    for label in (0, 1):
        arm = labels == label
        share[arm] = np.arange(arm.sum()) / arm.sum()
    # Playground measures the angle from the y axis; its first arm (label 1) begins there
    angle = 1.75 * 2 * np.pi * share + np.where(labels, 0.0, np.pi)
    points = (5 * share)[:, None] * np.stack((np.sin(angle), np.cos(angle)), axis=1)
    return points + random.uniform(-1, 1, (count, 2)) * noise, labels


def moons(count: int, noise: float, random: np.random.Generator) -> tuple[Floats, Labels]:
    """Two half circles of radius 3 that reach into each other (not in Playground).

    Noise is normal, with standard deviation 3 * noise.
    """
    labels = _halves(count)
    angle = random.uniform(0, np.pi, count)
    upper = np.stack((3 * np.cos(angle) - 1.5, 3 * np.sin(angle) - 0.75), axis=1)
    points = np.where(labels[:, None] == 1, upper, -upper)
    return points + random.normal(0, 3 * noise, (count, 2)), labels


# Each surface: (points [N, 2]) -> target [N] in -1 to 1.


def plane(points: Floats) -> Floats:
    """``(x + y) / 10``: a linear model can be perfect."""
    return points.sum(1) / 10


def hills(points: Floats) -> Floats:
    """Six cones of radius 2 about (-4 | 0 | 4, +-2.5), heights +1 and -1 in turn, 0 elsewhere."""
    height = np.zeros(len(points))
    for x in (-4.0, 0.0, 4.0):
        for y in (-2.5, 2.5):
            sign = 1.0 if (x == 0) == (y < 0) else -1.0
            cone = np.clip(1 - np.hypot(points[:, 0] - x, points[:, 1] - y) / 2, 0, 1)
            height = np.where(cone > np.abs(height), sign * cone, height)
    return height


def _polar(radius: Floats, angle: Floats) -> Floats:
    return radius[:, None] * np.stack((np.sin(angle), np.cos(angle)), axis=1)


def _halves(count: int) -> Labels:
    """Labels 1 for the first half (the larger, where ``count`` is odd) and 0 for the second."""
    return (np.arange(count) < count - count // 2).astype(np.int64)
