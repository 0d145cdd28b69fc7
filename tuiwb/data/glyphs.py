"""Glyphs: the ten digits of a bitmap font of our own, moved, turned, slanted and smudged.

A stand-in for MNIST (LeCun et al. 1998) that needs no download: 28x28 grey pictures, drawn from
``split_seed``. Each is one of ten 5x7 bitmaps under a random affine map, with strokes of random
weight and grey noise.
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from tuiwb.data.dataset import Dataset
from tuiwb.data.pixels import pixel_scaler
from tuiwb.data.samples import Floats, classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ImageKnobs


class Knobs(ImageKnobs):
    """Digits of a bitmap font, bent and smudged."""

    samples: Annotated[
        int, knob("pictures, training and validation together", unit="samples", ge=100,
                  le=1_000_000, scale="log")
    ] = 3000  # fmt: skip
    size: Annotated[int, knob("side of a picture", unit="pixels", ge=8, le=256)] = 28
    jitter: Annotated[
        float,
        knob("how far a glyph is moved, turned, slanted and stretched; 0 is not at all, 1 turns by "
             "up to 20 degrees", ge=0, le=3),
    ] = 1.5  # fmt: skip
    noise: Annotated[
        float, knob("standard deviation of the grey noise on pixels of 0 to 1", ge=0, le=1)
    ] = 0.2


FONT = (
    "01110 10001 10001 10001 10001 10001 01110",
    "00100 01100 10100 00100 00100 00100 11111",
    "01110 10001 00001 00110 01000 10000 11111",
    "11110 00001 00001 01110 00001 00001 11110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
"""Rows of the digits 0 to 9, from the top."""


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1, size, size], ten classes of the same number of samples."""
    random = np.random.default_rng(knobs.split_seed)
    labels = np.arange(knobs.samples, dtype=np.int64) % len(FONT)
    images = draw(labels, knobs.size, knobs.jitter, knobs.noise, random)
    names = [str(digit) for digit in range(len(FONT))]
    scaler = pixel_scaler(knobs.scaling)
    return classified(knobs, images[:, None], labels, names, scaler=scaler, kind="image")


def draw(
    labels: NDArray[np.int64], size: int, jitter: float, noise: float, random: np.random.Generator
) -> Floats:
    """Pictures float64 [N, size, size] in 0 to 1 of the digits ``labels`` [N]."""
    bitmaps = np.array([[[float(cell) for cell in row] for row in glyph.split()] for glyph in FONT])
    # a margin of empty cells, so that every place that an affine map asks for is in the bitmap
    bitmaps = np.pad(bitmaps, ((0, 0), (2, 2), (2, 2)))
    images = np.empty((len(labels), size, size))
    for start in range(0, len(labels), 1000):  # bounded memory, whatever the number of samples
        part = slice(start, start + 1000)
        images[part] = _draw(bitmaps, labels[part], size, jitter, random)
    images += random.normal(0, 1, images.shape) * noise
    return np.clip(images, 0, 1)


def _draw(
    bitmaps: Floats,
    labels: NDArray[np.int64],
    size: int,
    jitter: float,
    random: np.random.Generator,
) -> Floats:
    count = len(labels)

    def within(reach: float) -> Floats:
        return random.uniform(-reach, reach, count)[:, None, None] * jitter

    angle, slant = within(np.radians(20)), within(0.3)
    wide, high = np.exp(within(0.2)), np.exp(within(0.15))
    across, down = within(0.12), within(0.1)
    weight = 0.64 + within(0.12)

    # from a pixel's place (-1 to 1) back to its place in the bitmap: shift, turn, slant, stretch
    place = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = place[None, None, :] - across, place[None, :, None] - down
    turned_x = np.cos(angle) * x + np.sin(angle) * y
    turned_y = np.cos(angle) * y - np.sin(angle) * x
    column = (turned_x + slant * turned_y) / wide * 5.2 + 4
    row = turned_y / high * 5.0 + 5

    rows, columns = bitmaps.shape[1:]
    row, column = np.clip(row, 0, rows - 1.001), np.clip(column, 0, columns - 1.001)
    r, c = row.astype(np.int64), column.astype(np.int64)
    v, u = row - r, column - c
    which = labels[:, None, None]
    smooth = (1 - v) * ((1 - u) * bitmaps[which, r, c] + u * bitmaps[which, r, c + 1]) + v * (
        (1 - u) * bitmaps[which, r + 1, c] + u * bitmaps[which, r + 1, c + 1]
    )
    # between cells the bitmap is a slope: where it counts as ink is the weight of the pen
    return np.clip((smooth - (1 - weight)) * 4 + 0.5, 0, 1)
