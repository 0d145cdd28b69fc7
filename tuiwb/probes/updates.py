"""How far one step moves each layer, against how large its weights are."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tuiwb.probes.gradients import layer_norms
from tuiwb.probes.instrument import Probe
from tuiwb.probes.layers import Layer
from tuiwb.probes.shards import local, mesh_of
from tuiwb.probes.taps import Taps

LARGEST = 1 << 16
"""Values of one parameter that are kept to compare with; of a larger one an even share."""


class Instrument(Probe):
    """``update_ratio``: ``|dw| / |w|`` of this very update over all of a layer's parameters that
    have a gradient, weight decay included. About 1e-3 is healthy for Adam (Karpathy); NaN where
    nothing of a layer has a gradient. Exact for parameters of up to 65 536 values."""

    columns = ("update_ratio",)

    def __init__(self, layers: Sequence[Layer], taps: Taps) -> None:
        super().__init__(layers, taps)
        self._owned = [
            (row, parameter)
            for row, layer in enumerate(layers)
            for parameter in layer.module.parameters(recurse=False)
        ]
        self._before: list[tuple[int, torch.Tensor, torch.Tensor]] = []

    def observe(self) -> None:
        self._before = [
            (row, view, view.clone())
            for row, parameter in self._owned
            if parameter.grad is not None
            for view in (_part(local(parameter.detach()), parameter.numel()),)
        ]

    def read(self) -> torch.Tensor:
        """Shape (1, layers)."""
        if not self._before:
            return torch.full((1, len(self.layers)), torch.nan, dtype=torch.float32)
        rows, now, before = (list(column) for column in zip(*self._before, strict=True))
        self._before = []
        mesh = mesh_of(self._owned[0][1])
        moved = layer_norms(rows, torch._foreach_sub(now, before), len(self.layers), mesh)
        size = layer_norms(rows, before, len(self.layers), mesh)
        return (moved / size.clamp_min(1e-12))[None]


def _part(tensor: torch.Tensor, values: int) -> torch.Tensor:
    """A view of all values, or evenly strided of what is, or is part of, that many: of all of them
    about `LARGEST`."""
    if values <= LARGEST or not tensor.is_contiguous():
        return tensor
    return tensor.view(-1)[:: values // LARGEST | 1]
