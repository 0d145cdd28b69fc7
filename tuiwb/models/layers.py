"""Activations and norms by name, as modules, for all architectures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from torch import nn

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "linear": nn.Identity,
}


def activation(name: str) -> nn.Module:
    """A new activation module; names are those of `tuiwb.spec.sections.Activation`."""
    return _ACTIVATIONS[name]()


def norm(name: str, features: int, dimensions: int = 1) -> nn.Module | None:
    """A new norm over ``features`` channels of [B, F] (1) or [B, F, H, W] (2), or None.

    ``layer`` on images normalises all channels and pixels of a sample together, with a scale and a
    shift for each channel: a group norm of one group.
    """
    if name == "batch":
        return nn.BatchNorm1d(features) if dimensions == 1 else nn.BatchNorm2d(features)
    if name == "layer":
        return nn.LayerNorm(features) if dimensions == 1 else nn.GroupNorm(1, features)
    return None


def stack(**layers: nn.Module | None) -> nn.Sequential:
    """Layers one after another under their own names; None is left out."""
    return nn.Sequential(
        OrderedDict((n, layer) for n, layer in layers.items() if layer is not None)
    )
