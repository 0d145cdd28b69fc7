"""Restricted Boltzmann machine: visible and hidden bits, joined by weights, with biases.

Smolensky 1986; Hinton 2002, "Training products of experts by minimizing contrastive divergence".
The energy is E(v, h) = -b.v - c.h - h.W.v; with the hidden bits summed out, the free energy is
F(v) = -b.v - sum_j softplus(c_j + W_j.v), and p(v) is proportional to exp(-F(v)). Its gradient
under data minus its gradient under the machine's own samples is what training follows.
"""

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.base.signature import Signature
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import ModelKnobs


class Knobs(ModelKnobs):
    """Restricted Boltzmann machine of bits."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image")
    tasks: ClassVar[tuple[str, ...]] = ("energy",)

    hidden: Annotated[int, knob("hidden bits", unit="units", ge=1, le=65536, scale="log")] = 100
    chains: Annotated[
        int,
        knob("samples that the machine keeps and goes on sampling from (persistent chains)", ge=1,
             le=65536, scale="log"),
    ] = 64  # fmt: skip


class Bias(nn.Module):
    """A bias of its own, as a layer: the visible bits' ``b`` [V]."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, x: Tensor) -> Tensor:
        """``x + b``."""
        return x + self.bias


class RBM(nn.Module):
    """float32 [B, *shape] -> probabilities of the hidden bits [B, H]: the features.

    Weights begin as N(0, 0.01^2), biases at 0 (Hinton 2010, "A practical guide", section 8).
    """

    chains: Tensor

    def __init__(self, visible: int, hidden: int, chains: int) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.hidden = nn.Linear(visible, hidden)
        self.visible = Bias(visible)
        nn.init.normal_(self.hidden.weight, 0.0, 0.01)
        nn.init.zeros_(self.hidden.bias)
        # a buffer: a resumed run goes on with the samples that it had
        self.register_buffer("chains", torch.zeros(chains, hidden))

    def forward(self, inputs: Tensor) -> Tensor:
        """[B, *shape] -> p(h = 1 | v), [B, H]."""
        features: Tensor = self.hidden(self.flatten(inputs)).sigmoid()
        # the visible bias has no part in the features; with weight 0 it is seen as a layer
        return features + 0 * self.visible(self.flatten(inputs)).sum(1, keepdim=True)

    def features(self, visible: Tensor) -> Tensor:
        """p(h = 1 | v) of [B, V], as `forward`."""
        return F.linear(visible, self.hidden.weight, self.hidden.bias).sigmoid()

    def free_energy(self, visible: Tensor) -> Tensor:
        """F(v) of [B, V], in nats up to the constant ln Z: [B]."""
        on = F.softplus(self.hidden(visible)).sum(1)
        return -(visible @ self.visible.bias) - on

    def visible_given(self, hidden: Tensor) -> Tensor:
        """p(v = 1 | h) of [B, H]: [B, V]."""
        return self.visible(hidden @ self.hidden.weight).sigmoid()

    def gibbs(self, hidden: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """``steps`` times visible bits from hidden ones and hidden ones from those; returns both,
        drawn from torch's global generator."""
        visible = hidden
        for _ in range(steps):
            visible = torch.bernoulli(self.visible_given(hidden))
            hidden = torch.bernoulli(self.features(visible))
        return visible, hidden


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, *shape] in 0..1 -> [B, hidden]. There is no dropout in it."""
    return RBM(signature.features, knobs.hidden, knobs.chains)
