"""Where the values lie that go into each activation: the bands of Ioffe & Szegedy's figure 1.

An activation that is fed far from zero is flat there: a sigmoid beyond 4 has a fiftieth of its
slope, a ReLU below 0 has none. The 15th, 50th and 85th percentile of its input over the steps show
whether training has driven it there, and how much what it is fed wanders.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from tuiwb.probes.activations import thin
from tuiwb.probes.layers import Layer, first_tensor, is_activation

SHARES = (0.15, 0.5, 0.85)
ENOUGH = 1024
"""Where a layer has more values, each third of what `thin` leaves is taken: sorting is dear."""


class Instrument:
    """``act_low``, ``act_median`` and ``act_high``: the 15th, 50th and 85th percentile of what goes
    into an activation; other layers have none."""

    columns = ("act_low", "act_median", "act_high")

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._size = len(layers)
        self._watched = [(i, la.module) for i, la in enumerate(layers) if is_activation(la.module)]
        self._handles: list[RemovableHandle] = []
        self._taken: dict[int, torch.Tensor] = {}

    def attach(self) -> None:
        """Hooks before every activation, which may write over its input."""
        self._taken.clear()
        self._handles = [
            module.register_forward_pre_hook(partial(self._take, row))
            for row, module in self._watched
        ]

    def _take(self, row: int, module: nn.Module, inputs: object) -> None:
        tensor = first_tensor(inputs)
        if tensor is not None and tensor.is_floating_point() and tensor.numel():
            values = thin(tensor.detach())
            # an odd stride again: every unit of a layer of even width is visited
            self._taken[row] = values[::3] if values.numel() > ENOUGH else values

    @torch.no_grad()
    def read(self) -> torch.Tensor:
        """Shape (3, layers)."""
        by_length: dict[int, list[int]] = {}
        for row, values in self._taken.items():
            by_length.setdefault(values.numel(), []).append(row)
        device = next((v.device for v in self._taken.values()), torch.device("cpu"))
        result = torch.full((len(SHARES), self._size), torch.nan, device=device)
        for count, rows in by_length.items():
            # one sort for all layers of one size; the nearest value, as nothing is gained between
            block = torch.stack([self._taken[row] for row in rows]).float().sort(dim=1).values
            places = [round(share * (count - 1)) for share in SHARES]
            result[:, torch.tensor(rows, device=device)] = block[:, places].T
        self._taken.clear()
        return result

    def detach(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
