"""The size dial: what is left open is filled in, and references are as large as published."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.contracts.making import build_model, knobs, names
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.spec import resolve
from tuiwb.spec.declarations import declared
from tuiwb.spec.knobs import fields
from tuiwb.spec.sizes import SizedKnobs

SIZED = [name for name in names("model") if issubclass(declared("model", name), SizedKnobs)]
MNIST = Signature("image", (1, 28, 28), 784)
GPT2 = Signature("tokens", (1024,), 50_257, 50_257)


def _count(name: str, signature: Signature, **values: Any) -> int:
    with torch.device("meta"):
        model = build_model(name, signature, **values)
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("name", "signature", "values", "parameters"),
    [
        ("gpt", GPT2, {"tied": True}, 124_439_808),
        ("vit", Signature("image", (3, 224, 224), 1000), {}, 86_567_656),
        ("m5", Signature("wave", (1, 32_000), 10), {"stride": 4}, 559_114),
        # 2 000 000 in the embedding, 643 200 in two layers of LSTM cells, 2 010 000 at the output
        ("char-rnn", Signature("tokens", (35,), 10_000, 10_000), {}, 4_653_200),
        # the mask is one of BERT's 30 522 tokens
        ("bert", Signature("tokens", (512,), 30_521, 30_521), {}, 109_512_761),
        ("autoencoder", MNIST, {}, 2_837_314),
        # each machine also has a bias for each unit that it sees
        ("dbn", Signature("image", (1, 28, 28), 10), {}, 1_665_010 + 784 + 500 + 500),
        ("word2vec", Signature("tokens", (40,), 10_000, 10_000), {}, 2 * 300 * 10_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_reference_is_as_large_as_published(
    name: str, signature: Signature, values: dict[str, Any], parameters: int
) -> None:
    assert _count(name, signature, size="reference", **values) == parameters


@pytest.mark.parametrize("name", SIZED)
def test_every_choice_of_size_has_a_plan_and_every_plan_decides_the_same(name: str) -> None:
    cls: Any = declared("model", name)
    infos = {info.name: info for info in fields(cls)}
    assert set(infos["size"].choices) == set(cls.plans) >= {"reference"}
    decided = {key for plan in cls.plans.values() for key in plan}
    for size, plan in cls.plans.items():
        assert set(plan) == decided
        assert all(plan.values()), "a plan leaves nothing open"
        for key in decided:
            assert not infos[key].default, "what a size decides is left open"
            assert "as size has it" in infos[key].help
        filled = knobs("model", name, size=size).sized()
        assert {key: getattr(filled, key) for key in decided} == plan
        assert filled.sized() is filled


@pytest.mark.parametrize("name", SIZED)
def test_sizes_grow(name: str) -> None:
    (kind, *_) = declared("model", name).takes  # type: ignore[attr-defined]
    signature = {
        "tokens": Signature("tokens", (64,), 1000, 1000),
        "image": Signature("image", (3, 64, 64), 10),
        "vector": Signature("vector", (784,), 10),
        "wave": Signature("wave", (1, 16_000), 10),
    }[kind]
    cls: Any = declared("model", name)
    counts = [_count(name, signature, size=size) for size in cls.plans]
    assert counts == sorted(set(counts))


def test_a_number_of_its_own_beats_the_size() -> None:
    spec = resolve("gpt-char", ["model.size=xs", "model.width=48"]).spec
    assert isinstance(spec.model, SizedKnobs)
    whole: Any = spec.model.sized()
    assert (whole.layers, whole.heads, whole.width) == (2, 2, 48)


def test_heads_that_cannot_share_the_width_of_a_size_are_refused() -> None:
    with pytest.raises(UserError, match="width 128 cannot be shared by 3 heads"):
        resolve("gpt-char", ["model.heads=3"])
