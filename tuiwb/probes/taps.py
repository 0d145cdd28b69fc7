"""What flows through the layers of a sampled step: outputs, and gradients with respect to them.

One forward hook a layer, for one step. Each tensor is strided down to a few thousand values as it
passes; what is computed from them waits until the step is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache, partial

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from tuiwb.probes.layers import Layer, first_tensor, is_activation
from tuiwb.probes.stopwatch import Stopwatch

VALUES = 2048
"""About as many values are looked at per layer and sample."""
UNIT_VALUES = 1 << 16
"""About as many are looked at to find units that never answer: fewer would miss rare answers."""
RECTIFIERS = frozenset({"ReLU", "ReLU6"})
"""Kinds of layer whose units can die."""


class _Tap:
    """The hook on one layer. A copy of the model (or of its file) gets one that does nothing. What
    goes wrong here is kept: a model's own pass is no place for errors of ours."""

    def __init__(self, taps: Taps, row: int, before: bool = False) -> None:
        self._taps = taps
        self._row = row
        self._before = before

    def __call__(self, module: nn.Module, inputs: object, output: object = None) -> None:
        if torch.compiler.is_compiling():
            return  # a graph has no place for it
        try:
            with self._taps.clock:
                if self._before:
                    self._taps.take_input(self._row, inputs)
                else:
                    self._taps.take(self._row, output)
        except Exception as error:
            self._taps.failure = self._taps.failure or error

    def __reduce__(self) -> tuple[object, ...]:
        # a hook of plain Python that does nothing: a model's file is read without this package
        return getattr, (nullcontext(), "__exit__")


class Taps:
    """By row of ``layers``: ``outputs`` and ``backward``, about `VALUES` values each, 1-D;
    ``inputs``, as many of what goes into an activation; and ``peaks``, the largest output of each
    unit over the batch, for rectifiers.

    A layer that is called twice in a step shows its last call.
    """

    def __init__(self, layers: Sequence[Layer], clock: Stopwatch | None = None) -> None:
        self._layers = layers
        self.clock = clock or Stopwatch()
        """Runs while a hook does."""
        self._handles: list[RemovableHandle] = []
        self.outputs: dict[int, torch.Tensor] = {}
        self.inputs: dict[int, torch.Tensor] = {}
        self.backward: dict[int, torch.Tensor] = {}
        self.peaks: dict[int, torch.Tensor] = {}
        self.failure: Exception | None = None
        """What went wrong in a hook since `attach`; whoever reads the values raises it."""

    def attach(self) -> None:
        """Before the forward pass."""
        self.detach()
        self.clear()
        self.failure = None
        for row, layer in enumerate(self._layers):
            self._handles.append(layer.module.register_forward_hook(_Tap(self, row)))
            if is_activation(layer.module):
                # before it: an activation may write over its input
                self._handles.append(layer.module.register_forward_pre_hook(_Tap(self, row, True)))

    def take(self, row: int, output: object) -> None:
        """What layer ``row`` has put out."""
        tensor = first_tensor(output)
        if tensor is None or not tensor.is_floating_point() or not tensor.numel():
            return
        if tensor.requires_grad:
            self._handles.append(tensor.register_hook(partial(self._take_gradient, row)))
        values = tensor.detach()
        self.outputs[row] = thin(values)
        if self._layers[row].kind in RECTIFIERS:
            self.peaks[row] = unit_peaks(values)

    def take_input(self, row: int, inputs: object) -> None:
        """What goes into activation ``row``."""
        tensor = first_tensor(inputs)
        if tensor is not None and tensor.is_floating_point() and tensor.numel():
            self.inputs[row] = thin(tensor.detach())

    def _take_gradient(self, row: int, gradient: torch.Tensor) -> None:
        try:
            with self.clock:
                self.take_gradient(row, gradient)
        except Exception as error:
            self.failure = self.failure or error

    def take_gradient(self, row: int, gradient: torch.Tensor) -> None:
        """The gradient of the loss with respect to what layer ``row`` has put out."""
        self.backward[row] = thin(gradient.detach())

    def detach(self) -> None:
        """Leave the model, and the graph of the step, as they were."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def clear(self) -> None:
        """Let go of the values."""
        self.outputs, self.inputs, self.backward, self.peaks = {}, {}, {}, {}


def thin(tensor: torch.Tensor, values: int = VALUES) -> torch.Tensor:
    """About ``values`` values of ``tensor``, evenly strided, 1-D, as a copy of its own."""
    flat = tensor.reshape(-1)
    # an odd stride visits every unit of a layer whose width is even
    stride = flat.numel() // values | 1 if flat.numel() > values else 1
    return flat[::stride].clone()


def unit_peaks(tensor: torch.Tensor) -> torch.Tensor:
    """The largest output of each unit over the batch, shape (units,).

    A unit is a channel of a picture [B, C, ...], else an entry of the last dimension.
    """
    if tensor.ndim < 2:
        return tensor.reshape(-1).clone()
    samples = max(1, len(tensor) * UNIT_VALUES // tensor.numel())
    stride = -(-len(tensor) // samples)
    part = tensor[::stride]
    units = 1 if part.ndim in (4, 5) else part.ndim - 1
    return part.amax(dim=[d for d in range(part.ndim) if d != units])


def by_length(taken: dict[int, torch.Tensor]) -> list[tuple[list[int], torch.Tensor]]:
    """Rows whose values are equally many, stacked: [(rows, float32 [len(rows), values])].

    The values of all layers are reduced together, so that the cost hardly grows with their number.
    """
    groups: dict[tuple[int, torch.device], list[int]] = {}
    for row, values in taken.items():
        groups.setdefault((values.numel(), values.device), []).append(row)
    return [(rows, torch.stack([taken[row] for row in rows]).float()) for rows in groups.values()]


@lru_cache(maxsize=4096)
def index_of(rows: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """``rows`` as indices on ``device``, copied there once: no later sample waits for it."""
    return torch.tensor(rows, device=device)


def empty(figures: int, layers: int, taken: dict[int, torch.Tensor]) -> torch.Tensor:
    """NaN, shape (figures, layers), on the device of what was taken."""
    device = next((values.device for values in taken.values()), torch.device("cpu"))
    return torch.full((figures, layers), torch.nan, dtype=torch.float32, device=device)
