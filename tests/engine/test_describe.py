"""What `describe` says equals what is built."""

from __future__ import annotations

import json

import pytest
import torch

from tuiwb.base.errors import UserError
from tuiwb.engine.build import build
from tuiwb.engine.describe import describe
from tuiwb.engine.device import available, choose
from tuiwb.probes.layers import first_tensor
from tuiwb.spec import presets, resolve
from tuiwb.spec.presets import PresetInfo


@pytest.mark.slow
@pytest.mark.parametrize("info", presets(), ids=lambda info: info.name)
def test_shapes_and_parameters_are_those_of_the_real_model(info: PresetInfo) -> None:
    # what is made for a GPU is built in its smallest size
    spec = resolve(info.name, ["model.size=xs"] if info.needs else []).spec
    told = describe(spec)
    json.dumps(told)
    session = build(spec)
    seen: dict[str, list[int]] = {}
    for layer in session.layers:
        layer.module.register_forward_hook(
            lambda module, args, output, name=layer.name: seen.__setitem__(
                name, list(first_tensor(output).shape[1:])
            )
        )
    with torch.no_grad():
        session.model.eval()(session.batches.at(0)[0])
    assert {layer["name"]: layer["output_shape"] for layer in told["layers"]} == seen
    assert told["parameters"] == sum(p.numel() for p in session.model.parameters())
    assert told["trainable"] <= told["parameters"]
    assert told["memory_bytes"] > 4 * told["parameters"]


def test_the_flops_of_a_dense_layer_are_two_per_weight() -> None:
    told = describe(resolve("mlp-digits").spec)
    for layer in told["layers"]:
        if layer["kind"] == "Linear":
            outputs = layer["output_shape"][-1]
            assert layer["flops"] == 2 * (layer["parameters"] - outputs)
    assert told["flops"] == sum(layer["flops"] for layer in told["layers"])


def test_a_kernel_larger_than_its_image_names_the_layer_or_the_knob() -> None:
    with pytest.raises(UserError) as caught:
        describe(resolve("cnn-digits", ["model.kernel=31"]).spec)
    assert "model" in caught.value.where
    assert caught.value.found and caught.value.allowed


def test_a_device_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(UserError) as caught:
        choose(resolve("mlp-digits", ["train.device=cuda:7"]).spec.train)
    assert caught.value.where == "train.device"
    assert all(name in caught.value.allowed for name in available())


def test_bfloat16_on_the_cpu_trains() -> None:
    session = build(resolve("mlp-digits", ["train.precision=bfloat16"]).spec)
    with session.device.autocast():
        loss, _ = session.task.loss(session.model, session.batches.at(0))
    loss.backward()
    assert torch.isfinite(loss)
