"""The copy task (Hochreiter & Schmidhuber 1997; in this form Arjovsky et al. 2016): symbols to be
remembered across a gap, then said.

A sample shows ``symbols`` random ones of eight, a gap of blanks, a sign to begin, and blanks; the
answer is blank until the sign and then the symbols in their order. Without a memory the best loss
is S ln 8 / (gap + 2 S): certain about the blanks, a guess at each symbol.
"""

from math import log
from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.sequences import answered
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs

KINDS = 8


class Knobs(DataKnobs):
    """The copy task: symbols to be remembered across a gap."""

    gives: ClassVar[str] = "tokens"
    serves: ClassVar[tuple[str, ...]] = ("sequence",)

    symbols: Annotated[int, knob("symbols to remember, each one of eight", ge=1, le=1000)] = 5
    gap: Annotated[
        int, knob("steps between the symbols and their answer", unit="steps", ge=1, le=10_000,
                  scale="log")
    ] = 5  # fmt: skip
    samples: Annotated[
        int, knob("sequences, training and validation together", unit="samples", ge=8,
                  le=10_000_000, scale="log")
    ] = 20_000  # fmt: skip
    val_share: Annotated[float, knob("share of the data held out for validation", gt=0, lt=1)] = 0.1


def load(knobs: Knobs) -> Dataset:
    """Tokens int64 [N, gap + 2 * symbols] and answers of the same shape; token 0 is the blank."""
    random = np.random.default_rng(knobs.split_seed)
    memory, gap, count = knobs.symbols, knobs.gap, knobs.samples
    shown = random.integers(1, KINDS + 1, (count, memory))
    inputs = np.zeros((count, gap + 2 * memory), dtype=np.int64)
    targets = np.zeros_like(inputs)
    inputs[:, :memory] = shown
    inputs[:, memory + gap - 1] = KINDS + 1
    targets[:, memory + gap :] = shown
    no_memory = memory * log(KINDS) / (gap + 2 * memory)
    vocabulary = ("·", *"abcdefgh"[:KINDS], ">")
    return answered(knobs, inputs, targets, vocabulary, {"no memory": no_memory})
