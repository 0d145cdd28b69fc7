"""Figures of the training part as the network gets it: how many of each class, on what scales.

Looked at once, before training: a few thousand samples, evenly spread over the part, and no random
number drawn.
"""

from __future__ import annotations

import torch

from tuiwb.data.dataset import Dataset
from tuiwb.probes.inputs import input_figures


def class_counts(dataset: Dataset) -> tuple[int, ...]:
    """Training samples of each class; empty where the targets are not one class a sample."""
    targets, classes = dataset.train.targets, len(dataset.classes)
    if not classes or targets is None or targets.ndim != 1 or targets.is_floating_point():
        return ()
    return tuple(torch.bincount(targets, minlength=classes)[:classes].tolist())


def input_statistics(dataset: Dataset) -> dict[str, float]:
    """Of the training inputs, after scaling: `tuiwb.probes.inputs.input_figures`."""
    return input_figures(dataset.train.inputs, dataset.signature.kind)
