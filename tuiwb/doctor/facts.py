"""From what a run has written down to the facts that rules read, live and after the fact."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from tuiwb.doctor.window import Facts, LayerFacts
from tuiwb.run.facts import numbers
from tuiwb.spec.sections import Spec


def flat(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of knobs as one mapping: ``{"optim": {"lr": 0.1}}`` -> ``{"optim.lr": 0.1}``."""
    return {
        f"{section}.{key}": value
        for section, knobs in spec.items()
        if isinstance(knobs, Mapping)
        for key, value in knobs.items()
    }


def knobs(spec: Spec) -> dict[str, Any]:
    """The flat spec of a run, without knobs that do nothing in it: no remedy offers them."""
    found = flat(msgspec.to_builtins(spec))
    if not spec.model.has_dropout:
        del found["regularize.dropout"]
    return found


def told(
    hparams: object,
    model: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The flat spec of a loop of the user's own: its hyperparameters, and what its journal's events
    ``model`` and ``data`` have of the optimiser and the batch."""
    batch = {"batch_size": size} if (size := _count((data or {}).get("batch_size"))) else {}
    return flat({"hparams": hparams, "optim": (model or {}).get("optim"), "data": batch})


def facts(
    spec: Mapping[str, Any],
    model: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> Facts:
    """The facts of a run with the flat ``spec`` and the journal's events ``model`` and ``data``.

    A journal may be another version's, or a stranger's: what is missing or odd is passed by.
    """
    model, data = model or {}, data or {}
    classes = data.get("classes")
    classes = len(classes) if isinstance(classes, list | tuple) else 0
    vocabulary = _count(data.get("vocabulary"))
    inputs = {key: n for key, n in numbers(data.get("inputs")).items() if math.isfinite(n)}
    return Facts(
        spec=dict(spec),
        layers=tuple(_layer(layer) for layer in _list(model.get("layers"))),
        classes=classes,
        class_counts=tuple(_count(count) for count in _list(data.get("class_counts"))),
        vocabulary=0 if classes else vocabulary,
        inputs=inputs,
        baselines=numbers(data.get("baselines")),
        steps_per_epoch=numbers(data).get("steps_per_epoch", math.nan),
    )


def _layer(layer: Any) -> LayerFacts:
    # an odd entry keeps its place: columns of the tables go by the order of layers
    layer = layer if isinstance(layer, Mapping) else {}
    return LayerFacts(
        name=str(layer.get("name", "")),
        kind=str(layer.get("kind", "")),
        parameters=_count(layer.get("parameters")),
        trainable=layer.get("trainable") is not False,
    )


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else 0
