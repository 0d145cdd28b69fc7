"""Arrays out of a stranger's file, each asked for by shape and refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.base.text import clean
from tuiwb.plots.scales import Floats

_NAME = 80
"""Characters of a name that are looked at."""


class Refused(ValueError):
    """What is wrong with a picture's arrays, in words for the pane where it should be."""


@dataclass(frozen=True)
class Arrays:
    """A picture's arrays. Every method raises `Refused`, and nothing else."""

    stored: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.stored

    def raw(self, name: str, kinds: str, words: str) -> npt.NDArray[Any]:
        """The array ``name``, of one of the NumPy ``kinds``, which are called ``words``."""
        if name not in self.stored:
            raise Refused(f"it has no {name}")
        array = self.stored[name]
        if not isinstance(array, np.ndarray):
            raise Refused(f"{name} is no array")
        if array.dtype.kind not in kinds:
            raise Refused(f"{name} holds {array.dtype.name[:20]}, not {words}")
        return array

    def numbers(self, name: str, shape: str) -> npt.NDArray[Any]:
        """Real numbers in as many dimensions as ``shape`` has letters; a digit is a size.

        ``"N2"`` is any number of pairs. Returned as stored: see `floats`.
        """
        array = self.raw(name, "biuf", "numbers")
        fits = array.ndim == len(shape) and all(
            int(wanted) == size
            for wanted, size in zip(shape, array.shape, strict=True)
            if wanted.isdigit()
        )
        if not fits:
            raise Refused(f"{name} has the shape {_shape(array.shape)}, not {_shape(shape)}")
        if not array.size:
            raise Refused(f"{name} is empty")
        return array

    def floats(self, name: str, shape: str) -> Floats:
        """`numbers` as float64."""
        return self.numbers(name, shape).astype(np.float64)

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """One whole number between ``low`` and ``high``; ``default`` where there is none."""
        if name not in self.stored:
            return default
        array = self.raw(name, "iu", "a whole number")
        if array.size != 1:
            raise Refused(f"{name} has the shape {_shape(array.shape)}, not one number")
        return min(max(int(array.reshape(())), low), high)

    def labels(self, name: str, count: int) -> npt.NDArray[np.int64]:
        """Whole numbers, one for each of ``count``; all 0 where there are none."""
        if name not in self.stored:
            return np.zeros(count, dtype=np.int64)
        array = self.raw(name, "biu", "whole numbers")
        if array.shape != (count,):
            raise Refused(f"{name} has the shape {_shape(array.shape)}, not {count}")
        labels: npt.NDArray[np.int64] = np.clip(array.astype(np.float64), -1e12, 1e12).astype(
            np.int64
        )
        return labels

    def names(self, name: str, count: int, prefix: str = "") -> list[str]:
        """``count`` texts, safe for a terminal; where there are fewer, ``prefix`` and the number
        from 0."""
        given: list[str] = []
        if name in self.stored and np.size(self.stored[name]):
            array = self.raw(name, "U", "texts")
            if array.ndim != 1:
                raise Refused(f"{name} has the shape {_shape(array.shape)}, not one row of texts")
            given = [clean(str(text)[:_NAME]).replace("\n", "⏎") for text in array[:count]]
        return given + [f"{prefix}{i}" for i in range(len(given), count)]

    def text(self, name: str, limit: int) -> str:
        """One text, or several as its lines, of at most about ``limit`` characters."""
        array = self.raw(name, "U", "text").ravel()
        parts, length = [], 0
        for part in array:
            parts.append(str(part)[: limit - length])
            length += len(parts[-1]) + 1
            if length >= limit:
                break
        return clean("\n".join(parts))

    def word(self, name: str, default: str) -> str:
        """One word, such as the name of a scale; ``default`` where there is none."""
        return self.text(name, 20) if name in self.stored else default


def _shape(shape: tuple[int, ...] | str) -> str:
    return f"[{', '.join(map(str, shape))}]"
