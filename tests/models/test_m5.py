"""M5 against its published size, and the words that it hears."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.contracts.making import build_model
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.data.formants import RATE, WORDS, speak


def test_m5_has_the_published_number_of_parameters() -> None:
    """26.9 k for 32 channels, a first kernel of 80 at stride 16 and 35 words of 8 000 samples."""
    model = build_model("m5", Signature("wave", (1, 8000), 35), kernel=80, stride=16)
    assert sum(p.numel() for p in model.parameters()) == 26_915
    assert model(torch.zeros(2, 1, 8000)).shape == (2, 35)


def test_a_clip_that_is_too_short_is_an_error_of_the_user() -> None:
    with pytest.raises(UserError) as caught:
        build_model("m5", Signature("wave", (1, 1000), 3))
    assert caught.value.where == "model.stride"


def test_speech_fits_its_second_and_differs_from_speaker_to_speaker() -> None:
    waves = speak(["yes", "yes", "no"], np.random.default_rng(0))
    again = speak(["yes", "yes", "no"], np.random.default_rng(0))
    assert waves.shape == (3, RATE) and waves.dtype == np.float32
    assert np.array_equal(waves, again)
    assert np.abs(waves).max() <= 1 and np.isfinite(waves).all()
    assert not np.array_equal(waves[0], waves[1])


def test_s_hisses_and_vowels_hum() -> None:
    """Half of the power of a hiss lies above 1 kHz; a vowel's lies below."""
    waves = speak(["stop"] * 20 + ["no"] * 20, np.random.default_rng(1))
    power = np.abs(np.fft.rfft(waves, axis=1)) ** 2
    high = power[:, 1000:].sum(1) / power.sum(1)
    assert np.median(high[:20]) > 2 * np.median(high[20:])
    assert len(WORDS) == 10
