"""Where the values lie that go into each activation: the bands of Ioffe & Szegedy's figure 1.

An activation that is fed far from zero is flat there: a sigmoid beyond 4 has a fiftieth of its
slope, a ReLU below 0 has none. The 15th, 50th and 85th percentile of its input over the steps show
whether training has driven it there, and how much what it is fed wanders.
"""

from __future__ import annotations

import torch

from tuiwb.probes.instrument import Probe
from tuiwb.probes.taps import by_length, empty, index_of

SHARES = (0.15, 0.5, 0.85)
ENOUGH = 1024
"""Where a layer has more values, each third of what `thin` leaves is taken: sorting is dear."""


class Instrument(Probe):
    """``act_low``, ``act_median`` and ``act_high``: the 15th, 50th and 85th percentile of what goes
    into an activation; other layers have none."""

    columns = ("act_low", "act_median", "act_high")

    def read(self) -> torch.Tensor:
        """Shape (3, layers)."""
        result = empty(len(SHARES), len(self.layers), self.taps.inputs)
        # an odd stride again: every unit of a layer of even width is visited
        taken = {
            row: values[::3] if values.numel() > ENOUGH else values
            for row, values in self.taps.inputs.items()
        }
        for rows, block in by_length(taken):
            # one sort for all layers of one size; the nearest value, as nothing is gained between
            ordered = block.sort(dim=1).values
            places = [round(share * (ordered.shape[1] - 1)) for share in SHARES]
            at = index_of(tuple(rows), block.device)
            result.index_copy_(1, at, torch.stack([ordered[:, place] for place in places]))
        return result
