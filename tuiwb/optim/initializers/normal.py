"""Normal weights of one standard deviation in all layers, whatever their width.

The signal grows or shrinks by about std * sqrt(fan-in) in each linear layer: only one width keeps
it steady, which is what Xavier and He put right.
"""

from typing import Annotated

import torch
from torch import nn

from tuiwb.optim.initializers.matrices import Matrix, fill, spread
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import InitKnobs


class Knobs(InitKnobs):
    """Normal weights of one standard deviation in all layers."""

    std: Annotated[float, knob("standard deviation of every weight", gt=0, le=100, scale="log")] = (
        0.02
    )


def initialise(model: nn.Module, knobs: Knobs, generator: torch.Generator) -> None:
    """Every weight matrix N(0, std^2), every bias 0."""

    def write(matrix: Matrix, generator: torch.Generator) -> None:
        spread(matrix.weight, knobs.std, "normal", generator)

    fill(model, generator, write)
