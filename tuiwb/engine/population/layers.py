"""A forward pass of all members, layer by layer: activations are [M, B, ...], the member first.

It serves models that are nothing but known layers one after another, and does for all members at
once what each layer does for one, with as few copies as that takes: on a small net the kernels'
own time is what is left. Everything else is mapped (`forward.Mapped`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.engine.population.stack import Stack

Step = Callable[[Tensor], Tensor]

ELEMENTWISE = (
    nn.Identity, nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Softplus,
)  # fmt: skip
FRESH = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.BatchNorm1d, nn.BatchNorm2d)
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)


class Unknown(Exception):
    """A layer for which there is nothing here."""


class Walk:
    """The forward pass of ``models``, whose weights are in ``stack``, in training mode.

    ``generators`` draw what each member drops, as its own run would.
    """

    def __init__(
        self, models: Sequence[nn.Module], stack: Stack, generators: Sequence[torch.Generator]
    ) -> None:
        self._models, self._stack, self._generators = models, stack, generators
        self.drops = False
        """Whether there is a layer that drops."""
        self._steps = self._walk(models[0], "", None)

    def __call__(self, inputs: Tensor) -> Tensor:
        """[M, B, ...] to [M, B, ...]; inputs that all share may be an expanded view."""
        for step in self._steps:
            inputs = step(inputs)
        return inputs

    def _walk(self, module: nn.Module, name: str, before: nn.Module | None) -> list[Step]:
        if type(module) is nn.Sequential:
            steps = []
            for key, child in module.named_children():
                steps += self._walk(child, f"{name}.{key}" if name else key, before)
                before = child
            return steps
        if getattr(module, "inplace", False):
            raise Unknown(f"{type(module).__name__} in place")
        if isinstance(module, nn.Dropout):
            self.drops = True
            return [self._dropout(name)]
        if type(module) is nn.ReLU:
            # what a layer with weights has just put out is read by nobody else
            return [torch.relu_ if isinstance(before, FRESH) else torch.relu]
        if type(module) in ELEMENTWISE:
            return [module]
        if type(module) in POOLS:
            return [lambda x: module(x.flatten(0, 1)).unflatten(0, x.shape[:2])]
        make = _LAYERS.get(type(module))
        if make is None:
            raise Unknown(type(module).__name__)
        return [make(module, self._stack)]

    def _dropout(self, name: str) -> Step:
        layers: list[Any] = [model.get_submodule(name) for model in self._models]

        def step(x: Tensor) -> Tensor:
            shares = [float(layer.p) for layer in layers]  # read anew: a hot knob
            if not any(shares):
                return x
            # every member's mask is drawn as torch draws it for that member alone
            kept = torch.ones(x.shape, dtype=x.dtype, device=x.device)
            for mask, share, generator in zip(kept, shares, self._generators, strict=True):
                if share:
                    mask.bernoulli_(1 - share, generator=generator).div_(1 - share)
            return x * kept

        return step


class _Linear(torch.autograd.Function):
    """x [M, B, I], w [M, O, I], b [M, O] or None -> [M, B, O].

    Torch's own derivative would give the transpose of w's gradient, and copy it to turn it round.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.has_bias = b is not None
        turned = w.transpose(1, 2)
        return torch.bmm(x, turned) if b is None else torch.baddbmm(b[:, None], x, turned)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, w = ctx.saved_tensors
        for_x, for_w, for_b = ctx.needs_input_grad
        return (
            torch.bmm(g, w) if for_x else None,
            torch.bmm(g.transpose(1, 2), x) if for_w else None,
            g.sum(1) if for_b and ctx.has_bias else None,
        )


def linear(module: nn.Linear, stack: Stack) -> Step:
    weight, bias = stack.of(module.weight), stack.of(module.bias)

    def step(x: Tensor) -> Tensor:
        if torch.is_autocast_enabled(x.device.type):
            y = x.flatten(1, -2) @ weight.transpose(1, 2)  # type: ignore[union-attr]
            y = y if bias is None else y + bias[:, None]
        else:
            y = _Linear.apply(x if x.ndim == 3 else x.flatten(1, -2), weight, bias)
        return y if x.ndim == 3 else y.unflatten(1, x.shape[1:-1])

    return step


def flatten(module: nn.Flatten, stack: Stack) -> Step:
    start, end = module.start_dim, module.end_dim
    if start < 1:
        raise Unknown("a Flatten over the batch")
    return lambda x: x.flatten(start + 1, end + 1 if end >= 0 else end)


def convolution(module: nn.Conv1d | nn.Conv2d, stack: Stack) -> Step:
    """Members side by side as groups of channels; what all share is read once."""
    if module.padding_mode != "zeros":
        raise Unknown(f"padding {module.padding_mode}")
    weight, bias = stack.of(module.weight), stack.of(module.bias)
    convolve = F.conv2d if isinstance(module, nn.Conv2d) else F.conv1d
    assert weight is not None
    members, own = len(weight), module.groups

    def step(x: Tensor) -> Tensor:
        shared = x.stride(0) == 0 and own == 1
        beside = x[0] if shared else x.transpose(0, 1).flatten(1, 2)
        y = convolve(
            beside, weight.flatten(0, 1), None if bias is None else bias.flatten(), module.stride,
            module.padding, module.dilation, 1 if shared else members * own,
        )  # fmt: skip
        return y.unflatten(1, (members, -1)).transpose(0, 1)

    return step


def batch_norm(module: nn.BatchNorm1d | nn.BatchNorm2d, stack: Stack) -> Step:
    """Members side by side as channels: a channel's figures are its own anyway."""
    if module.momentum is None:
        raise Unknown("a BatchNorm with a cumulative average")
    weight, bias = stack.of(module.weight), stack.of(module.bias)
    mean, variance = stack.buffer_of(module.running_mean), stack.buffer_of(module.running_var)
    count = stack.buffer_of(module.num_batches_tracked)
    momentum = module.momentum

    def flat(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.view(-1)

    def step(x: Tensor) -> Tensor:
        if count is not None:
            count.add_(1)
        beside = x.transpose(0, 1)
        y = F.batch_norm(
            beside.flatten(1, 2), flat(mean), flat(variance), flat(weight), flat(bias), True,
            momentum, module.eps,
        )  # fmt: skip
        return y.view(beside.shape).transpose(0, 1)

    return step


def layer_norm(module: nn.LayerNorm, stack: Stack) -> Step:
    weight, bias = stack.of(module.weight), stack.of(module.bias)
    shape = module.normalized_shape

    def step(x: Tensor) -> Tensor:
        y = F.layer_norm(x, shape, None, None, module.eps)
        return _scaled(y, weight, bias, [1] * (x.ndim - 1 - len(shape)), [])

    return step


def group_norm(module: nn.GroupNorm, stack: Stack) -> Step:
    weight, bias = stack.of(module.weight), stack.of(module.bias)

    def step(x: Tensor) -> Tensor:
        y = F.group_norm(x.flatten(0, 1), module.num_groups, None, None, module.eps).view(x.shape)
        return _scaled(y, weight, bias, [1], [1] * (x.ndim - 3))

    return step


def _scaled(
    y: Tensor, weight: Tensor | None, bias: Tensor | None, before: list[int], after: list[int]
) -> Tensor:
    """``y`` times and plus what each member has, with dimensions of 1 before and after it."""
    if weight is not None:
        y = y * weight.view(len(weight), *before, *weight.shape[1:], *after)
    return y if bias is None else y + bias.view(len(bias), *before, *bias.shape[1:], *after)


_LAYERS: dict[type[nn.Module], Callable[[Any, Stack], Step]] = {
    nn.Linear: linear,
    nn.Flatten: flatten,
    nn.Conv1d: convolution,
    nn.Conv2d: convolution,
    nn.BatchNorm1d: batch_norm,
    nn.BatchNorm2d: batch_norm,
    nn.LayerNorm: layer_norm,
    nn.GroupNorm: group_norm,
}
