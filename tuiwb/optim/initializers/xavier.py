"""Xavier (Glorot): variance 2 gain^2 / (fan-in + fan-out) (Glorot & Bengio 2010, eq. 12).

Keeps the spread of activations and of gradients about steady through layers that are linear near
zero, such as tanh; half of a ReLU is missing, which is He's factor of two. Uniform means plus and
minus gain * sqrt(6 / (fan-in + fan-out)).
"""

from math import sqrt
from typing import Annotated, Literal

import torch
from torch import nn

from tuiwb.optim.initializers.matrices import Matrix, fill, spread
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import InitKnobs


class Knobs(InitKnobs):
    """Xavier (Glorot): variance from fan-in and fan-out, for tanh and linear layers."""

    distribution: Annotated[
        Literal["normal", "uniform"], knob("shape of the distribution; the variance is the same")
    ] = "uniform"
    gain: Annotated[
        float, knob("factor on the standard deviation: 1 for linear layers, 5/3 often for tanh",
                    gt=0, le=100, scale="log")
    ] = 1.0  # fmt: skip


def initialise(model: nn.Module, knobs: Knobs, generator: torch.Generator) -> None:
    """Every weight matrix with variance ``2 gain^2 / (fan_in + fan_out)``, every bias 0."""

    def write(matrix: Matrix, generator: torch.Generator) -> None:
        std = knobs.gain * sqrt(2 / (matrix.fan_in + matrix.fan_out))
        spread(matrix.weight, std, knobs.distribution, generator)

    fill(model, generator, write)
