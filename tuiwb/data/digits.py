"""Handwritten digits: 1 797 grey pictures of 8x8 pixels, 10 classes (scikit-learn's bundled set).

The test part of the UCI "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998):
32x32 bitmaps, each pixel here the number (0 to 16) of set pixels in a 4x4 block.
Reference on a 75/25 stratified split: softmax regression about 0.967, a small CNN about 0.996.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
import torch

from tuiwb.data.dataset import Dataset, Part, fingerprint
from tuiwb.data.pixels import pixel_scaler
from tuiwb.data.samples import Floats, classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ImageKnobs


class Knobs(ImageKnobs):
    """Handwritten digits, 8x8 pixels."""

    top: ClassVar[float] = 16.0

    samples: Annotated[
        int, knob("training pictures that are kept; 0 is all", unit="samples", ge=0)
    ] = 0  # fmt: skip
    label_noise: Annotated[
        float, knob("share of training labels that are drawn anew, right or wrong", ge=0, le=1)
    ] = 0.0
    canvas: Annotated[
        int, knob("side of the picture; the digit's 8x8 pixels lie in its middle", unit="pixels",
                  ge=8, le=64)
    ] = 8  # fmt: skip
    val_shift: Annotated[
        int, knob("each validation picture is moved by up to so many pixels, down and across",
                  unit="pixels", ge=0, le=28)
    ] = 0  # fmt: skip

    def __post_init__(self) -> None:
        if self.val_shift > (self.canvas - 8) // 2:
            raise ValueError(
                f"a digit on a canvas of {self.canvas} pixels can move by at most "
                f"{(self.canvas - 8) // 2}, and val_shift is {self.val_shift}"
            )


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, 1, canvas, canvas]; an architecture that wants vectors flattens them."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images: Floats = np.asarray(bunch.images, dtype=np.float64)[:, None]
    before = (knobs.canvas - 8) // 2
    margin = (before, knobs.canvas - 8 - before)
    images = np.pad(images, ((0, 0), (0, 0), margin, margin))

    names = [str(digit) for digit in range(10)]
    labels = np.asarray(bunch.target, dtype=np.int64)
    scaler = pixel_scaler(knobs.scaling, knobs.top)
    dataset = classified(knobs, images, labels, names, scaler=scaler, kind="image")
    return _spoilt(knobs, dataset)


def _spoilt(knobs: Knobs, dataset: Dataset) -> Dataset:
    """Fewer training pictures, wrong labels, moved validation pictures: what the knobs ask for."""
    if not (knobs.samples or knobs.label_noise or knobs.val_shift):
        return dataset
    random = torch.Generator().manual_seed(knobs.split_seed)
    inputs, targets = dataset.train.tensors()
    kept = torch.randperm(len(inputs), generator=random)[: knobs.samples or None]
    inputs, targets = inputs[kept], targets[kept].clone()
    wrong = torch.randperm(len(targets), generator=random)[: round(knobs.label_noise * len(kept))]
    targets[wrong] = torch.randint(len(dataset.classes), wrong.shape, generator=random)
    moved, reach = dataset.val.inputs.clone(), knobs.val_shift
    if reach:
        ways = torch.randint(-reach, reach + 1, (len(moved), 2), generator=random)
        for row, (down, across) in enumerate(ways.tolist()):
            # nothing but background leaves the picture, and comes in at its other side
            moved[row] = moved[row].roll((down, across), dims=(-2, -1))
    train, val = Part(inputs, targets), Part(moved, dataset.val.targets)
    mark = fingerprint((*train.tensors(), *val.tensors()), dataset.classes)
    return replace(dataset, train=train, val=val, fingerprint=mark)
