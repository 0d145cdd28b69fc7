"""One shape somewhere in a picture of 32x32 pixels, and the box around it.

Disc, square, triangle, cross or ring, lighter or darker than a noisy ground. Targets are the box's
middle and size (across, down, width, height) as shares of the picture.
"""

from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.parts import with_numbers
from tuiwb.data.samples import Floats
from tuiwb.data.split import split
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs

SIDE = 32


class Knobs(DataKnobs):
    """One shape somewhere in 32x32 pixels, and its box."""

    gives: ClassVar[str] = "image"
    serves: ClassVar[tuple[str, ...]] = ("detect", "regress")

    samples: Annotated[
        int, knob("pictures, training and validation together", unit="samples", ge=20,
                  le=1_000_000, scale="log")
    ] = 2000  # fmt: skip
    noise: Annotated[float, knob("standard deviation of the noise on each pixel", ge=0, le=1)] = 0.1


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1, 32, 32], about 0; targets float32 [N, 4] in 0..1."""
    random = np.random.default_rng(knobs.split_seed)
    count = knobs.samples
    size = random.uniform(8, 18, (count, 2))
    size[:, 1] = size[:, 0] * random.uniform(0.7, 1.4, count).clip(8 / size[:, 0], 18 / size[:, 0])
    middle = random.uniform(size / 2, SIDE - size / 2)
    shade = random.uniform(0.4, 1, (count, 1, 1)) * random.choice([-1, 1], (count, 1, 1))
    kinds = random.integers(len(SHAPES), size=count)
    images = shade * _drawn(middle, size, kinds)
    images += knobs.noise * random.standard_normal(images.shape)
    boxes = np.concatenate((middle, size), axis=1) / SIDE
    train, val = split(count, knobs.val_share, knobs.split_seed)
    images = images[:, None]
    return with_numbers("image", (images[train], boxes[train]), (images[val], boxes[val]))


def _drawn(middle: Floats, size: Floats, kinds: np.ndarray) -> Floats:
    """Shares of ink [N, 32, 32], from 4x4 points in each pixel."""
    points = (np.arange(4 * SIDE) + 0.5) / 4
    images = np.zeros((len(kinds), SIDE, SIDE))
    for row, kind in enumerate(kinds):
        # -1 to 1 within the box
        across = (points[None, :] - middle[row, 0]) * 2 / size[row, 0]
        down = (points[:, None] - middle[row, 1]) * 2 / size[row, 1]
        inside = SHAPES[kind](across, down) & (np.abs(across) <= 1) & (np.abs(down) <= 1)
        images[row] = inside.reshape(SIDE, 4, SIDE, 4).mean((1, 3))
    return images


SHAPES = (
    lambda x, y: x**2 + y**2 <= 1,  # disc
    lambda x, y: (np.abs(x) <= 1) & (np.abs(y) <= 1),  # square
    lambda x, y: np.abs(x) <= (y + 1) / 2,  # triangle
    lambda x, y: (np.abs(x) <= 0.34) | (np.abs(y) <= 0.34),  # cross
    lambda x, y: (x**2 + y**2 <= 1) & (x**2 + y**2 >= 0.4),  # ring
)
