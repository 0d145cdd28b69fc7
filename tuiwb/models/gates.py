"""What the units and gates of a recurrent layer do over time, for pictures."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_GATES = {
    nn.LSTM: {"input gate": 0, "forget gate": 1, "output gate": 3},
    nn.GRU: {"reset gate": 0, "update gate": 1},
}
"""Where each logistic gate lies among torch's stacked weight matrices."""


def activations(layer: nn.Module, inputs: Tensor, hidden: Tensor) -> dict[str, Tensor]:
    """``hidden`` and every gate of a one-layer recurrent module: [B, T, width] each.

    ``hidden`` [B, T, width] is what the layer answered to ``inputs`` [B, T, F], begun from zeros.
    """
    assert isinstance(layer, nn.RNNBase)
    seen = {"hidden state": hidden}
    before = F.pad(hidden, (0, 0, 1, 0))[:, :-1]
    weights = layer.all_weights[0]
    drive = F.linear(inputs, weights[0], weights[2]) + F.linear(before, weights[1], weights[3])
    for name, place in _GATES.get(type(layer), {}).items():
        width = layer.hidden_size
        seen[name] = torch.sigmoid(drive[..., place * width : (place + 1) * width])
    return seen
