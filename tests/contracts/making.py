"""Components with the knobs that a test wants, built as the engine builds them."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.data.batches import generator
from tuiwb.spec.declarations import SHELVES, declared

VECTOR = Signature("vector", (12,), 3)
IMAGE = Signature("image", (1, 8, 8), 3)
TOKENS = Signature("tokens", (8,), 11, 11)
SIGNATURES = {signature.kind: signature for signature in (VECTOR, IMAGE, TOKENS)}

ALL = [(section, name) for section, shelf in SHELVES.items() for name in shelf.names()]
"""Every component there is, as (section, name): a new file is in it at once."""


def names(section: str) -> tuple[str, ...]:
    return SHELVES[section].names()


def module(section: str, name: str) -> ModuleType:
    return SHELVES[section].load(name)


def knobs(section: str, name: str, **values: Any) -> Any:
    """What the engine hands to a component: knobs as the spec reads them from its source."""
    return declared(section, name)(name=name, **values)


def build_model(name: str, signature: Signature, seed: int = 0, **values: Any) -> nn.Module:
    torch.manual_seed(seed)
    built = module("model", name).build(knobs("model", name, **values), signature, 0.0)
    assert isinstance(built, nn.Module)
    return built


def samples(signature: Signature, count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random inputs and targets that a network can learn by heart."""
    random = generator(seed)
    if signature.kind == "tokens":
        shape = (count, *signature.shape)
        inputs = torch.randint(signature.vocabulary, shape, generator=random)
        targets = torch.randint(signature.outputs, shape, generator=random)
        inputs[:, 0] = torch.arange(count)  # so that no two samples begin alike
        return inputs, targets
    inputs = torch.randn(count, *signature.shape, generator=random)
    return inputs, torch.randint(signature.outputs, (count,), generator=random)


MODELS = [
    (name, kind)
    for name in names("model")
    for kind in declared("model", name).takes  # type: ignore[attr-defined]
]
"""Every architecture with every kind of sample that it takes."""
