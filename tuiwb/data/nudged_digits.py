"""Handwritten digits, each five times: as it is, and moved by one pixel up, down, left, right.

8 985 pictures of 8x8 from scikit-learn's 1 797, pixels from 0 to 1: the set on which a restricted
Boltzmann machine's features help a logistic regression that raw pixels do not. Split before they
are moved, so that no validation digit has its like in the training part.
"""

from typing import ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.parts import with_classes
from tuiwb.data.samples import Floats
from tuiwb.data.split import split
from tuiwb.spec.sections import DataKnobs

MOVES = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
"""Pixels down and across."""


class Knobs(DataKnobs):
    """Handwritten digits, 8x8 pixels, each also moved one pixel in four directions."""

    gives: ClassVar[str] = "image"
    serves: ClassVar[tuple[str, ...]] = ("classify",)


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1, 8, 8] in 0..1, the five of a digit one after another."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images: Floats = np.asarray(bunch.images, dtype=np.float64)[:, None] / 16
    labels = np.asarray(bunch.target, dtype=np.int64)
    train, val = split(len(images), knobs.val_share, knobs.split_seed, labels)
    names = [str(digit) for digit in range(10)]
    fitted, held = (
        (nudged(images[rows]), labels[rows].repeat(len(MOVES))) for rows in (train, val)
    )
    return with_classes("image", fitted, held, names)


def nudged(images: Floats) -> Floats:
    """[N, 1, H, W] -> [5 N, 1, H, W]: what leaves the picture is lost, zeros come in."""
    height, width = images.shape[-2:]
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    moved = [
        padded[..., 1 - down : 1 - down + height, 1 - across : 1 - across + width]
        for down, across in MOVES
    ]
    return np.stack(moved, axis=1).reshape(-1, *images.shape[1:])
