"""Digits of a bitmap font under a translucent watermark, each with its clean picture.

The watermark is a word of the same font, repeated along a slant and blended over the picture:
``(1 - a) * clean + a * light`` where it has ink, with an opacity ``a`` of its own for each picture.
"""

from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.glyphs import FONT, draw
from tuiwb.data.parts import with_numbers
from tuiwb.data.samples import Floats
from tuiwb.data.split import split
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs


class Knobs(DataKnobs):
    """Digits under a translucent watermark, and without."""

    gives: ClassVar[str] = "image"
    serves: ClassVar[tuple[str, ...]] = ("denoise",)

    samples: Annotated[
        int, knob("pictures, training and validation together", unit="samples", ge=100,
                  le=1_000_000, scale="log")
    ] = 1000  # fmt: skip
    size: Annotated[
        int, knob("side of a picture, a multiple of 4", unit="pixels", ge=16, le=256)
    ] = 28
    opacity: Annotated[
        float, knob("of the watermark, at most; each picture has from half of it up", gt=0, le=1)
    ] = 0.6

    def __post_init__(self) -> None:
        if self.size % 4:
            raise ValueError(f"size must be a multiple of 4, and {self.size} is not")


def load(knobs: Knobs) -> Dataset:
    """Inputs float32 [N, 1, size, size] and targets float32 [N, size * size], both in 0..1."""
    random = np.random.default_rng(knobs.split_seed)
    count, size = knobs.samples, knobs.size
    clean = draw(np.arange(count, dtype=np.int64) % len(FONT), size, 1.0, 0.0, random)
    mark = _marks(count, size, random)
    opacity = knobs.opacity * random.uniform(0.5, 1, (count, 1, 1)) * mark
    light = random.uniform(0.6, 1, (count, 1, 1))
    spoilt = (clean * (1 - opacity) + light * opacity)[:, None]
    train, val = split(count, knobs.val_share, knobs.split_seed)
    clean = clean.reshape(count, -1)
    return with_numbers("image", (spoilt[train], clean[train]), (spoilt[val], clean[val]))


def _marks(count: int, size: int, random: np.random.Generator) -> Floats:
    """Ink of slanted rows of small digits, 0 or 1: [N, size, size]."""
    cells = [np.array([[float(c) for c in row] for row in FONT[digit].split()])
             for digit in (2, 0, 2, 6)]  # fmt: skip
    word = np.concatenate([np.pad(cell, ((2, 2), (0, 1))) for cell in cells], axis=1)
    height, width = word.shape
    rows, columns = np.mgrid[:size, :size]
    shift = random.integers(0, (height, width), (count, 2))
    slant = random.choice([-0.5, 0.5], count)
    down = rows[None] + shift[:, :1, None] + np.floor(columns[None] * slant[:, None, None])
    across = np.broadcast_to(columns[None] + shift[:, 1:, None], down.shape)
    marks: Floats = word[down.astype(np.int64) % height, across % width]
    return marks
