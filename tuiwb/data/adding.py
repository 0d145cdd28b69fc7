"""The adding problem (Hochreiter & Schmidhuber 1997, experiment 4): two marked numbers, far apart.

Each step of a sample shows a number from U(0, 1) and a mark; the first mark lies in the first half,
the second in the second half. The target is the sum of the two marked numbers. Who answers 1 always
has the mean squared error 1/6, the variance of the sum of two such numbers.
"""

from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.sequences import numbered
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs


class Knobs(DataKnobs):
    """The adding problem: the sum of two marked numbers in a long row."""

    gives: ClassVar[str] = "sequence"
    serves: ClassVar[tuple[str, ...]] = ("series",)

    length: Annotated[
        int, knob("steps of one sample", unit="steps", ge=2, le=10_000, scale="log")
    ] = 30
    samples: Annotated[
        int, knob("sequences, training and validation together", unit="samples", ge=8,
                  le=10_000_000, scale="log")
    ] = 20_000  # fmt: skip
    val_share: Annotated[float, knob("share of the data held out for validation", gt=0, lt=1)] = 0.1


def load(knobs: Knobs) -> Dataset:
    """Series float32 [N, length, 2] (number, mark), target float32 [N, 1]."""
    random = np.random.default_rng(knobs.split_seed)
    count, half = knobs.samples, knobs.length // 2
    series = np.zeros((count, knobs.length, 2))
    series[:, :, 0] = random.random((count, knobs.length))
    rows = np.arange(count)
    first = random.integers(0, half, count)
    second = random.integers(half, knobs.length, count)
    series[rows, first, 1] = series[rows, second, 1] = 1
    sums = series[rows, first, 0] + series[rows, second, 0]
    return numbered(knobs, series, sums[:, None])
