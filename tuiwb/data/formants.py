"""Speech by formants, in the manner of Klatt 1980: what a few numbers a phone can say.

The voice is a row of harmonics of a gliding pitch, each as loud as three resonances (formants) let
it be; consonants are noise, high or low. Everything is interpolated between frames of 20 ms.
Formants of vowels after Peterson & Barney 1952, men, cut to the band below 2 kHz.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RATE = 4000
FRAMES = 50
SAMPLES = RATE // FRAMES
HARMONICS = 20

Array = NDArray[np.float64]


class Phone(NamedTuple):
    """Three formants in Hz, loudness of voice, high noise and low noise, length in frames."""

    f1: float
    f2: float
    f3: float
    voice: float
    high: float
    low: float
    length: float


PHONES = {
    "i": Phone(290, 1900, 2600, 0.8, 0, 0, 7),
    "e": Phone(530, 1750, 2480, 1, 0, 0, 9),
    "a": Phone(730, 1090, 2440, 1, 0, 0, 9),
    "o": Phone(570, 840, 2410, 1, 0, 0, 9),
    "u": Phone(300, 870, 2240, 0.8, 0, 0, 7),
    "uh": Phone(640, 1190, 2390, 1, 0, 0, 8),
    "y": Phone(270, 1950, 2700, 0.6, 0, 0, 4),
    "l": Phone(360, 1100, 2600, 0.5, 0, 0, 5),
    "r": Phone(400, 1150, 1500, 0.5, 0, 0, 5),
    "n": Phone(250, 1500, 2200, 0.35, 0, 0, 6),
    "s": Phone(400, 1700, 2500, 0, 0.5, 0, 8),
    "f": Phone(400, 1400, 2300, 0, 0.05, 0.12, 7),
    "closed": Phone(400, 1400, 2300, 0, 0, 0, 3),
    "t": Phone(400, 1700, 2600, 0, 0.45, 0.05, 2),
    "p": Phone(350, 900, 2300, 0, 0.05, 0.35, 2),
    "d": Phone(350, 1600, 2500, 0.3, 0.25, 0.1, 2),
    "g": Phone(300, 1300, 2000, 0.3, 0.1, 0.3, 2),
}
WORDS = {
    "yes": "y e s",
    "no": "n o u",
    "up": "uh closed p",
    "down": "d a u n",
    "left": "l e f closed t",
    "right": "r a i closed t",
    "on": "o n",
    "off": "o f",
    "stop": "s closed t o closed p",
    "go": "g o u",
}


def speak(words: list[str], random: np.random.Generator) -> NDArray[np.float32]:
    """Each word by a speaker of its own, somewhere within one second: [N, 4000], 4 kHz, -1 to 1.

    Speakers differ in pitch, its glide, length of the vocal tract, pace, loudness, hoarseness and
    the noise around them.
    """
    count = len(words)
    tracks = np.stack([_track(word, random) for word in words])  # [N, frames + 1, 6]
    tract = random.uniform(0.88, 1.18, (count, 1, 1))
    formants = tracks[:, :, :3] * tract * random.normal(1, 0.03, (count, 1, 3))
    start, end = random.uniform(85, 210, (2, count, 1))
    end = start * np.clip(end / start, 0.7, 1.25)
    pitch = start + (end - start) * np.linspace(0, 1, FRAMES + 1)
    wave = _voice(pitch, formants, tracks[:, :, 3])
    hiss = random.standard_normal((count, RATE + 1))
    for column, noise in ((4, np.diff(hiss) / 1.4), (5, (hiss[:, 1:] + hiss[:, :-1]) / 1.4)):
        wave += _between(tracks[:, :, column]) * noise
    loudness = random.uniform(0.3, 0.9, (count, 1)) / (np.abs(wave).max(1, keepdims=True) + 1e-9)
    around = random.uniform(0.002, 0.05, (count, 1)) * random.standard_normal((count, RATE))
    out: NDArray[np.float32] = np.clip(wave * loudness + around, -1, 1).astype(np.float32)
    return out


def _track(word: str, random: np.random.Generator) -> Array:
    """The six numbers of each frame: silence, the phones gliding into each other, silence."""
    phones = [PHONES[name] for name in WORDS[word].split()]
    lengths = np.array([phone.length for phone in phones]) * random.uniform(0.75, 1.25, len(phones))
    lengths *= random.uniform(0.75, 1.3)
    lengths *= min(1.0, (FRAMES - 6) / lengths.sum())
    begin = random.uniform(2, FRAMES - 2 - lengths.sum())
    edges = begin + np.concatenate(([0], np.cumsum(lengths)))
    middles = (edges[:-1] + edges[1:]) / 2
    frames = np.arange(FRAMES + 1)
    table = np.array([phone[:6] for phone in phones])
    columns = [np.interp(frames, middles, table[:, column]) for column in range(3)]
    # loudness holds within a phone and changes fast at its edges
    here = np.clip(np.searchsorted(edges, frames, side="right") - 1, 0, len(phones) - 1)
    inside = (frames >= edges[0]) & (frames < edges[-1])
    columns += [np.where(inside, table[here, column], 0.0) for column in range(3, 6)]
    return np.stack(columns, axis=1)


def _voice(pitch: Array, formants: Array, loudness: Array) -> Array:
    """Harmonics of ``pitch`` [N, frames + 1] through ``formants`` [N, frames + 1, 3]."""
    angle = 2 * np.pi * np.cumsum(_between(pitch), axis=1) / RATE
    wave = np.zeros_like(angle)
    twice, before, now = 2 * np.cos(angle), np.zeros_like(angle), np.sin(angle)
    for harmonic in range(1, HARMONICS + 1):
        frequency = harmonic * pitch
        width = np.array([80.0, 110.0, 160.0])
        gain = (1 / (1 + ((frequency[:, :, None] - formants) / width) ** 2)).sum(2)
        gain *= loudness / harmonic**0.5 * (frequency < RATE / 2 - 100)
        wave += _between(gain) * now
        before, now = now, twice * now - before  # sin((h + 1) x) = 2 cos(x) sin(h x) - sin((h-1) x)
    return wave


def _between(frames: Array) -> Array:
    """Straight lines from frame to frame: [N, frames + 1] -> [N, frames * samples]."""
    share = np.arange(SAMPLES) / SAMPLES
    left, right = frames[:, :-1, None], frames[:, 1:, None]
    return np.asarray(left + (right - left) * share).reshape(len(frames), -1)
