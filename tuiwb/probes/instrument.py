"""What every per-layer instrument offers, and the bench that holds them all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import torch

from tuiwb.base.registry import Shelf
from tuiwb.probes.histograms import Histograms
from tuiwb.probes.layers import Layer
from tuiwb.probes.stopwatch import Stopwatch
from tuiwb.probes.taps import Taps

SHELF = Shelf("probes", "probe", declares="\nclass Instrument")


class Probe(ABC):
    """One instrument over all layers. Its life in a sampled step: `observe` after the backward
    pass, while gradients lie on the parameters, then `read` after the optimiser has stepped.

    ``taps`` hold what flowed through the layers meanwhile. Whatever a probe returns lies on the
    model's device; nothing waits for it.
    """

    columns: ClassVar[tuple[str, ...]]
    """Names of the per-layer figures that `read` returns, in order."""

    def __init__(self, layers: Sequence[Layer], taps: Taps) -> None:
        self.layers = layers
        self.taps = taps

    def observe(self) -> None:  # noqa: B027 - some have nothing to see yet
        """After the backward pass, before clipping and the optimiser's step."""

    @abstractmethod
    def read(self) -> torch.Tensor:
        """After the optimiser's step: shape (len(columns), layers), NaN where a layer has none."""


class Sample(NamedTuple):
    """One look at all layers."""

    figures: torch.Tensor
    """Shape (columns, layers)."""
    histograms: torch.Tensor | None
    """Counts of activations and of gradients, shape (2, layers, bins), where asked for."""

    def over(self, earlier: Sample | None) -> Sample:
        """This sample, with what it lacks from ``earlier``: the turns of one step together."""
        if earlier is None:
            return self
        counts = self.histograms
        if counts is not None and earlier.histograms is not None:
            empty = counts.sum(-1, keepdim=True) == 0
            counts = torch.where(empty, earlier.histograms, counts)
        return Sample(torch.where(self.figures.isnan(), earlier.figures, self.figures), counts)


class Bench:
    """All instruments, attached for sampled steps only. ``clock`` runs while they look at what the
    model's own passes bring."""

    def __init__(self, layers: Sequence[Layer], clock: Stopwatch | None = None) -> None:
        self.taps = Taps(layers, clock or Stopwatch())
        self.instruments: list[Probe] = [
            SHELF.load(name).Instrument(layers, self.taps) for name in SHELF.names()
        ]
        self.histograms = Histograms(layers, self.taps)
        self.columns = tuple(c for probe in self.instruments for c in probe.columns)

    def attach(self) -> None:
        """Before the forward pass of a sampled step."""
        self.taps.attach()

    @torch.no_grad()
    def observe(self) -> None:
        """After the backward pass of a sampled step; the hooks are gone when it returns."""
        self.taps.detach()
        if self.taps.failure is not None:
            raise self.taps.failure
        for probe in self.instruments:
            probe.observe()
        self.histograms.observe()

    @torch.no_grad()
    def read(self, histograms: bool = False) -> Sample:
        """After the optimiser's step."""
        try:
            counts = self.histograms.read() if histograms else None
            return Sample(torch.cat([probe.read() for probe in self.instruments]), counts)
        finally:
            self.taps.clear()

    @torch.no_grad()
    def lend(self, histograms: bool) -> None:
        """As `read`, in its order, for the sample of another process that holds a part of the same
        weights."""
        if histograms:
            self.histograms.read()
        for probe in self.instruments:
            probe.read()

    def detach(self) -> None:
        """Leave the model as it was."""
        self.taps.detach()
        self.taps.clear()
