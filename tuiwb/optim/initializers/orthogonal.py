"""Orthogonal matrices (Saxe, McClelland & Ganguli 2014): a linear layer turns, it does not stretch.

Each matrix, its kernel places folded into its columns, has orthonormal rows (or columns where it is
taller than wide), times the gain. Long products of them neither explode nor vanish, which is why
recurrent nets like them.
"""

from typing import Annotated

import torch
from torch import nn

from tuiwb.optim.initializers.matrices import Matrix, fill
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import InitKnobs


class Knobs(InitKnobs):
    """Orthogonal matrices: every direction keeps its length."""

    gain: Annotated[
        float, knob("factor on the matrix: 1 keeps lengths, sqrt(2) for ReLU", gt=0, le=100,
                    scale="log")
    ] = 1.0  # fmt: skip


def initialise(model: nn.Module, knobs: Knobs, generator: torch.Generator) -> None:
    """Every weight matrix orthogonal times ``gain``, every bias 0."""

    def write(matrix: Matrix, generator: torch.Generator) -> None:
        nn.init.orthogonal_(matrix.weight, knobs.gain, generator=generator)

    fill(model, generator, write)
