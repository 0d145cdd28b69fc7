"""Ten spoken commands, one second each at 4 kHz, synthesised by formants (`tuiwb.data.formants`).

Yes, no, up, down, left, right, on, off, stop, go: the commands of Warden 2018 ("Speech Commands"),
here without a download. Every clip has a speaker of its own. A wave is as loud as it is; nothing is
scaled.
"""

from typing import Annotated, ClassVar

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.formants import WORDS, speak
from tuiwb.data.parts import with_classes
from tuiwb.data.split import split
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs

AT_ONCE = 250
"""Clips that are synthesised together, so that memory stays small."""


class Knobs(DataKnobs):
    """Ten spoken commands, synthesised: one second at 4 kHz."""

    gives: ClassVar[str] = "wave"
    serves: ClassVar[tuple[str, ...]] = ("classify",)

    samples: Annotated[
        int, knob("clips, training and validation together; all words equally often",
                  unit="samples", ge=100, le=100_000, scale="log")
    ] = 500  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Waves float32 [N, 1, 4000] in -1..1."""
    names = list(WORDS)
    labels = np.arange(knobs.samples, dtype=np.int64) % len(names)
    waves = np.concatenate(
        [
            speak(
                [names[label] for label in labels[start : start + AT_ONCE]],
                np.random.default_rng((knobs.split_seed, start)),
            )
            for start in range(0, knobs.samples, AT_ONCE)
        ]
    )[:, None]
    train, val = split(len(waves), knobs.val_share, knobs.split_seed, labels)
    return with_classes("wave", (waves[train], labels[train]), (waves[val], labels[val]), names)
