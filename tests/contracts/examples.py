"""A small file or folder for every data source that reads one of the user's own."""

from __future__ import annotations

import atexit
import csv
import random
import shutil
import tempfile
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.contracts import hub_copies
from tuiwb.spec.declarations import declared


def _csv(folder: Path) -> dict[str, Any]:
    """300 rows: numbers, words, a target of two classes."""
    draw = random.Random(0)
    path = folder / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file)
        write.writerow(["age", "town", "income", "bought"])
        for _ in range(300):
            town, income = draw.choice(["Rome", "Bonn", "Oslo"]), f"{draw.gauss(3e4, 9e3):.2f}"
            write.writerow([draw.randint(18, 80), town, income, draw.choice(["yes", "no"])])
    return {"path": str(path)}


def _text(folder: Path) -> dict[str, Any]:
    """Four thousand characters in lines."""
    draw = random.Random(0)
    path = folder / "tale.txt"
    lines = [" ".join(draw.choices(["sea", "ship", "storm", "calm,"], k=8)) for _ in range(100)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return {"path": str(path)}


def _tokens(folder: Path) -> dict[str, Any]:
    """Four thousand 16-bit tokens, the largest above what a signed one could be."""
    path = folder / "tokens.bin"
    np.random.default_rng(0).integers(40_000, size=4000, dtype=np.uint16).tofile(path)
    return {"path": str(path), "vocabulary": 40_000}


def _images(folder: Path) -> dict[str, Any]:
    """Forty pictures in each of two classes, of several sizes."""
    from PIL import Image

    draw = np.random.default_rng(0)
    for name, shade in (("day", 200), ("night", 40)):
        (folder / name).mkdir()
        for number in range(40):
            size = (int(draw.integers(8, 30)), int(draw.integers(8, 30)), 3)
            pixels = draw.integers(shade - 40, shade + 40, size).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02d}.png")
    return {"path": str(folder), "size": 8}


def _waves(folder: Path) -> dict[str, Any]:
    """Forty sounds in each of two classes, of several rates and lengths."""
    draw = np.random.default_rng(0)
    for name, pitch in (("high", 400), ("low", 90)):
        (folder / name).mkdir()
        for number in range(40):
            rate = int(draw.choice([4000, 8000, 11025]))
            time = np.arange(int(rate * draw.uniform(0.1, 0.4))) / rate
            sound = np.sin(2 * np.pi * pitch * time + draw.uniform(0, 6)) * 20_000
            with wave.open(str(folder / name / f"{number:02d}.wav"), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes(sound.astype("<i2").tobytes())
    return {"path": str(folder), "rate": 4000, "seconds": 0.2}


def _hub_images(folder: Path) -> dict[str, Any]:
    hub_copies.install()
    hub_copies.pictures(folder, "train", 100)
    return {"path": str(folder)}


def _hub_speech(folder: Path) -> dict[str, Any]:
    hub_copies.install()
    hub_copies.clips(folder, 100)
    return {"path": str(folder), "rate": 1000, "seconds": 0.1}


def _hub_text(folder: Path) -> dict[str, Any]:
    hub_copies.install()
    hub_copies.lines(folder, 100)
    return {"path": str(folder)}


MAKERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "csv": _csv,
    "hub-images": _hub_images,
    "hub-speech": _hub_speech,
    "hub-text": _hub_text,
    "image-folder": _images,
    "text-file": _text,
    "token-file": _tokens,
    "wav-folder": _waves,
}


FEW = 300
WHOLE = ("digits", "rare")
"""Sources that have all their samples: one did not make them, one needs them for a rare class."""


@cache
def given(name: str) -> dict[str, Any]:
    """Knobs with which the data source ``name`` can be loaded: a file of ours where it needs one,
    few samples where it makes them."""
    maker = MAKERS.get(name)
    if maker is None:
        makes = "samples" in declared("data", name).__struct_fields__ and name not in WHOLE
        return {"samples": FEW} if makes else {}
    folder = Path(tempfile.mkdtemp(prefix="tuiwb-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return maker(folder)
