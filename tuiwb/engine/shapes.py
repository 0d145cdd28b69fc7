"""Shapes and FLOPs of every layer, from a forward pass on torch's meta device."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.probes.layers import Layer, first_tensor, layers_of


def example(signature: Signature, batch: int = 2) -> torch.Tensor:
    """A batch of the right shape and type on the meta device."""
    shape = (batch, *signature.shape)
    if signature.kind == "tokens":
        return torch.empty(shape, dtype=torch.int64, device="meta")
    return torch.empty(shape, device="meta")


def output_shapes(
    model: nn.Module, signature: Signature, architecture: str
) -> dict[str, tuple[int, ...]]:
    """Layer name -> output shape without the batch dimension, for a model on the meta device."""
    shapes: dict[str, tuple[int, ...]] = {}
    inputs: dict[str, tuple[int, ...]] = {}
    entered: list[str] = []

    def enter(layer: Layer, module: nn.Module, args: tuple[object, ...]) -> None:
        entered.append(layer.name)
        tensor = first_tensor(args)
        inputs[layer.name] = tuple(tensor.shape[1:]) if tensor is not None else ()

    def leave(layer: Layer, module: nn.Module, args: object, output: object) -> None:
        tensor = first_tensor(output)
        if tensor is not None:
            shapes[layer.name] = tuple(tensor.shape[1:])

    handles = []
    for layer in layers_of(model):
        handles.append(layer.module.register_forward_pre_hook(partial(enter, layer)))
        handles.append(layer.module.register_forward_hook(partial(leave, layer)))
    try:
        with torch.no_grad():
            model.eval()(example(signature))
    except (RuntimeError, ValueError, IndexError) as error:
        last = entered[-1] if entered else "the first layer"
        found = f" of shape {_words(inputs[last])}" if last in inputs else ""
        raise UserError(
            f"the architecture {architecture!r} cannot take samples of this shape",
            where=f"[model], layer {last}",
            found=f"an input{found}; torch says: {str(error).splitlines()[0]}",
            allowed=f"sizes that fit a sample of shape {_words(signature.shape)}",
            next="tuiwb describe shows the layers of a spec that works",
        ) from None
    finally:
        for handle in handles:
            handle.remove()
    return shapes


def flops_by_layer(model: nn.Module, signature: Signature) -> dict[str, int]:
    """Layer name -> floating-point operations of one sample's forward pass (a multiply-add is 2).

    Counted from the operators that torch's FlopCounterMode knows: matrix products, convolutions
    and attention; element-wise work is left out, as is usual.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model.eval()(example(signature, batch=1))
    counts = counter.get_flop_counts()
    prefix = type(model).__name__
    named = {
        layer.name: sum(counts.get(f"{prefix}.{layer.name}", {}).values())
        for layer in layers_of(model)
    }
    named[""] = sum(counts.get("Global", {}).values())
    return named


def _words(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"
