"""Speech Commands from the Hugging Face hub, or from a copy on this machine.

Some 85 000 clips for training, each of one of 35 words or of background noise, by 2 618 speakers,
16 kHz, one second (Warden 2018). Needs ``pip install 'tuiwb[hub]'``.
"""

import io
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.hub import Place, bytes_of, column_of, drawn, fetched, labels_of, plain, told
from tuiwb.data.wav_folder import fitted, resampled, sound_of, waves_with_classes
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs


class Knobs(DataKnobs):
    """Spoken words of the Hugging Face hub: Speech Commands."""

    gives: ClassVar[str] = "wave"
    serves: ClassVar[tuple[str, ...]] = ("classify",)
    downloads: ClassVar[bool] = True

    dataset: Annotated[Literal["speechcommands"], knob("which of them")] = "speechcommands"
    rate: Annotated[
        int, knob("samples a second that sounds are brought to", unit="Hz", ge=1000, le=48_000,
                  scale="log")
    ] = 8000  # fmt: skip
    seconds: Annotated[
        float, knob("length that sounds are brought to", unit="s", ge=0.05, le=60, scale="log")
    ] = 1.0
    scaling: Annotated[
        Literal["none", "standard"],
        knob("full scale is -1 to 1, or divided by the standard deviation of the training part"),
    ] = "none"
    samples: Annotated[
        int, knob("clips kept at most, drawn by split_seed", unit="samples", ge=20, le=1_000_000,
                  scale="log")
    ] = 20_000  # fmt: skip
    path: Annotated[
        str, knob("a folder with the parquet files of a copy; empty fetches it, once")
    ] = ""


PLACES = {
    # the repository itself holds a script; the hub keeps what it makes
    "speechcommands": Place("google/speech_commands", "v0.02", "refs/convert/parquet")
}


def load(knobs: Knobs) -> Dataset:
    """Waves float32 [N, 1, rate * seconds] in -1..1."""
    rows = fetched(knobs.dataset, PLACES[knobs.dataset], "train", knobs.path)
    rows, notes = drawn(rows, knobs.samples, knobs.split_seed)
    labels, names = labels_of(rows, "data.dataset")
    column = column_of(rows, ("audio",), "data.dataset")
    length = max(round(knobs.rate * knobs.seconds), 1)
    waves = np.empty((len(rows), 1, length), np.float32)
    for number, cell in enumerate(told(plain(rows, column), column, "clips")):
        sound, rate = sound_of(io.BytesIO(bytes_of(cell)), knobs.seconds + 1)
        waves[number, 0] = fitted(resampled(sound, rate, knobs.rate), length)
    return replace(waves_with_classes(knobs, waves, labels, list(names)), notes=notes)
