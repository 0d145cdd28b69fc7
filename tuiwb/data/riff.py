"""WAV files that the standard library does not open: floats, and headers of the extensible kind."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


def frames(file: BinaryIO, seconds: float) -> tuple[int, int, int, int, bytes]:
    """Format (`PCM` or `FLOAT`), rate, channels, bytes of one value, and the values of the first
    ``seconds`` as bytes. ValueError where it is no such file."""
    if (head := file.read(12))[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise ValueError("no RIFF WAVE file")
    form = rate = channels = width = 0
    while len(name := file.read(8)) == 8:
        kind, size = struct.unpack("<4sI", name)
        if kind == b"data" and width:
            wanted = (int(rate * seconds) + 1) * channels * width
            return form, rate, channels, width, file.read(min(size, wanted))
        if kind == b"fmt ":
            fields = file.read(size + size % 2)
            if len(fields) < 16:
                raise ValueError("its header is cut off")
            form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", fields)
            if form == EXTENSIBLE and len(fields) >= 26:
                (form,) = struct.unpack_from("<H", fields, 24)  # how a sub-format's name begins
            width = bits // 8
            known = {PCM: (1, 2, 3, 4), FLOAT: (4, 8)}
            if width not in known.get(form, ()) or not channels:
                raise ValueError(f"values of {bits} bits in the format {form}")
        else:
            file.seek(size + size % 2, 1)
    raise ValueError("no sound in it")


def floats(raw: bytes, width: int) -> np.ndarray:
    """Values float32; one that is not finite is a ValueError."""
    values = np.frombuffer(raw, f"<f{width}").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("values that are not finite")
    return values
