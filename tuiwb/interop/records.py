"""TFRecord files: length, its checksum, data, its checksum; one after another.

Format: length u64, masked CRC-32C of the length, data, masked CRC-32C of the data, little endian.
"""

from __future__ import annotations

import functools
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tuiwb.run.files import open_plain

LONGEST = 1 << 30
"""Bytes of one record; a longer one is taken for damage."""
_BLOCK = 1024


class Damaged(Exception):
    """The file says something that cannot be; ``offset`` is where, in bytes."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(f"damaged at byte {offset}: {why}")
        self.offset = offset


def records(path: Path) -> Iterator[bytes]:
    """The data of each record. A last one that is not whole (its writer is at work, or was killed)
    ends the file; raises `Damaged` where a checksum is wrong, OSError as reading does."""
    with os.fdopen(open_plain(path), "rb") as file:
        offset = 0
        while len(head := file.read(12)) == 12:
            length, check = struct.unpack("<QI", head)
            if masked(head[:8]) != check or length > LONGEST:
                raise Damaged(offset, "no record begins here")
            body = file.read(length + 4)
            if len(body) < length + 4:
                return
            data = body[:-4]
            if masked(data) != struct.unpack("<I", body[-4:])[0]:
                raise Damaged(offset, "the checksum of a record is wrong")
            yield data
            offset += 12 + len(body)


def masked(data: bytes) -> int:
    """CRC-32C (Castagnoli), rotated and offset as TFRecord stores it."""
    crc = 0xFFFFFFFF
    for begin in range(0, len(data), _BLOCK):
        crc = _extend(crc, data[begin : begin + _BLOCK])
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _extend(crc: int, block: bytes) -> int:
    """A block's checksum is the exclusive or of what each byte gives at its distance from the end:
    a few NumPy calls a kilobyte instead of a loop over bytes."""
    begun = crc.to_bytes(4, "little")
    first = bytes(a ^ b for a, b in zip(begun, block, strict=False))
    values = np.frombuffer(first + block[4:], np.uint8)
    places = np.arange(len(block) - 1, -1, -1)
    found = int(np.bitwise_xor.reduce(_tables()[places, values]))
    return found ^ (crc >> (8 * len(block)))  # a block of less than four bytes leaves some over


@functools.cache
def _tables() -> npt.NDArray[Any]:
    """[distance from the end, byte] -> its share of the checksum."""
    table: npt.NDArray[Any] = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ np.where(table & 1, np.uint32(0x82F63B78), np.uint32(0))
    tables = [table]
    for _ in range(_BLOCK - 1):
        tables.append((tables[-1] >> 8) ^ table[tables[-1] & 0xFF])
    return np.stack(tables)
