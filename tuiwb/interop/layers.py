"""Histograms of gradients, weights and activations as the rows of the table of layers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tuiwb.interop import tags
from tuiwb.interop.log import Array, Series, Spread
from tuiwb.run.schema import dtype_layers

COLUMNS = ("grad_norm", "weight_norm", "back_std", "act_mean", "act_std", "act_zero")


@dataclass
class Layer:
    """One layer, as its tags give it away."""

    name: str
    parameters: int = 0
    series: dict[tuple[str, str], Series] = field(default_factory=dict)
    """By (gradient, weight or activation; parameter)."""

    @property
    def kind(self) -> str:
        return tags.kind(self.name, self.parameters)


def layers(histograms: Mapping[str, Series], norms: Mapping[str, Series]) -> list[Layer]:
    """The layers that histograms, and numbers that are norms of a layer's gradients, speak of; in
    the order in which they were written."""
    found: dict[str, Layer] = {}
    orders: dict[str, list[str]] = {}
    for tag, series in (*histograms.items(), *norms.items()):
        said = tags.layer(tag)
        if said is None or not len(series):
            continue
        layer = found.setdefault(said.layer, Layer(said.layer))
        layer.series.setdefault((said.of, said.parameter), series)
        orders.setdefault(said.of, []).append(said.layer)
    for layer in found.values():
        for of in ("weight", "gradient"):
            spreads = [s.spreads[0] for (what, _), s in layer.series.items() if what == of]
            counts = [s.size for s in spreads if isinstance(s, Spread)]
            if counts:
                layer.parameters = int(sum(counts))
                break
    return [found[name] for name in tags.merged([list(dict.fromkeys(o)) for o in orders.values()])]


def table(found: list[Layer]) -> Array:
    """Rows of the table of layers, one for each step at which any histogram was taken."""
    times: dict[int, float] = {}
    values: dict[tuple[int, int, str], float] = {}
    for at, layer in enumerate(found):
        for (of, parameter), series in layer.series.items():
            for step, time, spread in zip(series.step, series.time, series.spreads, strict=True):
                times[int(step)] = max(times.get(int(step), -math.inf), float(time))
                for name, value in _figures(of, parameter, spread):
                    key = (int(step), at, name)
                    if name in ("grad_norm", "weight_norm"):  # over all parameters
                        value = math.hypot(value, values.get(key, 0.0))
                    values[key] = value
    there = [name for name in COLUMNS if any(key[2] == name for key in values)]
    rows = np.zeros(len(times), dtype_layers(len(found), there))
    rows["step"] = sorted(times)
    rows["time"] = [times[step] for step in rows["step"].tolist()]
    for name in there:
        rows[name] = np.nan
    places = {step: row for row, step in enumerate(sorted(times))}
    with np.errstate(over="ignore"):
        for (step, at, name), value in values.items():
            rows[name][places[step], at] = value
    return rows


def _figures(of: str, parameter: str, spread: Any) -> Iterable[tuple[str, float]]:
    if not isinstance(spread, Spread):
        return [("grad_norm", abs(float(spread)))]
    if of == "activation":
        zero = spread.zeros / spread.size if spread.size else math.nan
        return [("act_mean", spread.mean), ("act_std", spread.std), ("act_zero", zero)]
    if of == "weight":
        # as the instruments take it: of the weight, without its bias
        return [] if parameter.startswith("bias") else [("weight_norm", spread.norm)]
    if parameter.startswith("bias"):
        # the gradient of a bias is that of its layer's output, summed over the batch: layers
        # compare by it, and more is not asked of the signal on its way back
        return [("grad_norm", spread.norm), ("back_std", spread.rms)]
    return [("grad_norm", spread.norm)]
