"""Compiled and wrapped models: the module underneath, and its activations by an eager pass.

Hooks inside a compiled graph are ignored or break it, so that activations are taken beside it: the
plain module sees a few samples of the first batch, in evaluation mode, without gradients.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tuiwb.probes.watcher import Watcher

SAMPLES = 32


def original(model: nn.Module) -> nn.Module:
    """The plain module under torch.compile; the model itself where there is none."""
    found = getattr(model, "_orig_mod", None)
    return original(found) if isinstance(found, nn.Module) else model


class Eager:
    """Looks at ``plain`` with the first samples that ``model`` was given."""

    def __init__(self, plain: nn.Module, model: nn.Module) -> None:
        self._plain = plain
        self._given: tuple[Any, Any] | None = None

    def keep(self, args: Any, kwargs: Any) -> None:
        """Remember the first samples of the first batch."""
        if self._given is None:
            self._given = _few(args), _few(kwargs)

    def look(self, watcher: Watcher) -> None:
        """One pass with the hooks attached; mode and random state are put back."""
        if self._given is None:
            return
        args, kwargs = self._given
        modes = [(module, module.training) for module in self._plain.modules()]
        devices = sorted({p.device.index for p in self._plain.parameters() if p.is_cuda})
        watcher.before_forward()
        self._plain.eval()
        try:
            with torch.random.fork_rng(devices), torch.no_grad():
                self._plain(*args, **kwargs)
        finally:
            for module, mode in modes:
                module.training = mode


def _few(value: Any) -> Any:
    """The first samples of every tensor in a nest, as copies of their own."""
    if isinstance(value, torch.Tensor):
        return value.detach()[:SAMPLES].clone() if value.ndim else value.detach().clone()
    if isinstance(value, dict):
        return {key: _few(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_few(item) for item in value) if type(value) in (list, tuple) else value
    return value
