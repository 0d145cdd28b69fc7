"""What a tag is called after: the loss, a held-out metric, the rate, or a layer's gradients.

There is no standard, only habits: ``loss``, ``train/loss``, ``Loss/train``, ``val_loss``,
``eval/accuracy``, ``lr-Adam``, ``fc1.weight.grad``, ``gradients/fc1/weight``, ``grads/fc1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

TRAIN = frozenset({"train", "training", "tr"})
HELD_OUT = frozenset(
    {"val", "valid", "validation", "eval", "evaluation", "dev", "test", "holdout", "heldout"}
)
LOSS = frozenset({"loss", "losses", "nll", "xent"})
GRADIENT = frozenset({"grad", "grads", "gradient", "gradients"})
WEIGHT = frozenset({"weights", "parameters", "params", "param", "parameter", "variables"})
ACTIVATION = frozenset({"act", "acts", "activation", "activations", "output", "outputs"})
PARAMETER = re.compile(r"(weight|bias|kernel|gamma|beta|scale|in_proj_weight|in_proj_bias)\w*")
COMMON = TRAIN | {"step", "batch", "epoch", "iter", "iteration", "total", "mean", "avg", "average",
                  "running", "global", "model", "run", "all", "smooth", "smoothed"}  # fmt: skip
GAMES = frozenset({"g", "d", "generator", "discriminator", "critic", "actor", "policy", "value"})
"""Sides of a game: their losses are no distance to anything."""


class LayerTag(NamedTuple):
    """A tag that speaks of a layer: ``of`` is gradient, weight or activation."""

    of: str
    layer: str
    parameter: str
    """weight, bias, ...; empty where the tag names none."""


def words(tag: str) -> list[str]:
    """The words of a tag, in lower case: ``"Loss/trainStep"`` -> loss, train, step."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tag)
    return [word for word in re.split(r"[^a-z0-9]+", parted.lower()) if word]


def loss(tags: Mapping[str, int]) -> str | None:
    """Of tags with their number of points, the one that is the training loss; the plainest name,
    then the most points. None where none looks like it."""
    candidates = []
    for order, (tag, count) in enumerate(tags.items()):
        said = words(tag)
        if not LOSS & set(said) or (HELD_OUT | GAMES | GRADIENT) & set(said):
            continue
        unknown = [word for word in said if word not in LOSS | COMMON and not word.isdigit()]
        candidates.append((len(unknown), "epoch" in said, -count, order, tag))
    return min(candidates)[-1] if candidates else None


def rate(tags: Mapping[str, int]) -> str | None:
    """The tag that is the learning rate."""
    found = [
        (-count, order, tag)
        for order, (tag, count) in enumerate(tags.items())
        if {"lr"} & set(words(tag)) or {"learning", "rate"} <= set(words(tag))
    ]
    return min(found)[-1] if found else None


def total_norm(tags: Iterable[str]) -> str | None:
    """The tag that is the norm of all gradients."""
    for tag in tags:
        said = set(words(tag))
        rest = said - GRADIENT - COMMON - {"norm", "l2", "clip", "pre", "before", "preclip"}
        if said & GRADIENT and "norm" in said and not [w for w in rest if not w.isdigit()]:
            return tag
    return None


def metric(tag: str) -> str | None:
    """The name of a held-out metric as evaluations have it, ``"Loss/validation"`` -> val_loss;
    None where the tag is none."""
    said = words(tag)
    if not HELD_OUT & set(said):
        return None
    rest = [word for word in said if word not in HELD_OUT | (COMMON - {"total"})]
    if rest and set(rest) <= LOSS:
        rest = ["loss"]
    rest = ["accuracy" if word == "acc" else word for word in rest]
    return "_".join(["val", *rest]) if rest else None


def layer(tag: str) -> LayerTag | None:
    """What a histogram's tag, or that of a layer's norm, says; None where it names no layer."""
    # Lightning's grad_2.0_norm: the order of the norm is no part of a path
    parts = [part for part in re.split(r"[/.]", re.sub(r"_\d+\.\d+_norm", "_norm", tag)) if part]
    of = ""
    rest: list[str] = []
    for part in parts:
        said = set(words(part)) - {"hist", "histogram", "norm"}
        kinds = (("gradient", GRADIENT), ("activation", ACTIVATION), ("weight", WEIGHT))
        kind = next((kind for kind, names in kinds if said and said <= names), "")
        if kind and not of:
            of = kind
        elif not kind:
            rest.append(part)
    parameter = ""
    if rest and not of and rest[-1].endswith(("_grad", "_gradient")):  # fc1.weight_grad
        rest[-1], of = rest[-1].rpartition("_")[0], "gradient"
    if len(rest) > 1 and PARAMETER.fullmatch(_plain(rest[-1])):
        parameter = _plain(rest.pop())
    if not of:
        of = "weight" if parameter else ""
    return LayerTag(of, ".".join(rest), parameter) if of and rest else None


def _plain(part: str) -> str:
    return re.sub(r"(_hist|_histogram)$|:0$|_0$", "", part)


KINDS = (
    ("LogSoftmax", r"log_?softmax"), ("Softmax", r"softmax"), ("Sigmoid", r"sigm"),
    ("Tanh", r"tanh"), ("LeakyReLU", r"leaky"), ("ReLU", r"relu"), ("GELU", r"gelu"),
    ("SiLU", r"silu|swish"), ("Dropout", r"drop"), ("Embedding", r"emb|wte|wpe"),
    ("LayerNorm", r"layer_?norm|(^|[._])ln"), ("BatchNorm2d", r"batch_?norm|(^|[._])bn|norm"),
    ("LSTM", r"lstm"), ("GRU", r"gru"), ("RNN", r"rnn"), ("Conv2d", r"conv"),
)  # fmt: skip


def kind(name: str, parameters: int) -> str:
    """The class that a layer of this name probably is; Linear where it has weights and says no
    more, empty where it has none either."""
    last = name.lower()
    found = next((kind for kind, pattern in KINDS if re.search(pattern, last)), "")
    return found or ("Linear" if parameters else "")


def merged(orders: Sequence[Sequence[str]]) -> list[str]:
    """One order of all names: the longest sequence's, each other name behind the one that it
    follows in its own."""
    names: list[str] = []
    for order in sorted(orders, key=len, reverse=True):
        at = 0
        for name in order:
            if name in names:
                at = names.index(name) + 1
            else:
                names.insert(at, name)
                at += 1
    return names
