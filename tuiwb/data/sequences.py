"""From generated sequences to a `Dataset`: split, baselines, fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log

import numpy as np
import torch
from numpy.typing import NDArray

from tuiwb.base.signature import Signature
from tuiwb.data.dataset import Dataset, Part, fingerprint
from tuiwb.data.split import split
from tuiwb.spec.sections import DataKnobs

Tokens = NDArray[np.int64]
Floats = NDArray[np.float64]

IGNORED = -100
"""A target that no loss and no metric counts: torch's own ``ignore_index``."""


def answered(
    knobs: DataKnobs,
    inputs: Tokens,
    targets: Tokens,
    vocabulary: Sequence[str],
    baselines: Mapping[str, float] | None = None,
) -> Dataset:
    """Token sequences [N, T] with the right tokens [N, L], `IGNORED` where none is asked for.

    Baselines, in nats per counted token: ``uniform guess`` = ln V, ``position shares`` = guessing
    each place with the training shares of the tokens at that place, and those handed in.
    """
    train, val = split(len(inputs), knobs.val_share, knobs.split_seed)
    size = len(vocabulary)
    losses = {
        "uniform guess": log(size),
        "position shares": _position_shares(targets[train], targets[val], size),
        **(baselines or {}),
    }
    parts = [Part(torch.from_numpy(inputs[r]), torch.from_numpy(targets[r])) for r in (train, val)]
    answer = targets.shape[1] if targets.shape[1] != inputs.shape[1] else 0
    return Dataset(
        signature=Signature("tokens", (inputs.shape[1],), size, size, answer=answer),
        train=parts[0],
        val=parts[1],
        classes=(),
        baselines=losses,
        fingerprint=_mark(parts, vocabulary),
        vocabulary=tuple(vocabulary),
    )


def numbered(knobs: DataKnobs, inputs: Floats, targets: Floats) -> Dataset:
    """Series [N, T, F] with target numbers [N, D], unscaled.

    Baselines, mean squared error on validation: ``training mean`` of each target, and ``least
    squares``, the best linear answer to all numbers of the series at once.
    """
    train, val = split(len(inputs), knobs.val_share, knobs.split_seed)
    design = np.concatenate((inputs.reshape(len(inputs), -1), np.ones((len(inputs), 1))), axis=1)
    solution, *_ = np.linalg.lstsq(design[train], targets[train], rcond=None)
    losses = {
        "training mean": float(np.square(targets[val] - targets[train].mean(0)).mean()),
        "least squares": float(np.square(targets[val] - design[val] @ solution).mean()),
    }
    parts = [
        Part(
            torch.from_numpy(inputs[rows].astype(np.float32)),
            torch.from_numpy(targets[rows].astype(np.float32)),
        )
        for rows in (train, val)
    ]
    return Dataset(
        signature=Signature("sequence", inputs.shape[1:], targets.shape[1]),
        train=parts[0],
        val=parts[1],
        classes=(),
        baselines=losses,
        fingerprint=_mark(parts),
    )


def _position_shares(train: Tokens, val: Tokens, size: int) -> float:
    """Nats per counted token of ``val``; counts of ``train`` are smoothed by adding one."""
    total, counted = 0.0, 0
    for place in range(train.shape[1]):
        seen, asked = train[:, place], val[:, place]
        counts = np.bincount(seen[seen >= 0], minlength=size) + 1
        asked = asked[asked >= 0]
        total -= float(np.log(counts[asked] / counts.sum()).sum())
        counted += len(asked)
    return total / max(counted, 1)


def _mark(parts: Sequence[Part], texts: Sequence[str] = ()) -> str:
    return fingerprint((tensor for part in parts for tensor in part.tensors()), texts)
