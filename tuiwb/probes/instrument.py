"""What every per-layer instrument offers, and the bench that holds them all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import torch

from tuiwb.base.registry import Shelf
from tuiwb.probes.layers import Layer

SHELF = Shelf("probes", "probe", declares="\nclass Instrument")


class Probe(Protocol):
    """One instrument over all layers. Its life in a sampled step: attach, (step), read, detach."""

    columns: tuple[str, ...]
    """Names of the per-layer figures that `read` returns, in order."""

    def __init__(self, layers: Sequence[Layer]) -> None: ...

    def attach(self) -> None:
        """Before the forward pass of a sampled step."""
        ...

    def read(self) -> torch.Tensor:
        """After the backward pass: shape (len(columns), layers), NaN where a layer has none."""
        ...

    def detach(self) -> None:
        """Leave the model as it was."""
        ...


class Bench:
    """All instruments, attached for sampled steps only, with the time they took.

    ``seconds`` is the host time spent inside the last sample: attaching, hooks and reading.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.instruments: list[Probe] = [
            SHELF.load(name).Instrument(layers) for name in SHELF.names()
        ]
        self.columns = tuple(c for probe in self.instruments for c in probe.columns)

    def attach(self) -> None:
        for probe in self.instruments:
            probe.attach()

    def read(self) -> torch.Tensor:
        """Shape (columns, layers), on the model's device; detaches."""
        try:
            return torch.cat([probe.read() for probe in self.instruments])
        finally:
            self.detach()

    def detach(self) -> None:
        for probe in self.instruments:
            probe.detach()


class Stopwatch:
    """Adds up host time over several pieces of one sample."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._since

    def take(self) -> float:
        """The seconds so far; starts again from zero."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds
