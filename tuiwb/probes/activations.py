"""Statistics of what each layer put out in a sampled step.

Each output is strided down to a few thousand values before anything is computed, and the values of
all layers are reduced together, so that the cost hardly grows with the size of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from tuiwb.probes.layers import Layer, first_tensor

VALUES = 2048
"""About as many values are looked at per layer and sample."""


class Instrument:
    """``act_mean``, ``act_std`` (unbiased) and ``act_zero`` (share of exact zeros)."""

    columns = ("act_mean", "act_std", "act_zero")

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._handles: list[RemovableHandle] = []
        self._taken: dict[int, torch.Tensor] = {}

    def attach(self) -> None:
        """Hooks on every layer; a layer called twice in a step shows its last call."""
        self._taken.clear()
        self._handles = [
            layer.module.register_forward_hook(partial(self._take, row))
            for row, layer in enumerate(self._layers)
        ]

    def _take(self, row: int, module: nn.Module, inputs: object, output: object) -> None:
        tensor = first_tensor(output)
        if tensor is not None and tensor.is_floating_point():
            self._taken[row] = thin(tensor.detach())

    @torch.no_grad()
    def read(self) -> torch.Tensor:
        """Shape (3, layers)."""
        by_length: dict[int, list[int]] = {}
        for row, values in self._taken.items():
            by_length.setdefault(values.numel(), []).append(row)
        device = next((v.device for v in self._taken.values()), torch.device("cpu"))
        result = torch.full((3, len(self._layers)), torch.nan, device=device)
        for rows in by_length.values():
            block = torch.stack([self._taken[row] for row in rows]).float()
            std, mean = torch.std_mean(block, dim=1, correction=min(1, block.shape[1] - 1))
            figures = torch.stack([mean, std, (block == 0).float().mean(dim=1)])
            result[:, torch.tensor(rows, device=device)] = figures
        self._taken.clear()
        return result

    def detach(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []


def thin(tensor: torch.Tensor) -> torch.Tensor:
    """About `VALUES` values of ``tensor``, evenly strided, as a copy of its own."""
    flat = tensor.reshape(-1)
    # an odd stride visits every unit of a layer whose width is even
    stride = flat.numel() // VALUES | 1 if flat.numel() > VALUES else 1
    return flat[::stride].clone()
