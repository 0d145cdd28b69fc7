"""Headers that the standard library does not know give the same sound as those that it knows."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest

from tuiwb.data.wav_folder import sound_of

SOUND = 0.9 * np.sin(np.arange(800) / 9).astype(np.float32)


def header(form: int, bits: int, data: bytes, *, channels: int = 1, extensible: bool = False) -> (
    bytes
):  # fmt: skip
    """A WAV file as other programs write it, with a chunk of words before the sound."""
    frame = channels * bits // 8
    tag = 0xFFFE if extensible else form
    fields = struct.pack("<HHIIHH", tag, channels, 8000, 8000 * frame, frame, bits)
    if extensible:
        tail = bytes.fromhex("000000001000800000aa00389b71")
        fields += struct.pack("<HHIH", 22, bits, 4, form) + tail
    body = b"".join(
        name + struct.pack("<I", len(chunk)) + chunk + b"\0" * (len(chunk) % 2)
        for name, chunk in ((b"LIST", b"odd"), (b"fmt ", fields), (b"data", data))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def heard(data: bytes) -> np.ndarray:
    sound, rate = sound_of(io.BytesIO(data), 1.0)
    assert rate == 8000
    return sound


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize("width", [4, 8])
def test_floats(width: int, extensible: bool) -> None:
    data = header(3, 8 * width, SOUND.astype(f"<f{width}").tobytes(), extensible=extensible)
    assert heard(data) == pytest.approx(SOUND, abs=1e-6)


@pytest.mark.parametrize("width", [2, 4])
def test_whole_numbers_behind_an_extensible_header(width: int) -> None:
    values = (SOUND * 2 ** (8 * width - 1)).astype(f"<i{width}").tobytes()
    plain = io.BytesIO()
    with wave.open(plain, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(8000)
        file.writeframes(values)
    assert np.array_equal(
        heard(header(1, 8 * width, values, extensible=True)), heard(plain.getvalue())
    )


def test_channels_are_averaged() -> None:
    both = np.stack((SOUND, -SOUND), axis=1).astype("<f4")
    assert heard(header(3, 32, both.tobytes(), channels=2)) == pytest.approx(0 * SOUND, abs=1e-6)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (header(2, 4, b"abcd"), "4 bits in the format 2"),
        (header(3, 16, b"abcd"), "16 bits in the format 3"),
        (header(3, 32, np.array([np.nan, 1], "<f4").tobytes()), "not finite"),
        (header(3, 32, b""), "no sound"),
        (b"RIFF\0\0\0\0WAVE", "no sound"),
        (b"OggS" + b"\0" * 40, "no RIFF"),
    ],
)
def test_what_is_no_sound_is_told(data: bytes, words: str) -> None:
    with pytest.raises((ValueError, EOFError), match=words):
        heard(data)
