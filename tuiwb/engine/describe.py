"""What a spec will build, without training it: layers, shapes, parameters, FLOPs, memory."""

from __future__ import annotations

from typing import Any

import torch

from tuiwb.engine.build import build_model, check_shapes, load_data
from tuiwb.engine.device import choose
from tuiwb.engine.shapes import flops_by_layer
from tuiwb.probes.layers import layers_of
from tuiwb.spec.sections import Spec


def describe(spec: Spec) -> dict[str, Any]:
    """JSON-ready facts about the model of ``spec``; no weight is allocated.

    ``memory_bytes`` estimates one training step: weights, gradients, optimiser state, the data,
    and every layer's output for a batch, kept for the backward pass.
    """
    choose(spec.train)
    dataset = load_data(spec)
    shapes = check_shapes(spec, dataset.signature)
    with torch.device("meta"):
        model = build_model(spec, dataset.signature)
    flops = flops_by_layer(model, dataset.signature)
    layers = [
        {
            "name": layer.name,
            "kind": layer.kind,
            "output_shape": list(shapes.get(layer.name, ())),
            "parameters": layer.parameters,
            "flops": flops.get(layer.name, 0),
        }
        for layer in layers_of(model)
    ]
    parameters = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    kept = sum(torch.Size(shape).numel() for shape in shapes.values())
    tensors = (t for part in (dataset.train, dataset.val) for t in (part.inputs, part.targets))
    data = sum(tensor.nbytes for tensor in tensors if tensor is not None)
    return {
        "layers": layers,
        "parameters": parameters,
        "trainable": trainable,
        "flops": flops[""],
        "memory_bytes": 4
        * (
            parameters
            + trainable * (1 + spec.optim.state_per_parameter)
            + kept * spec.data.batch_size
        )
        + data,
        "input_shape": list(dataset.signature.shape),
        "samples": {"train": len(dataset.train), "val": len(dataset.val)},
    }
