"""From arrays to a `Dataset`: split, scale, baselines, fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tuiwb.base.signature import Kind, Signature
from tuiwb.data.dataset import Dataset, Part, Plane, fingerprint
from tuiwb.data.preprocess import prepared
from tuiwb.data.scaling import scaled
from tuiwb.data.split import split
from tuiwb.spec.sections import DataKnobs

Floats = NDArray[np.float64]
Scaler = Callable[[Floats, Floats], tuple[Floats, Floats]]


class Flat(NamedTuple):
    """Samples that are made of two coordinates: those [N, 2], and how features [N, F] are made."""

    points: Floats
    names: tuple[str, str]
    features: Callable[[Floats], Floats] = lambda points: points


def classified(
    knobs: DataKnobs,
    inputs: Floats,
    labels: NDArray[np.int64],
    classes: Sequence[str],
    *,
    scaler: Scaler | None = None,
    kind: Kind = "vector",
    flat: Flat | None = None,
) -> Dataset:
    """Samples [N, *shape] with class indices [N], split with each class's share kept.

    ``scaler(train, val)`` defaults to the knob ``scaling``. Baselines, in nats of cross-entropy:
    ``uniform guess`` = ln K, ``class shares`` = guessing with the training shares of the classes.
    """
    if kind == "image":
        inputs = prepared(knobs, inputs)
    train, val = split(len(inputs), knobs.val_share, knobs.split_seed, labels)
    scaler = scaler or _scaler(knobs)
    x_train, x_val = scaler(inputs[train], inputs[val])
    shares = np.bincount(labels[train], minlength=len(classes)) / len(train)
    baselines = {
        "uniform guess": log(len(classes)),
        "class shares": float(-np.log(shares[labels[val]]).mean()),
    }
    return _dataset(
        Signature(kind, inputs.shape[1:], len(classes)),
        Part(_float(x_train), torch.from_numpy(labels[train]), _points(flat, train)),
        Part(_float(x_val), torch.from_numpy(labels[val]), _points(flat, val)),
        tuple(classes),
        baselines,
        _plane(flat, inputs, train, scaler),
    )


def measured(
    knobs: DataKnobs,
    inputs: Floats,
    targets: Floats,
    *,
    scaler: Scaler | None = None,
    flat: Flat | None = None,
) -> Dataset:
    """Samples [N, F] with target numbers [N, D]; ``scaler`` as for `classified`.

    With any scaling but ``none`` the targets are in training standard deviations about the training
    mean, so that learning rates carry over. Baselines, mean squared error on validation:
    ``training mean`` and ``least squares`` (the best linear answer on the training part).
    """
    train, val = split(len(inputs), knobs.val_share, knobs.split_seed)
    scaler = scaler or _scaler(knobs)
    x_train, x_val = scaler(inputs[train], inputs[val])
    how = getattr(knobs, "scaling", "none")
    y_train, y_val = scaled(targets[train], targets[val], "none" if how == "none" else "standard")
    design, design_val = _with_ones(x_train), _with_ones(x_val)
    solution, *_ = np.linalg.lstsq(design, y_train, rcond=None)
    baselines = {
        "training mean": float(np.square(y_val - y_train.mean(0)).mean()),
        "least squares": float(np.square(y_val - design_val @ solution).mean()),
    }
    return _dataset(
        Signature("vector", inputs.shape[1:], targets.shape[1]),
        Part(_float(x_train), _float(y_train), _points(flat, train)),
        Part(_float(x_val), _float(y_val), _points(flat, val)),
        (),
        baselines,
        _plane(flat, inputs, train, scaler),
    )


def _scaler(knobs: DataKnobs) -> Scaler:
    how = getattr(knobs, "scaling", "none")
    return lambda train, val: scaled(train, val, how)


def _points(flat: Flat | None, rows: NDArray[np.int64]) -> Tensor | None:
    return None if flat is None else _float(flat.points[rows])


def _plane(
    flat: Flat | None, inputs: Floats, train: NDArray[np.int64], scaler: Scaler
) -> Plane | None:
    """Any place as the model reads it: its features, scaled with the figures of the training part
    alone."""
    if flat is None:
        return None

    def read(points: Tensor) -> Tensor:
        features = flat.features(points.detach().cpu().numpy().astype(np.float64))
        return _float(scaler(inputs[train], features)[1]).to(points.device)

    return Plane(flat.names, read)


def _with_ones(x: Floats) -> Floats:
    return np.concatenate((x, np.ones((len(x), 1))), axis=1)


def _float(array: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _dataset(
    signature: Signature,
    train: Part,
    val: Part,
    classes: tuple[str, ...],
    baselines: dict[str, float],
    plane: Plane | None,
) -> Dataset:
    mark = fingerprint((train.inputs, train.targets, val.inputs, val.targets), classes)
    return Dataset(signature, train, val, classes, baselines, mark, plane=plane)
