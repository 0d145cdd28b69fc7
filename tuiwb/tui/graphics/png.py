"""Pixels as a PNG file (RFC 2083), with a palette where their colours fit into one."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from tuiwb.plots.canvas import Packed

_INDEXED, _RGBA = 3, 6
_COLOURS = 256


def png(pixels: Packed) -> bytes:
    """``pixels`` (H, W) as 0xRRGGBB; those of -1 are clear."""
    height, width = pixels.shape
    colours, places = np.unique(pixels, return_inverse=True)
    if colours.size <= _COLOURS:
        kind = _INDEXED
        rows = places.reshape(height, width).astype(np.uint8)
        head = _chunk(b"PLTE", _bytes(colours).tobytes())
        if colours[0] < 0:
            head += _chunk(b"tRNS", b"\0")
    else:
        kind, head = _RGBA, b""
        clear = np.where(pixels < 0, 0, 255).astype(np.uint8)[..., None]
        rows = np.concatenate((_bytes(pixels), clear), axis=2).reshape(height, 4 * width)
    unfiltered = np.zeros((height, 1), dtype=np.uint8)
    body = zlib.compress(np.hstack((unfiltered, rows)).tobytes(), 6)
    size = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", size), head, _chunk(b"IDAT", body),
         _chunk(b"IEND", b""))
    )  # fmt: skip


def _bytes(colours: Packed) -> np.ndarray:
    """0xRRGGBB as three bytes; what is none is black."""
    known = np.maximum(colours, 0)
    return np.stack([(known >> shift) & 255 for shift in (16, 8, 0)], axis=-1).astype(np.uint8)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
