"""The signal that comes back: gradients with respect to what each layer put out.

Shrinking activations and a shrinking backward signal multiply to weight gradients that look the
same at every depth (Glorot & Bengio 2010): the backward signal has to be looked at by itself.
"""

from __future__ import annotations

import torch

from tuiwb.probes.instrument import Probe
from tuiwb.probes.taps import by_length, empty, index_of


class Instrument(Probe):
    """``back_std``: standard deviation of the loss's gradient with respect to the output."""

    columns = ("back_std",)

    def read(self) -> torch.Tensor:
        """Shape (1, layers)."""
        result = empty(1, len(self.layers), self.taps.backward)
        for rows, block in by_length(self.taps.backward):
            std = block.std(dim=1, correction=min(1, block.shape[1] - 1))
            result[0].index_copy_(0, index_of(tuple(rows), block.device), std)
        return result
