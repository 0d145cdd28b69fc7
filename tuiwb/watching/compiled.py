"""Compiled and wrapped models: the module underneath, and its activations by an eager pass.

Hooks inside a compiled graph are ignored or break it, so that activations are taken beside it: the
plain module sees a few samples of the first batch, in evaluation mode, without gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tuiwb.probes.watcher import Watcher

SAMPLES = 32


def original(model: nn.Module) -> nn.Module:
    """The plain module under torch.compile and data-parallel wrappers; else the model itself."""
    found = getattr(model, "_orig_mod", None)
    if found is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        found = model.module
    return original(found) if isinstance(found, nn.Module) else model


def is_compiled(model: nn.Module) -> bool:
    """Whether ``model`` runs as a graph: by torch.compile, or by ``model.compile()``."""
    if isinstance(getattr(model, "_orig_mod", None), nn.Module):
        return True
    if getattr(model, "_compiled_call_impl", None) is not None:
        return True
    inner = getattr(model, "module", None)
    return isinstance(inner, nn.Module) and original(model) is not model and is_compiled(inner)


class Eager:
    """Looks at ``plain`` with the first samples that its compiled self was given."""

    def __init__(self, plain: nn.Module) -> None:
        self._plain = plain
        self._given: tuple[Any, Any] | None = None
        self._inner: Callable[..., Any] | None = plain.__dict__.get("_compiled_call_impl")
        if self._inner is not None:
            # in place of hooks, which a graph does not call; copies and files go without it
            self._plain._compiled_call_impl = self._noted

    def _noted(self, *args: Any, **kwargs: Any) -> Any:
        self.keep(args, kwargs)
        assert self._inner is not None
        return self._inner(*args, **kwargs)

    def keep(self, args: Any, kwargs: Any) -> None:
        """Remember the first samples of the first batch."""
        if self._given is None and not torch.compiler.is_compiling():
            self._given = few(args), few(kwargs)

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
                self._plain._call_impl(*args, **kwargs)  # type: ignore[no-untyped-call]
        finally:
            for module, mode in modes:
                module.training = mode

    def close(self) -> None:
        """Leave the model as it was."""
        if self._inner is not None:
            self._plain._compiled_call_impl = self._inner
            self._inner = None


def few(value: Any) -> Any:
    """The first samples of every tensor in a nest, as copies of their own."""
    if isinstance(value, torch.Tensor):
        return value.detach()[:SAMPLES].clone() if value.ndim else value.detach().clone()
    if isinstance(value, dict):
        return {key: few(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(few(item) for item in value) if type(value) in (list, tuple) else value
    return value
