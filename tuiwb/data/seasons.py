"""Short time series to be continued: a noisy season, or a sum of sines.

Each sample is a series of its own, cut into what is seen and what is to be forecast; training and
validation share no series, so nothing leaks. ``season``: the same weekly pattern in every series,
at an unknown day, strength and level, with a slope and noise. ``sines``: two sine waves of random
period (4 to 20 steps), strength and phase, with noise.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np

from tuiwb.data.dataset import Dataset
from tuiwb.data.sequences import Floats, numbered
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import DataKnobs

WEEK = np.array([-0.6, -0.9, -0.5, 0.1, 0.6, 1.6, -0.3])
"""The pattern of a week; its mean is 0."""


class Knobs(DataKnobs):
    """Short noisy time series to be continued."""

    gives: ClassVar[str] = "sequence"
    serves: ClassVar[tuple[str, ...]] = ("series",)

    shape: Annotated[
        Literal["season", "sines"], knob("a weekly pattern in noise, or two sine waves")
    ] = "season"
    seen: Annotated[
        int, knob("steps that are seen", unit="steps", ge=2, le=10_000, scale="log")
    ] = 21
    horizon: Annotated[
        int, knob("steps that are forecast", unit="steps", ge=1, le=10_000, scale="log")
    ] = 7
    noise: Annotated[
        float, knob("standard deviation of the noise; the pattern's is about 0.8", ge=0, le=10)
    ] = 0.4
    samples: Annotated[
        int, knob("series, training and validation together", unit="samples", ge=8,
                  le=10_000_000, scale="log")
    ] = 6_000  # fmt: skip


def load(knobs: Knobs) -> Dataset:
    """Series float32 [N, seen, 1] and what follows, float32 [N, horizon]."""
    random = np.random.default_rng(knobs.split_seed)
    time = np.arange(knobs.seen + knobs.horizon)
    clean = (_season if knobs.shape == "season" else _sines)(knobs.samples, time, random)
    series = clean + knobs.noise * random.standard_normal(clean.shape)
    return numbered(knobs, series[:, : knobs.seen, None], series[:, knobs.seen :])


def _season(count: int, time: np.ndarray, random: np.random.Generator) -> Floats:
    day = random.integers(0, 7, (count, 1))
    strength = random.uniform(0.5, 1.5, (count, 1))
    level = random.normal(0, 1, (count, 1))
    slope = random.normal(0, 0.02, (count, 1))
    series: Floats = level + slope * time + strength * WEEK[(day + time) % 7]
    return series


def _sines(count: int, time: np.ndarray, random: np.random.Generator) -> Floats:
    period = random.uniform(4, 20, (count, 2, 1))
    strength = random.uniform(0.3, 1, (count, 2, 1))
    phase = random.uniform(0, 2 * np.pi, (count, 2, 1))
    waves: Floats = (strength * np.sin(2 * np.pi * time / period + phase)).sum(1)
    return waves
