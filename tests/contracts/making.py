"""Components with the knobs that a test wants, built as the engine builds them."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.data.batches import generator
from tuiwb.data.dataset import Dataset, Part
from tuiwb.spec.declarations import SHELVES, declared

VECTOR = Signature("vector", (12,), 3)
IMAGE = Signature("image", (1, 8, 8), 3)
TOKENS = Signature("tokens", (8,), 11, 11)
SEQUENCE = Signature("sequence", (6, 4), 3)
WAVE = Signature("wave", (1, 4096), 3)
SIGNATURES = {signature.kind: signature for signature in (VECTOR, IMAGE, TOKENS, SEQUENCE, WAVE)}

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


def driver(name: str) -> str | None:
    """The first of the tasks that alone can train an architecture, if there are such."""
    tasks = declared("model", name).tasks  # type: ignore[attr-defined]
    return tasks[0] if tasks else None


def signature_of(name: str, kind: str) -> Signature:
    """A small sample's signature, with the outputs that an architecture's only task asks for."""
    signature = SIGNATURES[kind]
    task = driver(name)
    targets = declared("task", task).targets if task else "classes"  # type: ignore[attr-defined]
    outputs = {"boxes": 4, "inputs": signature.features}.get(targets, signature.outputs)
    return replace(signature, outputs=outputs)


def samples_of(name: str, signature: Signature, count: int) -> tuple[Tensor, Tensor]:
    """Random samples as the task of an architecture reads them."""
    inputs, targets = samples(signature, count)
    task = driver(name)
    if task is None:
        return inputs, targets
    kind = declared("task", task).targets  # type: ignore[attr-defined]
    if inputs.is_floating_point() and kind != "numbers":
        inputs = inputs.sigmoid()  # shares of ink: what energies and likelihoods of bits ask for
    if kind in ("numbers", "boxes", "inputs"):
        targets = torch.rand(count, signature.outputs, generator=generator(1)) * 0.5 + 0.25
    return inputs, targets


def task_of(name: str, signature: Signature, inputs: Tensor, targets: Tensor) -> Any:
    """The task that alone can train an architecture, on these samples, with its first loss."""
    task = driver(name)
    assert task is not None
    traits: Any = declared("task", task)
    losses: dict[str, Any] = {n: declared("loss", n) for n in names("loss")}
    own = [n for n, loss in losses.items() if task in loss.serves]
    like = [n for n, loss in losses.items() if traits.like in loss.serves and not loss.single]
    loss = "own" if traits.brings_loss else (own + like)[0]
    part = Part(inputs, targets)
    classes = tuple(map(str, range(signature.outputs))) if targets.dtype == torch.int64 else ()
    dataset = Dataset(signature, part, part, classes, {}, "0" * 16)
    built = module("loss", loss).build(knobs("loss", loss))
    return module("task", task).build(knobs("task", task), built, dataset, False)


MODELS = [
    (name, kind)
    for name in names("model")
    for kind in declared("model", name).takes  # type: ignore[attr-defined]
]
"""Every architecture with every kind of sample that it takes."""
