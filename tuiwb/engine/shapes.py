"""Shapes and FLOPs of every layer, from one forward pass of a single sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.probes.layers import Layer, first_tensor, layers_of


@dataclass
class Trace:
    """What one sample's way through a model showed. Shapes are without the batch dimension."""

    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Layer name -> shape of its output, in the order of the calls."""
    flops: dict[str, int] = field(default_factory=dict)
    """Layer name -> floating-point operations of its forward pass; a multiply-add is 2."""
    total_flops: int = 0
    """All of them, also those between layers (attention's two products)."""


def trace(model: nn.Module, signature: Signature, architecture: str) -> Trace:
    """One forward pass in eval mode, without gradients and without a random number drawn.

    The sample is zeros on the model's device (torch's meta device does no arithmetic at all).
    A shape that cannot work is a `UserError` that names the layer.
    """
    seen = Trace()
    inputs: dict[str, tuple[int, ...]] = {}
    entered: list[str] = []
    counter = _Counter()

    def enter(layer: Layer, module: nn.Module, args: tuple[object, ...]) -> None:
        entered.append(layer.name)
        tensor = first_tensor(args)
        inputs[layer.name] = tuple(tensor.shape[1:]) if tensor is not None else ()
        counter.layer = layer.name

    def leave(layer: Layer, module: nn.Module, args: object, output: object) -> None:
        tensor = first_tensor(output)
        if tensor is not None:
            seen.shapes[layer.name] = tuple(tensor.shape[1:])
        counter.layer = ""

    handles = []
    for layer in layers_of(model):
        handles.append(layer.module.register_forward_pre_hook(partial(enter, layer)))
        handles.append(layer.module.register_forward_hook(partial(leave, layer)))
    training = model.training
    model.eval()
    try:
        with torch.no_grad(), counter:
            model(_sample(signature, next(model.parameters()).device))
    except (RuntimeError, ValueError, IndexError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise _does_not_fit(architecture, signature, entered, inputs, error) from None
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    seen.total_flops = sum(counter.flops.values())
    seen.flops = {name: count for name, count in counter.flops.items() if name}
    return seen


def _sample(signature: Signature, device: torch.device) -> Tensor:
    dtype = torch.int64 if signature.kind == "tokens" else torch.float32
    return torch.zeros((1, *signature.shape), dtype=dtype, device=device)


class _Counter(TorchFunctionMode):
    """Counts the operations that carry a network's arithmetic; element-wise work is left out.

    torch's own FlopCounterMode counts the same (the tests hold this one to it), but imports some
    800 modules of the compiler at its first use: seconds, in a process that a person waits for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layer = ""
        self.flops: dict[str, int] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        formula = _FORMULAS.get(func)
        if formula is not None:
            self.flops[self.layer] = self.flops.get(self.layer, 0) + formula(args, output)
        return output


class Weightless(TorchFunctionMode):
    """A context in which modules are built on the meta device and no weight is drawn."""

    _DRAW = frozenset(
        {Tensor.normal_, Tensor.uniform_, Tensor.fill_, Tensor.zero_, Tensor.copy_, Tensor.mul_}
    )

    def __enter__(self) -> Weightless:
        self._device = torch.device("meta")
        self._device.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        super().__exit__(*details)
        self._device.__exit__(*details)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in self._DRAW or getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def _linear(args: tuple[Any, ...], output: Tensor) -> int:
    return 2 * output.numel() * int(args[0].shape[-1])


def _convolution(args: tuple[Any, ...], output: Tensor) -> int:
    weight: Tensor = args[1]  # (out, in / groups, *kernel)
    return 2 * output.numel() * weight[0].numel()


def _attention(args: tuple[Any, ...], output: Tensor) -> int:
    query, key, value = args[:3]  # (..., T, D), (..., S, D), (..., S, E)
    positions = int(key.shape[-2])
    scores = query.numel() * positions
    return 2 * (scores + query.numel() // int(query.shape[-1]) * positions * int(value.shape[-1]))


def _recurrence(args: tuple[Any, ...], output: tuple[Tensor, ...]) -> int:
    # input (N, T, I) or (T, N, I), hidden, weights: every matrix meets every position once
    inputs: Tensor = args[0]
    return 2 * inputs.shape[0] * inputs.shape[1] * sum(w.numel() for w in args[2] if w.ndim == 2)


_FORMULAS: dict[Callable[..., Any], Callable[[tuple[Any, ...], Any], int]] = {
    F.linear: _linear,
    torch.matmul: _linear,
    torch.bmm: _linear,
    Tensor.matmul: _linear,
    Tensor.__matmul__: _linear,
    torch.conv1d: _convolution,
    torch.conv2d: _convolution,
    torch.conv3d: _convolution,
    F.scaled_dot_product_attention: _attention,
    torch.gru: _recurrence,
    torch.lstm: _recurrence,
    torch.rnn_tanh: _recurrence,
    torch.rnn_relu: _recurrence,
}


def _does_not_fit(
    architecture: str,
    signature: Signature,
    entered: Sequence[str],
    inputs: Mapping[str, tuple[int, ...]],
    error: Exception,
) -> UserError:
    last = entered[-1] if entered else "the first layer"
    found = f" of shape {_words(inputs[last])}" if last in inputs else ""
    return UserError(
        f"the architecture {architecture!r} cannot take samples of this shape",
        where=f"[model], layer {last}",
        found=f"an input{found}; torch says: {str(error).splitlines()[0]}",
        allowed=f"sizes that fit a sample of shape {_words(signature.shape)}",
        next="tuiwb describe shows the layers of a spec that works",
    )


def _words(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"
