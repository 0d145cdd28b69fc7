"""Deep belief network: restricted Boltzmann machines on top of each other, then a linear layer.

Hinton, Osindero & Teh 2006, "A fast learning algorithm for deep belief nets"; Bengio et al. 2007,
"Greedy layer-wise training of deep networks". Upwards it is a perceptron with sigmoid units whose
layers can be trained one by one as Boltzmann machines.
"""

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.models.rbm import RBM
from tuiwb.spec.knobs import knob
from tuiwb.spec.sizes import SizedKnobs


class Knobs(SizedKnobs):
    """Deep belief network."""

    takes: ClassVar[tuple[str, ...]] = ("vector", "image")
    tasks: ClassVar[tuple[str, ...]] = ("layerwise",)

    plans: ClassVar[dict[str, dict[str, tuple[int, ...]]]] = {
        "xs": {"hidden": (50, 50)},
        "s": {"hidden": (100, 100)},
        "m": {"hidden": (100, 100, 100, 100)},
        "reference": {"hidden": (500, 500, 2000)},
    }

    size: Annotated[
        Literal["xs", "s", "m", "reference"],
        knob("hidden: xs 50-50; s 100-100; m 100 four times; reference 500-500-2000 (the paper's "
             "for MNIST)"),
    ] = "s"  # fmt: skip
    hidden: Annotated[
        tuple[Annotated[int, knob("units", ge=1, le=65536)], ...],
        knob("hidden bits of each machine, from the input on; empty: as size has it", unit="units",
             scale="log"),
    ] = ()  # fmt: skip
    std: Annotated[float, knob("standard deviation of the first weights", ge=0, le=1)] = 0.05


class DBN(nn.Module):
    """float32 [B, *shape] -> [B, outputs]. ``machines``: the Boltzmann machines, lowest first."""

    def __init__(self, knobs: Knobs, signature: Signature) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        sizes = (signature.features, *knobs.hidden)
        # one chain: they are not persistent here
        machines = [RBM(visible, hidden, chains=1) for visible, hidden in pairwise(sizes)]
        for machine in machines:
            nn.init.normal_(machine.hidden.weight, 0.0, knobs.std)
        self.machines = nn.ModuleList(machines)
        self.output = nn.Linear(sizes[-1], signature.outputs)

    def below(self, inputs: Tensor, machine: int) -> Tensor:
        """What machine number ``machine`` sees of [B, *shape]: probabilities [B, V]."""
        x: Tensor = self.flatten(inputs)
        for lower in self.machines[:machine]:
            x = lower(x)
        return x

    def forward(self, inputs: Tensor) -> Tensor:
        """[B, *shape] -> [B, outputs]."""
        logits: Tensor = self.output(self.below(inputs, len(self.machines)))
        return logits


def build(knobs: Knobs, signature: Signature, dropout: float = 0.0) -> nn.Module:
    """float32 [B, *shape] in 0..1 -> [B, outputs]. There is no dropout in it."""
    return DBN(knobs.sized(), signature)
