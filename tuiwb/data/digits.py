"""Handwritten digits: 1 797 grey pictures of 8x8 pixels, 10 classes (scikit-learn's bundled set).

The test part of the UCI "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998):
32x32 bitmaps, each pixel here the number (0 to 16) of set pixels in a 4x4 block.
Reference on a 75/25 stratified split: softmax regression about 0.967, a small CNN about 0.996.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.samples import Floats, classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs


class Knobs(DataKnobs):
    """Handwritten digits, 8x8 pixels."""

    gives: ClassVar[str] = "image"
    serves: ClassVar[tuple[str, ...]] = ("classify",)

    scaling: Annotated[
        Literal["none", "unit", "standard"],
        knob("pixels as 0 to 16, as 0 to 1, or centred: one mean and one standard deviation of all "
             "training pixels"),
    ] = "standard"  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1, 8, 8]; an architecture that wants vectors flattens them to 64."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images: Floats = np.asarray(bunch.images, dtype=np.float64)[:, None]

    def scale(train: Floats, val: Floats) -> tuple[Floats, Floats]:
        if knobs.scaling == "none":
            return train, val
        if knobs.scaling == "unit":
            return train / 16, val / 16
        # one figure for all pixels: the border is constant and has no spread of its own
        centre, spread = train.mean(), train.std()
        return (train - centre) / spread, (val - centre) / spread

    names = [str(digit) for digit in range(10)]
    labels = np.asarray(bunch.target, dtype=np.int64)
    return classified(knobs, images, labels, names, scaler=scale, kind="image")
