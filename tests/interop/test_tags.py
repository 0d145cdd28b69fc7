"""Habits of naming, as guessed."""

from __future__ import annotations

import pytest

from tuiwb.interop import tags


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("accuracy", "loss", "val/loss"), "loss"),
        (("loss/box", "train/loss", "lr"), "train/loss"),
        (("Loss/validation", "Loss/train"), "Loss/train"),
        (("train_loss_epoch", "train_loss_step"), "train_loss_step"),
        (("validation/epoch_loss", "train/epoch_loss"), "train/epoch_loss"),
        (("trainLoss",), "trainLoss"),
        (("G_loss", "D_loss"), None),
        (("eval_loss", "flossing", "glossary"), None),
    ],
)
def test_the_training_loss(names: tuple[str, ...], chosen: str | None) -> None:
    assert tags.loss(dict.fromkeys(names, 10)) == chosen


@pytest.mark.parametrize(
    ("tag", "column"),
    [
        ("val/loss", "val_loss"),
        ("eval_loss", "val_loss"),
        ("Loss/validation", "val_loss"),
        ("validation/epoch_loss", "val_loss"),
        ("test/acc", "val_accuracy"),
        ("eval/f1_macro", "val_f1_macro"),
        ("train/loss", None),
        ("validation", None),
        ("evaluate", None),
    ],
)
def test_held_out_metrics(tag: str, column: str | None) -> None:
    assert tags.metric(tag) == column


@pytest.mark.parametrize("tag", ["lr", "lr-Adam/pg1", "train/learning_rate", "LR", "learningRate"])
def test_the_rate(tag: str) -> None:
    assert tags.rate({"loss": 5, tag: 5}) == tag


def test_the_norm_of_all_gradients_is_not_that_of_one_layer() -> None:
    assert tags.total_norm(["grad_2.0_norm/fc1.weight", "grad_2.0_norm_total"]) == (
        "grad_2.0_norm_total"
    )
    assert tags.total_norm(["train/grad_norm"]) == "train/grad_norm"
    assert tags.total_norm(["grad_norm/fc1", "norm"]) is None


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("fc1.weight.grad", ("gradient", "fc1", "weight")),
        ("fc1/weight/grad", ("gradient", "fc1", "weight")),
        ("fc1.weight_grad", ("gradient", "fc1", "weight")),
        ("gradients/net.0.bias", ("gradient", "net.0", "bias")),
        ("Gradients/conv1/weight", ("gradient", "conv1", "weight")),
        ("grads/fc1", ("gradient", "fc1", "")),
        ("grad_2.0_norm/fc1.weight", ("gradient", "fc1", "weight")),
        ("fc1.weight", ("weight", "fc1", "weight")),
        ("weights/fc1", ("weight", "fc1", "")),
        ("parameters/h.3.attn.in_proj_weight", ("weight", "h.3.attn", "in_proj_weight")),
        ("dense/kernel_0", ("weight", "dense", "kernel")),
        ("activations/relu1", ("activation", "relu1", "")),
        ("fc1/output", ("activation", "fc1", "")),
        ("some/thing", None),
        ("weights", None),
        ("", None),
    ],
)
def test_layers(tag: str, said: tuple[str, str, str] | None) -> None:
    assert tags.layer(tag) == said


@pytest.mark.parametrize(
    ("name", "parameters", "kind"),
    [
        ("fc1", 10, "Linear"),
        ("features.conv2", 10, "Conv2d"),
        ("relu1", 0, "ReLU"),
        ("act_tanh", 0, "Tanh"),
        ("h.0.ln_1", 10, "LayerNorm"),
        ("bn2", 10, "BatchNorm2d"),
        ("wte", 10, "Embedding"),
        ("pool", 0, ""),
    ],
)
def test_kinds(name: str, parameters: int, kind: str) -> None:
    assert tags.kind(name, parameters) == kind


def test_orders_are_merged_where_names_stand() -> None:
    weights = ["fc1", "fc2", "fc3"]
    activations = ["fc1", "relu1", "fc2", "relu2", "fc3"]
    assert tags.merged([weights, activations]) == activations
    assert tags.merged([["a", "c"], ["a", "b", "x"]]) == ["a", "c", "b", "x"]
