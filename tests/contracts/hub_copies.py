"""Copies of data sets of the hub, small: the columns of the real ones, a few rows.

Where the package `datasets` is installed, they are parquet files and it reads them. Where it is not
(it is an optional extra), a stand-in of the few calls that are used reads the same rows as JSON.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import sys
import wave
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

REAL = importlib.util.find_spec("datasets") is not None


class Rows:
    """The part of a `datasets.Dataset` that is used."""

    def __init__(self, rows: list[dict[str, Any]], names: Sequence[str] | None = None) -> None:
        self.rows = rows
        self.features = {"label": type("ClassLabel", (), {"names": names})()} if names else None

    @property
    def column_names(self) -> list[str]:
        return list(self.rows[0]) if self.rows else []

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def __getitem__(self, column: str) -> list[Any]:
        return [row[column] for row in self.rows]

    def select(self, kept: list[int]) -> Rows:
        return Rows([self.rows[i] for i in kept])


def load_dataset(
    name: str, config: str | None = None, *, split: str, data_files: Any = None, **more: Any
) -> Rows:
    """What `datasets.load_dataset` does for local files; it has no network."""
    if name != "parquet":
        raise ConnectionError(f"Couldn't reach '{name}' on the Hub (LocalEntryNotFoundError)\nmore")
    texts = [Path(file).read_text(encoding="utf-8") for file in data_files]
    rows = [json.loads(line) for text in texts for line in text.splitlines()]
    for row in rows:
        for cell in row.values():
            if isinstance(cell, dict):
                cell["bytes"] = base64.b64decode(cell["bytes"])
    return Rows(rows)


def install() -> None:
    """Put the stand-in where the package is not installed."""
    if not REAL and "datasets" not in sys.modules:
        module = ModuleType("datasets")
        module.__spec__ = ModuleSpec("datasets", None)  # other packages look for it by its spec
        module.load_dataset = load_dataset  # type: ignore[attr-defined]
        for name in ("Dataset", "IterableDataset"):
            setattr(module, name, type(name, (), {}))  # what trainers ask their data for
        sys.modules["datasets"] = module


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Rows as a parquet file, or as the stand-in reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if REAL:
        import pyarrow
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        return
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            print(json.dumps(row, default=lambda raw: base64.b64encode(raw).decode()), file=file)


def pictures(folder: Path, part: str, count: int, size: int = 28, depth: int = 1) -> np.ndarray:
    """Pictures uint8 [count, depth, size, size] of two classes by turns, in the layout of MNIST or
    (depth 3) of CIFAR-10."""
    draw = np.random.default_rng(len(part))
    made = draw.integers(0, 256, (count, depth, size, size)).astype(np.uint8)
    rows = []
    for number, pixels in enumerate(made):
        file = io.BytesIO()
        Image.fromarray(pixels[0] if depth == 1 else pixels.transpose(1, 2, 0)).save(file, "PNG")
        cell = {"bytes": file.getvalue(), "path": f"{number}.png"}
        rows.append({"image" if depth == 1 else "img": cell, "label": number % 2})
    write(folder / f"{part}-00000-of-00001.parquet", rows)
    return made


def clips(folder: Path, count: int) -> None:
    """Tones of two pitches, in the layout of Speech Commands."""
    rows = []
    for number in range(count):
        tone = np.sin(2 * np.pi * (200 + 300 * (number % 2)) * np.arange(8000) / 16_000 + number)
        file = io.BytesIO()
        with wave.open(file, "wb") as made:
            made.setnchannels(1)
            made.setsampwidth(2)
            made.setframerate(16_000)
            made.writeframes((tone * 20_000).astype("<i2").tobytes())
        audio = {"bytes": file.getvalue(), "path": f"{number}.wav"}
        rows.append({"file": f"{number}.wav", "audio": audio, "label": 3 + number % 2})
    write(folder / "train" / "0000.parquet", rows)


def lines(folder: Path, count: int) -> str:
    """Text, in the layout of WikiText; returns all of it."""
    made = [f" Line {n} of the text , as it is .\n" for n in range(count)]
    write(folder / "train-00000-of-00001.parquet", [{"text": line} for line in made])
    return "".join(made)
