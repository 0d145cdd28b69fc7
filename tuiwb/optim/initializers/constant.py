"""All weights the same number: hidden units learn, and all learn the same thing."""

from typing import Annotated

import torch
from torch import nn

from tuiwb.optim.initializers.matrices import Matrix, fill
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import InitKnobs


class Knobs(InitKnobs):
    """All weights the same number: hidden units never become different."""

    value: Annotated[float, knob("what every weight begins as", ge=-100, le=100)] = 0.1


def initialise(model: nn.Module, knobs: Knobs, generator: torch.Generator) -> None:
    """Every weight matrix ``value``, every bias 0."""

    def write(matrix: Matrix, generator: torch.Generator) -> None:
        matrix.weight.fill_(knobs.value)

    fill(model, generator, write)
