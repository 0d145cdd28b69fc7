"""Several optimisers in one step (a GAN): each layer's gradient is its own optimiser's."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tuiwb.probes.instrument import Sample
from tuiwb.probes.layers import Layer

BACKWARD = frozenset({"grad_norm", "update_ratio", "back_std"})
"""Figures of a layer that mean something only in its own turn: what flows through the
discriminator on the way to the generator is not the discriminator's gradient."""
SCALED = frozenset({"grad_norm", "back_std"})
"""Figures that grow with the loss."""


class Turns:
    """Which rows of the layers are whose."""

    def __init__(
        self, layers: Sequence[Layer], optimizers: Sequence[torch.optim.Optimizer]
    ) -> None:
        self.columns: tuple[str, ...] = ()
        self._mine: dict[int, torch.Tensor] = {}
        if len(optimizers) < 2:
            return
        for optimizer in optimizers:
            owned = {id(p) for group in optimizer.param_groups for p in group["params"]}
            rows = []
            for layer in layers:
                parameters = list(layer.module.parameters(recurse=False))
                rows.append(not parameters or any(id(p) in owned for p in parameters))
            self._mine[id(optimizer)] = torch.tensor(rows, dtype=torch.bool)

    def apart(
        self,
        optimizer: torch.optim.Optimizer,
        sample: Sample,
        earlier: Sample | None,
        scale: torch.Tensor | None,
    ) -> Sample:
        """``sample``, taken in ``optimizer``'s turn: other optimisers' layers keep their gradients
        as ``earlier`` has them. What a loss ``scale`` was on is divided by it."""
        figures, counts = sample
        if scale is not None:
            grown = torch.tensor([[name in SCALED] for name in self.columns])
            divided = figures / scale.to(figures.device)
            figures = torch.where(grown.to(figures.device), divided, figures)
        mine = self._mine.get(id(optimizer))
        if mine is None:
            return Sample(figures, counts)
        mine = mine.to(figures.device)
        theirs = torch.tensor([[name in BACKWARD] for name in self.columns]).to(figures.device)
        kept = earlier.figures if earlier is not None else torch.full_like(figures, torch.nan)
        figures = torch.where(theirs & ~mine, kept, figures)
        if counts is not None:
            old = torch.zeros_like(counts)
            if earlier is not None and earlier.histograms is not None:
                old = earlier.histograms
            counts = counts.clone()
            counts[1] = torch.where(mine[:, None], counts[1], old[1])
        return Sample(figures, counts)
