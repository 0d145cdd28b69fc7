"""Shapes: ten figures in two colours, drawn anywhere, at any size, turned and noisy.

A stand-in for CIFAR-10 that needs no download: 32x32 pictures of 1 or 3 channels, drawn from
``split_seed``. Figures lie anywhere and in any colour, so that no pixel tells the class, nor does
the mean of all: a linear model is lost here.
"""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.pixels import pixel_scaler
from tuiwb.data.samples import Floats, classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ImageKnobs


class Knobs(ImageKnobs):
    """Ten figures in random colours, sizes and places."""

    samples: Annotated[
        int, knob("pictures, training and validation together", unit="samples", ge=100,
                  le=1_000_000, scale="log")
    ] = 2000  # fmt: skip
    size: Annotated[int, knob("side of a picture", unit="pixels", ge=8, le=256)] = 32
    channels: Annotated[Literal["grey", "colour"], knob("one channel, or red, green and blue")] = (
        "colour"
    )
    contrast: Annotated[
        Literal["bright", "any"],
        knob("a bright figure on a dark ground, or any two colours that differ (harder: light on "
             "dark and dark on light)"),
    ] = "bright"  # fmt: skip
    turn: Annotated[
        float, knob("a figure is turned by up to this, either way", unit="degrees", ge=0, le=180)
    ] = 20.0
    noise: Annotated[
        float, knob("standard deviation of the noise on pixels of 0 to 1", ge=0, le=1)
    ] = 0.05


# Each figure: how far (x, y) lies outside of it (negative inside), about its middle, reaching to
# about 1. Unions are minima, cuts are maxima.


def _box(x: Floats, y: Floats, wide: float, high: float) -> Floats:
    return np.maximum(np.abs(x) - wide, np.abs(y) - high)


def _triangle(x: Floats, y: Floats) -> Floats:
    sides = 0.866 * np.abs(x) - 0.5 * y - 0.5
    return np.maximum(y - 0.5, sides)


def _star(x: Floats, y: Floats) -> Floats:
    # five points: the angle folded into one tenth of the circle, then one straight edge
    tenth = np.pi / 5
    angle = np.abs((np.arctan2(x, -y) + tenth) % (2 * tenth) - tenth)
    reach, radius = 0.4, np.hypot(x, y)
    u, v = radius * np.cos(angle), radius * np.sin(angle)
    inner_u, inner_v = reach * np.cos(tenth), reach * np.sin(tenth)
    # the line from the point at (1, 0) to the corner between two points
    return np.asarray(((u - 1) * inner_v - v * (inner_u - 1)) / np.hypot(inner_u - 1, inner_v))


FIGURES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "circle": lambda x, y: np.hypot(x, y) - 0.9,
    "ring": lambda x, y: np.abs(np.hypot(x, y) - 0.72) - 0.2,
    "square": lambda x, y: _box(x, y, 0.78, 0.78),
    "frame": lambda x, y: np.abs(np.maximum(np.abs(x), np.abs(y)) - 0.64) - 0.17,
    "triangle": _triangle,
    "bar": lambda x, y: _box(x, y, 0.95, 0.25),
    "cross": lambda x, y: np.minimum(_box(x, y, 0.95, 0.25), _box(x, y, 0.25, 0.95)),
    "ell": lambda x, y: np.minimum(_box(x + 0.55, y, 0.25, 0.9), _box(x, y - 0.65, 0.8, 0.25)),
    "star": _star,
    "moon": lambda x, y: np.maximum(np.hypot(x, y) - 0.9, 0.75 - np.hypot(x - 0.5, y)),
}
"""Name -> distance outside of the figure at points; the classes in this order."""


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1 or 3, size, size], ten classes of the same number of samples."""
    random = np.random.default_rng(knobs.split_seed)
    labels = np.arange(knobs.samples, dtype=np.int64) % len(FIGURES)
    channels = 1 if knobs.channels == "grey" else 3
    images = np.empty((len(labels), channels, knobs.size, knobs.size))
    for label, figure in enumerate(FIGURES.values()):
        where = labels == label
        pictures = draw(figure, int(where.sum()), knobs.size, knobs.turn, random)
        ground, ink = _colours(knobs.contrast, len(pictures), channels, random)
        images[where] = ground * (1 - pictures) + ink * pictures
    images = np.clip(images + random.normal(0, 1, images.shape) * knobs.noise, 0, 1)
    scaler = pixel_scaler(knobs.scaling)
    return classified(knobs, images, labels, list(FIGURES), scaler=scaler, kind="image")


def draw(
    figure: Callable[[Floats, Floats], Floats],
    count: int,
    size: int,
    turn: float,
    random: np.random.Generator,
) -> Floats:
    """How much of each pixel one figure covers, ``count`` times: [count, 1, size, size], 0 to 1."""

    def within(low: float, high: float) -> Floats:
        return random.uniform(low, high, count)[:, None, None]

    radius = within(0.45, 0.85)
    # the whole figure stays inside the picture
    across, down = within(-1, 1) * (1 - radius), within(-1, 1) * (1 - radius)
    angle = within(-1, 1) * np.radians(turn)
    place = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = (place[None, None, :] - across) / radius, (place[None, :, None] - down) / radius
    outside = figure(np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x)
    # a pixel on the edge is covered by half
    cover: Floats = np.clip(0.5 - outside * radius * size / 2, 0, 1)[:, None]
    return cover


def _colours(
    contrast: str, count: int, channels: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Colours [count, channels, 1, 1] of ground and figure, well apart in every channel."""
    shape = (count, channels, 1, 1)
    if contrast == "bright":
        return random.uniform(0, 0.35, shape), random.uniform(0.55, 1, shape)
    ground, apart = random.uniform(0, 1, shape), random.uniform(0.4, 0.6, shape)
    return ground, np.clip(np.where(ground > 0.5, ground - apart, ground + apart), 0, 1)
