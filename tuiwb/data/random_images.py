"""Pictures of random bytes, for measuring how many a second can be trained on.

Pixels and classes have nothing to do with each other: accuracy on the validation part stays at
chance, whatever the network learns by heart. Speed and memory are those of real pictures.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.pixels import pixel_scaler
from tuiwb.data.samples import classified
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ImageKnobs


class Knobs(ImageKnobs):
    """Pictures of random pixels: for throughput only, there is nothing to learn."""

    top: ClassVar[float] = 255.0

    samples: Annotated[
        int, knob("pictures, training and validation together", unit="samples", ge=100,
                  le=1_000_000, scale="log")
    ] = 2000  # fmt: skip
    size: Annotated[int, knob("side of a picture", unit="pixels", ge=4, le=1024, scale="log")] = 32
    channels: Annotated[int, knob("channels of a picture", ge=1, le=64)] = 3
    classes: Annotated[int, knob("classes, each of the same number of pictures", ge=2, le=1000)] = (
        10
    )

    def __post_init__(self) -> None:
        if self.samples < 4 * self.classes:
            raise ValueError(f"{self.samples} samples are too few for {self.classes} classes")


def load(knobs: Knobs) -> Dataset:
    """Images float32 [N, channels, size, size] from bytes drawn from ``split_seed``."""
    random = np.random.default_rng(knobs.split_seed)
    labels = np.arange(knobs.samples, dtype=np.int64) % knobs.classes
    shape = (knobs.samples, knobs.channels, knobs.size, knobs.size)
    images = random.integers(256, size=shape, dtype=np.uint8)
    dataset = classified(
        knobs,
        images,  # type: ignore[arg-type]
        labels,
        [str(label) for label in range(knobs.classes)],
        scaler=pixel_scaler(knobs.scaling, knobs.top),
        kind="image",
    )
    return replace(dataset, notes=("random pixels: for throughput only, accuracy stays at chance",))
