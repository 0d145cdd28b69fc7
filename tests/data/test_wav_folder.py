"""A folder of sounds of one's own: widths, rates, lengths, and files that are no sounds."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.contracts.making import knobs, module
from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.data.wav_folder import resampled, sound_of


def _write(path: Path, sound: np.ndarray, rate: int, width: int = 2, channels: int = 1) -> None:
    """``sound`` in -1..1, [T] or [T, channels]."""
    path.parent.mkdir(exist_ok=True)
    whole = np.round(sound * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        raw = (whole + 128).astype(np.uint8).tobytes()
    else:
        raw = whole.astype("<i8").reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(raw)


def _tone(pitch: float, rate: int, seconds: float) -> np.ndarray:
    return np.sin(2 * np.pi * pitch * np.arange(round(rate * seconds)) / rate)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten high and ten low tones."""
    for name, pitch in (("high", 900.0), ("low", 120.0)):
        for number in range(10):
            _write(tmp_path / name / f"{number}.wav", _tone(pitch, 8000, 0.2) / 2, 8000)
    return tmp_path


def _load(folder: Path, **values: Any) -> Dataset:
    values = {"rate": 4000, "seconds": 0.1, **values}
    loaded = module("data", "wav-folder").load(
        knobs("data", "wav-folder", path=str(folder), **values)
    )
    assert isinstance(loaded, Dataset)
    return loaded


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_width_gives_the_same_sound(tmp_path: Path, width: int) -> None:
    sound = _tone(100, 8000, 0.1) * 0.9
    _write(tmp_path / "a.wav", sound, 8000, width)
    got, rate = sound_of(tmp_path / "a.wav", 9)
    assert rate == 8000 and got == pytest.approx(sound, abs=2.0 ** (1 - 8 * width) * 2 + 1e-6)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = _tone(100, 8000, 0.1), _tone(300, 8000, 0.1)
    _write(tmp_path / "a.wav", np.stack((left, right), axis=1), 8000, channels=2)
    assert sound_of(tmp_path / "a.wav", 9)[0] == pytest.approx((left + right) / 2, abs=1e-4)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100])
def test_a_tone_stays_the_same_tone_at_another_rate(rate: int) -> None:
    got = resampled(_tone(200, rate, 1.0), rate, 4000)
    assert abs(len(got) - 4000) <= 1
    assert got[200:3800] == pytest.approx(_tone(200, 4000, 1.0)[200:3800], abs=0.02)


def test_what_the_new_rate_cannot_hold_is_gone_and_not_folded_back() -> None:
    got = resampled(_tone(3000, 8000, 1.0), 8000, 4000)
    assert float(np.abs(got[200:-200]).max()) < 0.02


def test_sounds_get_one_rate_and_one_length(folder: Path) -> None:
    _write(folder / "low" / "short.wav", _tone(120, 4000, 0.05), 4000)
    data = _load(folder)
    assert data.signature.kind == "wave" and data.signature.shape == (1, 400)
    assert data.classes == ("high", "low")
    assert "to 4000 Hz and 0.1 s: 20 resampled, 1 padded, 20 cut" in data.notes
    waves = torch.cat((data.train.inputs, data.val.inputs))
    assert int((waves[:, 0, 300:].abs().sum(1) == 0).sum()) == 1, "padded with silence"


def test_scaled_by_the_training_part(folder: Path) -> None:
    assert float(_load(folder, scaling="standard").train.inputs.std()) == pytest.approx(1, abs=0.01)


def test_broken_files_are_named_skipped_and_counted(folder: Path) -> None:
    (folder / "low" / "3.wav").write_bytes(b"RIFF")
    _write(folder / "high" / "4.wav", np.zeros(0), 8000)
    head = (folder / "high" / "5.wav").read_bytes()
    (folder / "high" / "5.wav").write_bytes(head[:20] + b"\x03\x00" + head[22:])  # floats
    data = _load(folder)
    assert any(
        note == "3 WAV files cannot be read and are left out: high/4.wav, high/5.wav, low/3.wav"
        for note in data.notes
    )
    assert len(data.train) + len(data.val) == 17
    with pytest.raises(UserError) as caught:
        _load(folder, broken="refuse")
    assert "high/4.wav" in caught.value.what and "no sound in it" in caught.value.found


def test_a_file_that_was_cut_off_gives_what_is_there(folder: Path) -> None:
    path = folder / "low" / "3.wav"
    path.write_bytes(path.read_bytes()[:1001])
    assert len(_load(folder).train) + len(_load(folder).val) == 20


def test_folders_without_two_classes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with pytest.raises(UserError) as caught:
        _load(tmp_path / "one")
    assert "a class is a folder of WAV files" in caught.value.what
    with pytest.raises(UserError, match="there is no folder"):
        _load(tmp_path / "two")
