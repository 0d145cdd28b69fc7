"""Records are found as the format has them; damage is seen, and where."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from tuiwb.interop.records import Damaged, masked, records


def framed(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    ends = (struct.pack("<I", masked_crc32c(part)) for part in (head, data))
    return head + next(ends) + data + next(ends)


@given(st.binary(max_size=3000))
def test_the_checksum_is_tensorboard_s(data: bytes) -> None:
    assert masked(data) == masked_crc32c(data)


@given(st.lists(st.binary(max_size=50)), st.integers(0, 20))
def test_every_whole_record_arrives_however_the_file_ends(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], cut: int
) -> None:
    path = tmp_path_factory.mktemp("records") / "file"
    whole = b"".join(map(framed, contents))
    path.write_bytes(whole[: len(whole) - cut] if cut else whole)
    kept, size = 0, len(whole) - cut
    while kept < len(contents) and size >= (one := len(framed(contents[kept]))):
        kept, size = kept + 1, size - one
    assert list(records(path)) == contents[:kept]


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_flipped_bit_goes_unseen(
    tmp_path_factory: pytest.TempPathFactory, at: int, mask: int
) -> None:
    path = tmp_path_factory.mktemp("records") / "file"
    contents = [b"one", b"two" * 10, b"three"]
    whole = bytearray(b"".join(map(framed, contents)))
    at %= len(whole)
    whole[at] ^= mask
    path.write_bytes(whole)
    read = []
    with pytest.raises(Damaged) as error:
        for data in records(path):
            read.append(data)
    assert read == contents[: len(read)]
    assert error.value.offset <= at


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(framed(b"x"))
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        list(records(tmp_path / "link"))
