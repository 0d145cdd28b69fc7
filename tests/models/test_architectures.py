"""What is particular to each architecture: sizes, knobs, and shapes that cannot work."""

from __future__ import annotations

import re
from math import log
from typing import get_args

import pytest
import torch
from torch import nn

from tests.contracts.making import IMAGE, TOKENS, VECTOR, build_model, samples
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.spec import resolve
from tuiwb.spec.sections import Activation, Norm

DIGITS = Signature("image", (1, 8, 8), 10)


def _size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def test_linear_is_one_matrix_and_a_bias() -> None:
    assert _size(build_model("linear", DIGITS)) == 64 * 10 + 10


def test_mlp_has_the_sizes_asked_for() -> None:
    model = build_model("mlp", DIGITS, hidden=(128, 64))
    assert _size(model) == 65 * 128 + 129 * 64 + 65 * 10
    assert [m.out_features for m in model.modules() if isinstance(m, nn.Linear)] == [128, 64, 10]
    assert "hidden2.linear" in dict(model.named_modules())


def test_mlp_without_hidden_layers_is_linear() -> None:
    assert _size(build_model("mlp", VECTOR, hidden=())) == _size(build_model("linear", VECTOR))


@pytest.mark.parametrize("activation", get_args(Activation))
@pytest.mark.parametrize("norm", get_args(Norm))
@pytest.mark.parametrize("name", ["mlp", "cnn-small"])
def test_every_activation_with_every_norm(name: str, norm: str, activation: str) -> None:
    model = build_model(name, IMAGE, activation=activation, norm=norm)
    inputs, _ = samples(IMAGE, 4)
    assert torch.isfinite(model(inputs)).all()


def test_cnn_has_about_sixty_thousand_parameters() -> None:
    model = build_model("cnn-small", DIGITS)
    convolutions = 9 * (1 * 32 + 32 * 64 + 64 * 64)
    norms = 2 * (32 + 64 + 64)
    assert _size(model) == convolutions + norms + 64 * 2 * 2 * 10 + 10 == 58_474


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 13)])
def test_cnn_takes_every_kernel_that_fits(kernel: int, shape: tuple[int, ...]) -> None:
    signature = Signature("image", shape, 4)
    inputs, _ = samples(signature, 2)
    assert build_model("cnn-small", signature, kernel=kernel)(inputs).shape == (2, 4)


def test_a_kernel_larger_than_its_picture_is_an_error_of_the_user() -> None:
    with pytest.raises(UserError) as caught:
        build_model("cnn-small", DIGITS, kernel=9)
    error = caught.value
    assert error.where == "model.kernel"
    assert error.found == "a kernel of 9x9 on 8x8 pixels"
    assert error.allowed == "an odd number from 1 to 7"


def test_a_picture_too_small_to_be_halved_twice_is_an_error_of_the_user() -> None:
    with pytest.raises(UserError, match="too small"):
        build_model("cnn-small", Signature("image", (1, 3, 8), 2))


@pytest.mark.parametrize(
    ("preset", "setting", "words"),
    [
        ("cnn-digits", "model.kernel=4", "kernel must be odd, and 4 is even"),
        ("gpt-char", "model.heads=3", "width 128 cannot be shared by 3 heads"),
    ],
)
def test_contradictions_are_found_before_torch_is_loaded(
    preset: str, setting: str, words: str
) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        resolve(preset, [setting])


@pytest.mark.parametrize(("cell", "gates"), [("rnn", 1), ("gru", 3), ("lstm", 4)])
@pytest.mark.parametrize("layers", [1, 2])
def test_char_rnn_counts_its_gates(cell: str, gates: int, layers: int) -> None:
    model = build_model("char-rnn", TOKENS, cell=cell, embed=6, width=10, layers=layers)
    recurrent = sum(gates * 10 * (inputs + 10 + 2) for inputs in (6, 10)[:layers])
    assert _size(model) == 11 * 6 + recurrent + 10 * 11 + 11


def test_char_rnn_takes_any_length() -> None:
    model = build_model("char-rnn", TOKENS)
    assert model(torch.zeros(2, 3, dtype=torch.int64)).shape == (2, 3, 11)


def test_gpt_counts_twelve_widths_squared_a_block() -> None:
    signature = Signature("tokens", (64,), 103, 103)
    model = build_model("gpt", signature, layers=4, width=128)
    block = 12 * 128**2 + 13 * 128
    assert _size(model) == 4 * block + 2 * 128 + 128 * (103 + 64 + 103)
    tied = build_model("gpt", signature, layers=4, width=128, tied=True)
    assert _size(model) - _size(tied) == 128 * 103


def test_gpt_begins_at_a_uniform_guess() -> None:
    model = build_model("gpt", TOKENS).eval()
    inputs, targets = samples(TOKENS, 8)
    with torch.no_grad():
        loss = nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
    assert abs(float(loss) - log(11)) < 0.1


def test_gpt_attends_as_written() -> None:
    """The fused attention against softmax(q k / sqrt(d)) v, written out."""
    model = build_model("gpt", TOKENS, layers=1, heads=2, width=8)
    attention = model.blocks[0].attention
    x = torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(0))
    q, k, v = attention.qkv(x).view(3, 8, 3, 2, 4).permute(2, 0, 3, 1, 4)
    scores = (q @ k.transpose(-1, -2)) / 4**0.5
    scores = scores.masked_fill(torch.ones(8, 8).triu(1).bool(), float("-inf"))
    by_hand = attention.project((scores.softmax(-1) @ v).transpose(1, 2).reshape(3, 8, 8))
    torch.testing.assert_close(attention(x), by_hand)
