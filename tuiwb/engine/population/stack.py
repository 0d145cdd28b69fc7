"""The weights of all members, one tensor a parameter, in which each member's model has its part."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Stack:
    """Parameters and buffers of models of one architecture, stacked along a first dimension.

    The models are changed: from now on their parameters and buffers are views of the stack, so that
    an evaluation, a picture or a checkpoint of one of them is an ordinary one.
    """

    def __init__(self, models: Sequence[nn.Module]) -> None:
        self.size = len(models)
        self.parameters: dict[str, Tensor] = {}
        """By name, shape [M, ...]; those that are trained ask for gradients."""
        self.buffers: dict[str, Tensor] = {}
        self._names = {id(p): name for name, p in models[0].named_parameters()}
        for parts in zip(*(model.named_parameters() for model in models), strict=True):
            name, own = parts[0][0], [parameter for _, parameter in parts]
            together = torch.stack([parameter.detach() for parameter in own])
            for parameter, mine in zip(own, together, strict=True):
                parameter.data, parameter.grad = mine, None
            self.parameters[name] = together.requires_grad_(own[0].requires_grad)
        for parts in zip(*(model.named_buffers() for model in models), strict=True):
            name = parts[0][0]
            together = self.buffers[name] = torch.stack([buffer for _, buffer in parts])
            for model, mine in zip(models, together, strict=True):
                _put(model, name, mine)
        self._buffer_names = {id(b): name for name, b in models[0].named_buffers()}

    def of(self, parameter: Tensor | None) -> Tensor | None:
        """Where a parameter of the first model lies: [M, ...]; a shared one has one place."""
        return None if parameter is None else self.parameters[self._names[id(parameter)]]

    def buffer_of(self, buffer: Tensor | None) -> Tensor | None:
        """Where a buffer of the first model lies: [M, ...]."""
        return None if buffer is None else self.buffers[self._buffer_names[id(buffer)]]

    @property
    def trained(self) -> list[Tensor]:
        """The parameters that ask for gradients, in the model's order."""
        return [parameter for parameter in self.parameters.values() if parameter.requires_grad]


def _put(model: nn.Module, name: str, value: Tensor) -> None:
    place, _, last = name.rpartition(".")
    owner = model.get_submodule(place)
    old = owner._buffers[last]
    for module in model.modules():
        for key, buffer in module._buffers.items():
            if buffer is old:
                module._buffers[key] = value
