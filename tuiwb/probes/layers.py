"""Which modules count as layers: leaves that own parameters, and activations."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parameter import is_lazy

_ACTIVATIONS = "torch.nn.modules.activation"


@dataclass(frozen=True)
class Layer:
    """One row of every per-layer plot; ``name`` is the dotted module path."""

    name: str
    kind: str
    module: nn.Module
    parameters: int


def layers_of(model: nn.Module) -> tuple[Layer, ...]:
    """The layers of ``model`` in the order in which they are registered."""
    return tuple(
        Layer(
            name or type(module).__name__.lower(),
            type(module).__name__,
            module,
            sum(p.numel() for p in parameters),
        )
        for name, module in model.named_modules()
        if _is_layer(module)
        for parameters in (list(module.parameters(recurse=False)),)
        if not any(map(is_lazy, parameters))  # never called: it has no weights yet
    )


def _is_layer(module: nn.Module) -> bool:
    if next(module.children(), None) is not None:
        return False
    owns = next(module.parameters(recurse=False), None) is not None
    return owns or is_activation(module)


def is_activation(module: nn.Module) -> bool:
    """Whether a layer is one of torch's activations."""
    return type(module).__module__ == _ACTIVATIONS


def first_tensor(output: object) -> torch.Tensor | None:
    """The activation in what a module returned: the first tensor of a nest of tuples or dicts."""
    if isinstance(output, torch.Tensor):
        return output
    items = output.values() if isinstance(output, dict) else output
    if isinstance(items, list | tuple) or isinstance(output, dict):
        for item in items:  # type: ignore[attr-defined]
            found = first_tensor(item)
            if found is not None:
                return found
    return None
