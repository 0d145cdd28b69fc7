"""Event folders as training scripts leave them, written by the real writers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from torch.utils.tensorboard import SummaryWriter

BEGAN = 1_700_000_000.0
Curve = Callable[[int], float]


def scalars(folder: Path, curves: Mapping[str, Curve], steps: Iterable[int], **given: str) -> Path:
    """Each curve at each step, one second apart."""
    with SummaryWriter(str(folder), **given) as writer:
        for step in steps:
            for tag, curve in curves.items():
                writer.add_scalar(tag, curve(step), step, walltime=BEGAN + step)
    return folder


def plateau(step: int) -> float:
    """The loss of a run that learns nothing."""
    return 2.303 + 0.02 * float(np.sin(12.9898 * step * step))


def descent(step: int) -> float:
    """The loss of a run that learns."""
    return 0.3 + 2.0 * float(np.exp(-step / 60)) + 0.02 * float(np.sin(12.9898 * step * step))


def histograms(folder: Path, layers: int, fall: float, steps: Iterable[int], of: str) -> Path:
    """Gradients (weights and biases) and weights of ``layers`` linear layers; the gradient of each
    is ``fall`` times that of the one behind it. ``of`` is the pattern of the gradients' tags."""
    random = np.random.default_rng(0)
    with SummaryWriter(str(folder)) as writer:
        for step in steps:
            for layer in range(layers):
                size = fall ** (layers - 1 - layer)
                for name, shape in (("weight", (16, 16)), ("bias", (16,))):
                    gradient = size * random.standard_normal(shape)
                    tag = of.format(layer=f"net.{layer}", parameter=name)
                    writer.add_histogram(tag, gradient, step, walltime=BEGAN + step)
                    weight = random.standard_normal(shape) / 4
                    writer.add_histogram(f"weights/net.{layer}.{name}", weight, step)
    return folder
