"""He (Kaiming): variance gain^2 / fan, gain^2 = 2 for ReLU (He et al. 2015, eq. 10).

A ReLU lets half of the signal's power through; the factor of two gives it back, so that thirty
layers later it is still there. ``fan`` in keeps activations steady, out the gradients: either will
do, since the two differ by one factor over the whole net.
"""

from math import sqrt
from typing import Annotated, Literal

import torch
from torch import nn

from tuiwb.optim.initializers.matrices import Matrix, fill, spread
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import InitKnobs


class Knobs(InitKnobs):
    """He (Kaiming): variance from fan-in, for ReLU and its kin."""

    distribution: Annotated[
        Literal["normal", "uniform"], knob("shape of the distribution; the variance is the same")
    ] = "normal"
    gain: Annotated[
        float, knob("factor on the standard deviation: sqrt(2) for ReLU, 1 for linear layers",
                    gt=0, le=100, scale="log")
    ] = 1.4142135623730951  # fmt: skip
    fan: Annotated[
        Literal["in", "out"], knob("keep activations (in) or gradients (out) steady with depth")
    ] = "in"


def initialise(model: nn.Module, knobs: Knobs, generator: torch.Generator) -> None:
    """Every weight matrix with variance ``gain^2 / fan``, every bias 0."""

    def write(matrix: Matrix, generator: torch.Generator) -> None:
        fan = matrix.fan_in if knobs.fan == "in" else matrix.fan_out
        spread(matrix.weight, knobs.gain / sqrt(fan), knobs.distribution, generator)

    fill(model, generator, write)
