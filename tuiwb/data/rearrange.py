"""Rows of digits to be put in another order: the smallest tasks that ask what looks at what.

Random tokens in, the same tokens copied, reversed or sorted out, or their running sums modulo the
number of kinds. Samples are drawn anew for each row, so that there is nothing to learn by heart.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.sequences import answered
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs


class Knobs(DataKnobs):
    """Rows of digits to be copied, reversed, sorted or summed up."""

    gives: ClassVar[str] = "tokens"
    serves: ClassVar[tuple[str, ...]] = ("sequence", "seq2seq")

    operation: Annotated[
        Literal["copy", "reverse", "sort", "sum"], knob("what is asked for; sum is running, modulo")
    ] = "sort"
    length: Annotated[
        int, knob("tokens in one sample", unit="tokens", ge=2, le=4096, scale="log")
    ] = 8
    kinds: Annotated[int, knob("different tokens", ge=2, le=36)] = 10
    samples: Annotated[
        int, knob("sequences, training and validation together", unit="samples", ge=8,
                  le=10_000_000, scale="log")
    ] = 20_000  # fmt: skip
    val_share: Annotated[float, knob("share of the data held out for validation", gt=0, lt=1)] = 0.1


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N, length] and answers of the same shape."""
    random = np.random.default_rng(knobs.split_seed)
    inputs = random.integers(0, knobs.kinds, (knobs.samples, knobs.length))
    if knobs.operation == "sort":
        targets = np.sort(inputs, axis=1)
    elif knobs.operation == "sum":
        targets = inputs.cumsum(axis=1) % knobs.kinds
    else:
        targets = inputs[:, :: -1 if knobs.operation == "reverse" else 1].copy()
    names = "0123456789abcdefghijklmnopqrstuvwxyz"[: knobs.kinds]
    return answered(knobs, inputs, targets, tuple(names))
