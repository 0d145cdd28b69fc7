"""Weights as the architecture itself makes them.

For torch's linear and convolution layers that is uniform on plus and minus 1 / sqrt(fan-in): a
variance of 1 / (3 fan-in), six times less than He's. A deep ReLU net shrinks its signal by about
0.4 in each layer with it; ten layers later little is left.
"""

import torch
from torch import nn

from tuiwb.spec.sections import InitKnobs


class Knobs(InitKnobs):
    """Weights as the architecture itself makes them."""


def initialise(model: nn.Module, knobs: Knobs, generator: torch.Generator) -> None:
    """Leaves everything as it is, biases too."""
