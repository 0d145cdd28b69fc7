"""All weights zero: what not to do.

Every hidden unit computes the same and gets the same gradient (often zero), so that they stay the
same for ever: a layer as wide as one unit. One linear layer alone has no such symmetry and learns.
"""

import torch
from torch import nn

from tuiwb.optim.initializers.matrices import Matrix, fill
from tuiwb.spec.sections import InitKnobs


class Knobs(InitKnobs):
    """All weights zero: hidden units never become different."""


def initialise(model: nn.Module, knobs: Knobs, generator: torch.Generator) -> None:
    """Every weight matrix 0, every bias 0."""

    def write(matrix: Matrix, generator: torch.Generator) -> None:
        matrix.weight.zero_()

    fill(model, generator, write)
