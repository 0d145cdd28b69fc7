"""A loaded data set: two parts, the shapes they promise, what to compare with, what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tuiwb.base.signature import Signature


@dataclass(frozen=True)
class Part:
    """The training or the validation part.

    Samples: ``inputs`` float32 [N, *shape] and ``targets`` int64 [N] (classes) or float32
    [N, outputs] (numbers). Text: ``inputs`` int64 [N] tokens in order (uint16 where they are mapped
    from a file), ``targets`` None.
    """

    inputs: Tensor
    targets: Tensor | None
    points: Tensor | None = None
    """Where samples lie in the plane of `Dataset.plane`, float32 [N, 2]; NaN: not known."""

    def __len__(self) -> int:
        return len(self.inputs)

    def tensors(self) -> tuple[Tensor, ...]:
        """What it holds in memory."""
        return (self.inputs,) if self.targets is None else (self.inputs, self.targets)

    def to(self, device: torch.device | str) -> Part:
        """The same part on ``device``."""
        return Part(
            self.inputs.to(device),
            None if self.targets is None else self.targets.to(device),
            None if self.points is None else self.points.to(device),
        )


@dataclass(frozen=True)
class Plane:
    """The two coordinates that samples are made of, where they are made of two."""

    names: tuple[str, str]
    inputs: Callable[[Tensor], Tensor]
    """Coordinates [N, 2] in their own units -> what the model reads there, as `Part.inputs`."""


@dataclass(frozen=True)
class Dataset:
    """What `load` of a data source returns."""

    signature: Signature
    """``outputs``: number of classes (also for two), of target numbers, or the vocabulary."""
    train: Part
    val: Part
    classes: tuple[str, ...]
    """Names of the classes in the order of their indices; empty where there are none."""
    baselines: dict[str, float]
    """Loss (nats, or mean squared error) of predictors that are not networks, on ``val`` (and
    ``test``, where there is one)."""
    fingerprint: str
    """Of the content: same data, same split, same scaling, same fingerprint."""
    vocabulary: tuple[str, ...] = ()
    """Token index -> its text."""
    context: int = 0
    """Tokens in one sample; 0 where samples are not tokens."""
    test: Part | None = None
    """Set aside (`data.aside`): evaluated once, when the run is over."""
    plane: Plane | None = None
    """Where the answers of a model can be drawn, whatever features are made of its coordinates."""
    notes: tuple[str, ...] = ()
    """What loading found out, a line each: types of columns, what was left out or filled in."""

    def to(self, device: torch.device | str) -> Dataset:
        """The same data on ``device``."""
        test = None if self.test is None else self.test.to(device)
        return replace(self, train=self.train.to(device), val=self.val.to(device), test=test)


def fingerprint(tensors: Iterable[Tensor | None], extra: Iterable[str] = ()) -> str:
    """Sixteen hex digits of the SHA-256 of types, shapes, values and ``extra`` texts."""
    digest = hashlib.sha256()
    for tensor in tensors:
        if tensor is not None:
            array = tensor.detach().cpu().contiguous().numpy()
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(array.tobytes())
    for text in extra:
        digest.update(b"\0" + text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]
