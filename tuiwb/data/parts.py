"""Data sets whose two parts are ready-made: with their baselines and fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tuiwb.base.signature import Kind, Signature
from tuiwb.data.dataset import Dataset, Part, fingerprint

Samples = tuple[NDArray[Any], NDArray[Any]]
"""Inputs [N, *shape] and targets [N] or [N, D]."""


def with_classes(kind: Kind, train: Samples, val: Samples, classes: Sequence[str]) -> Dataset:
    """Samples with class indices. Baselines, nats of cross-entropy: ``uniform guess`` = ln K and
    ``class shares`` = guessing with the training shares of the classes."""
    shares = np.bincount(train[1], minlength=len(classes)) / len(train[1])
    baselines = {
        "uniform guess": log(len(classes)),
        "class shares": float(-np.log(np.maximum(shares, 1e-12)[val[1]]).mean()),
    }
    parts = [Part(_float(x), torch.from_numpy(y.astype(np.int64))) for x, y in (train, val)]
    return _dataset(kind, parts, len(classes), tuple(classes), baselines)


def with_numbers(
    kind: Kind, train: Samples, val: Samples, baselines: dict[str, float] | None = None
) -> Dataset:
    """Samples with target numbers [N, D]. The baseline is ``training mean``, a mean squared error,
    unless others are given."""
    guess = float(np.square(val[1] - train[1].mean(0)).mean())
    parts = [Part(_float(x), _float(y)) for x, y in (train, val)]
    return _dataset(kind, parts, train[1].shape[1], (), baselines or {"training mean": guess})


def _dataset(
    kind: Kind,
    parts: list[Part],
    outputs: int,
    classes: tuple[str, ...],
    baselines: dict[str, float],
) -> Dataset:
    train, val = parts
    mark = fingerprint((train.inputs, train.targets, val.inputs, val.targets), classes)
    signature = Signature(kind, tuple(train.inputs.shape[1:]), outputs)
    return Dataset(signature, train, val, classes, baselines, mark)


def _float(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))
