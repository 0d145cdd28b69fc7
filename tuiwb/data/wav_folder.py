"""Sounds of your own: a folder that holds one folder of WAV files for each class.

Each sound is brought to one rate (a polyphase filter, so that nothing aliases) and one length:
longer ones are cut, shorter ones padded with silence at the end; channels are averaged. Read by the
standard library (PCM of 8, 16, 24 or 32 bit) and, with headers that it does not know, by `riff`
(floats of 32 or 64 bit).
"""

import wave
from contextlib import nullcontext
from dataclasses import replace
from math import gcd
from pathlib import Path
from typing import Annotated, BinaryIO, ClassVar, Literal

import numpy as np

from tuiwb.data import riff
from tuiwb.data.dataset import Dataset
from tuiwb.data.files import classes_in, existing
from tuiwb.data.folders import Reader, read_all
from tuiwb.data.parts import with_classes
from tuiwb.data.split import split
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs


class Knobs(DataKnobs):
    """A folder of WAV files of your own, one folder a class."""

    gives: ClassVar[str] = "wave"
    serves: ClassVar[tuple[str, ...]] = ("classify",)
    needs: ClassVar[tuple[str, ...]] = ("path",)

    path: Annotated[str, knob("a folder that holds one folder of WAV files for each class")] = ""
    rate: Annotated[
        int, knob("samples a second that sounds are brought to", unit="Hz", ge=100, le=192_000,
                  scale="log")
    ] = 8000  # fmt: skip
    seconds: Annotated[
        float, knob("length that sounds are brought to", unit="s", ge=0.01, le=600, scale="log")
    ] = 1.0
    scaling: Annotated[
        Literal["none", "standard"],
        knob("full scale is -1 to 1, or divided by the standard deviation of the training part"),
    ] = "none"
    broken: Annotated[
        Literal["skip", "refuse"], knob("files that cannot be read are left out, or are an error")
    ] = "skip"
    samples: Annotated[
        int, knob("files read at most; of more, an even draw by split_seed", unit="samples", ge=10,
                  le=10_000_000, scale="log")
    ] = 20_000  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Waves float32 [N, 1, rate * seconds]; classes in the order of their folders' names."""
    folder = existing(knobs.path, folder=True)
    files = classes_in(folder, (".wav", ".wave"), "WAV files")
    length = max(round(knobs.rate * knobs.seconds), 1)
    changed = {"resampled": 0, "padded": 0, "cut": 0}

    def read(path: Path) -> np.ndarray:
        sound, rate = sound_of(path, knobs.seconds + 1)
        changed["resampled"] += rate != knobs.rate
        sound = resampled(sound, rate, knobs.rate)
        changed["padded"] += len(sound) < length
        changed["cut"] += len(sound) > length
        return fitted(sound, length)[None]

    reader = Reader("WAV files", (1, length), np.float32)
    waves, labels, notes = read_all(knobs, folder, files, reader, read)
    done = ", ".join(f"{count} {what}" for what, count in changed.items() if count)
    if done:
        notes = (*notes, f"to {knobs.rate} Hz and {knobs.seconds:g} s: {done}")
    return replace(waves_with_classes(knobs, waves, labels, list(files)), notes=notes)


def waves_with_classes(
    knobs: DataKnobs, waves: np.ndarray, labels: np.ndarray, names: list[str]
) -> Dataset:
    """Waves [N, 1, T] and class indices, split and scaled as the knobs say."""
    train, val = split(len(waves), knobs.val_share, knobs.split_seed, labels)
    if getattr(knobs, "scaling", "none") == "standard":
        waves = waves / (float(waves[train].std()) or 1.0)
    return with_classes("wave", (waves[train], labels[train]), (waves[val], labels[val]), names)


def sound_of(source: Path | BinaryIO, seconds: float) -> tuple[np.ndarray, int]:
    """Samples float32 in -1..1 of the first ``seconds``, channels averaged, and the rate.

    ValueError where there are none.
    """
    form = riff.PCM
    try:
        with wave.open(str(source) if isinstance(source, Path) else source, "rb") as file:
            rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
            raw = file.readframes(min(file.getnframes(), int(rate * seconds) + 1))
    except wave.Error:
        with source.open("rb") if isinstance(source, Path) else nullcontext(source) as opened:
            opened.seek(0)
            form, rate, channels, width, raw = riff.frames(opened, seconds)
    raw = raw[: len(raw) // (width * channels) * width * channels]
    if not raw or rate < 1:
        raise ValueError("no sound in it")
    if form == riff.FLOAT:
        values = riff.floats(raw, width)
    elif width == 1:  # alone of all widths, without a sign
        values = (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    elif width == 3:
        parts = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(parts), 4), np.uint8)
        whole[:, 1:] = parts  # the highest three bytes of four carry the sign with them
        values = whole.view("<i4")[:, 0].astype(np.float32) / 2**31
    else:
        values = np.frombuffer(raw, f"<i{width}").astype(np.float32) / 2 ** (8 * width - 1)
    return values.reshape(-1, channels).mean(axis=1), rate


def resampled(sound: np.ndarray, rate: int, to: int) -> np.ndarray:
    """The same sound with ``to`` samples a second, filtered against aliases."""
    if rate == to:
        return sound
    from scipy.signal import resample_poly

    common = gcd(rate, to)
    return np.asarray(resample_poly(sound, to // common, rate // common), dtype=np.float32)


def fitted(sound: np.ndarray, length: int) -> np.ndarray:
    """Cut or padded with silence, at its end, to ``length`` samples."""
    sound = sound[:length]
    return np.pad(sound, (0, length - len(sound)))
