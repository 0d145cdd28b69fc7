"""What a spec will build, without training it: layers, shapes, parameters, FLOPs, memory."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import torch

from tuiwb.engine.build import build_model, load_data
from tuiwb.engine.device import SMALL, choose
from tuiwb.engine.shapes import Weightless, trace
from tuiwb.probes.layers import layers_of
from tuiwb.spec.own import is_own
from tuiwb.spec.sections import Spec


def describe(spec: Spec) -> dict[str, Any]:
    """JSON-ready facts about the model of ``spec``; the weights of a large one are not allocated.

    ``memory_bytes`` estimates one training step: weights, gradients, optimiser state, the data,
    and every layer's output for a batch (or a part of it), kept for the backward pass.
    """
    choose(spec.train)
    dataset = load_data(spec)
    # code that is not ours may look at its weights while it is built
    with nullcontext() if is_own(spec.model.name) else Weightless():
        model = build_model(spec, dataset.signature)
    if not is_own(spec.model.name) and sum(p.numel() for p in model.parameters()) < SMALL:
        # a real forward pass of a small net is faster than what torch loads for a meta one
        model = build_model(spec, dataset.signature)
    seen = trace(model, dataset.signature, spec.model.name)
    layers = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "output_shape": list(seen.shapes.get(layer.name, ())),
            "parameters": layer.parameters,
            "flops": seen.flops.get(layer.name, 0),
        }
        for layer in layers_of(model)
    ]
    parameters = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    kept = sum(torch.Size(shape).numel() for shape in seen.shapes.values())
    parts = [part for part in (dataset.train, dataset.val, dataset.test) if part is not None]
    data = sum(tensor.nbytes for part in parts for tensor in part.tensors())
    return {
        "layers": layers,
        "parameters": parameters,
        "trainable": trainable,
        "flops": seen.total_flops,
        "memory_bytes": 4
        * (
            parameters
            + trainable * (1 + spec.optim.state_per_parameter)
            + kept * math.ceil(spec.data.batch_size / spec.train.accumulate)
        )
        + data,
        "input_shape": list(dataset.signature.shape),
        "samples": {"train": len(dataset.train), "val": len(dataset.val)}
        | ({} if dataset.test is None else {"test": len(dataset.test)}),
        "notes": list(dataset.notes),
    }
