"""The weight matrices of a model, each with its fans, and a loop that fills them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

Fill = Callable[["Matrix", torch.Generator], None]

_GATES: dict[type[nn.Module], int] = {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}


@dataclass(frozen=True)
class Matrix:
    """One matrix that a layer multiplies by.

    ``weight`` is a view [out, in, ...] into a parameter, to be written in place; fan-in and fan-out
    count the inputs of one output and the outputs of one input, kernel places included (Glorot &
    Bengio 2010; He et al. 2015, section 2.2).
    """

    weight: Tensor
    fan_in: int
    fan_out: int


def fill(model: nn.Module, generator: torch.Generator, write: Fill) -> None:
    """``write`` every weight matrix of ``model``, in order of registration, and zero all biases."""
    with torch.no_grad():
        for matrix in matrices(model):
            write(matrix, generator)
        for bias in _biases(model):
            bias.zero_()


def matrices(model: nn.Module) -> Iterator[Matrix]:
    """Every weight matrix once. One that is tied to an embedding counts as the embedding."""
    seen = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    for module in model.modules():
        for parameter, parts in _packed(module):
            if id(parameter) in seen:
                continue
            seen.add(id(parameter))
            for weight in parameter.detach().chunk(parts):
                yield _matrix(module, weight)


def _packed(module: nn.Module) -> Iterator[tuple[nn.Parameter, int]]:
    """A module's own weight parameters, and how many matrices lie on top of each other in each."""
    if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
        # a projection that computes several things at once (queries, keys, values) says so
        yield module.weight, getattr(module, "parts", 1)
    elif isinstance(module, nn.RNNBase):
        gates = _GATES.get(type(module), 1)
        for name, parameter in module.named_parameters(recurse=False):
            if name.startswith("weight_"):
                yield parameter, 1 if name.startswith("weight_hr") else gates
    elif isinstance(module, nn.MultiheadAttention):
        if module.in_proj_weight is not None:
            yield module.in_proj_weight, 3
        else:
            for parameter in (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight):
                yield parameter, 1


def _matrix(module: nn.Module, weight: Tensor) -> Matrix:
    places = prod(weight.shape[2:])
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        # stored [in, out / groups, ...]: the other way round
        return Matrix(weight, weight.shape[0] // module.groups * places, weight.shape[1] * places)
    groups = getattr(module, "groups", 1)
    return Matrix(weight, weight.shape[1] * places, weight.shape[0] // groups * places)


def _biases(model: nn.Module) -> Iterator[Tensor]:
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            if module.bias is not None:
                yield module.bias
        elif isinstance(module, nn.RNNBase):
            for name, parameter in module.named_parameters(recurse=False):
                if name.startswith("bias_"):
                    yield parameter
        elif isinstance(module, nn.MultiheadAttention):
            for bias in (module.in_proj_bias, module.bias_k, module.bias_v):
                if bias is not None:
                    yield bias


def spread(weight: Tensor, std: float, distribution: str, generator: torch.Generator) -> None:
    """Fill ``weight`` about zero with standard deviation ``std``: ``normal``, or ``uniform`` on
    plus and minus ``sqrt(3) * std``."""
    if distribution == "normal":
        weight.normal_(0.0, std, generator=generator)
    else:
        weight.uniform_(-(3**0.5) * std, 3**0.5 * std, generator=generator)
