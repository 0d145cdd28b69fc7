"""NaN or infinity in the loss or in a gradient."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.remedies import clipping, remedy, tidy
from tuiwb.doctor.schedule import peak
from tuiwb.doctor.window import Array, Window

FORWARD = ("act_mean", "act_std")
WEIGHTS = ("weight_norm",)
BACKWARD = ("back_std", "grad_norm")


def rule(window: Window) -> Finding | None:
    """Speaks at the first step whose loss or gradient is not finite."""
    sick = (window.column("nonfinite") > 0) | ~np.isfinite(window.loss)
    if not sick.any():
        return None
    first, last = int(np.argmax(sick)), len(sick) - 1 - int(np.argmax(sick[::-1]))
    step = int(window.step[first])
    lr = float(window.lr[first])
    before = window.column("grad_norm")[:first]
    before = before[np.isfinite(before)]
    layer = first_to_go(window)
    return Finding(
        symptom="non-finite",
        severity="alarm",
        step=step,
        until=int(window.step[last]),
        evidence={
            "steps": int(sick.sum()),
            "threshold": 0,
            "last_finite_grad_norm": float(before[-1]) if len(before) else None,
            "lr": lr if np.isfinite(lr) else None,
            "series": ["loss", "grad_norm"],
            "layers": [layer] if layer else [],
        },
        causes=(
            "a sample that is not finite",
            "weights that begin too large",
            "a learning rate that is too high",
            "a logarithm or a division without a floor in the loss",
        ),
        remedy=remedy(
            window,
            "branch",
            {"optim.lr": tidy(peak(window) / 2)} | clipping(window, 1.0),
            "go back to the last good checkpoint with half the learning rate and clipping at 1",
        ),
        source="counter of non-finite values",
        words=f"the loss or a gradient is not finite since step {step}"
        + (f"; the first layer to go was {layer}" if layer else ""),
    )


def first_to_go(window: Window) -> str:
    """Name of the layer that was the first to hold a value that is not finite, as far as samples
    show it; empty where none does.

    In the earliest sample that shows any: what came forwards is bad from the first such layer on;
    else the weights; else what went back is bad from the last such layer on.
    """
    steps = window.layer("step")
    for sample in range(len(steps)):
        for names, pick in ((FORWARD, 0), (WEIGHTS, 0), (BACKWARD, -1)):
            bad = [row for name in names for row in _bad(window, name, sample)]
            if bad:
                return window.facts.layers[sorted(bad)[pick]].name
    return ""


def _bad(window: Window, column: str, sample: int) -> list[int]:
    """Layers infinite in this sample, or NaN in it where they were once measured."""
    values = window.layer(column)
    if values.ndim != 2 or values.shape[1] != len(window.facts.layers) or sample >= len(values):
        return []
    first: Array = window.first_layers.get(column, np.full(values.shape[1], np.nan))
    if first.shape != values.shape[1:]:
        first = np.full(values.shape[1], np.nan)
    # NaN also stands for a figure that a layer does not have
    measured = ~np.isnan(first) | ~np.isnan(values[:sample]).all(axis=0)
    now = values[sample]
    return [int(row) for row in np.flatnonzero(np.isinf(now) | (np.isnan(now) & measured))]


def EXAMPLES() -> dict[str, Window]:
    """Sick: one NaN. Near miss: a huge but finite loss. Healthy: a falling loss."""
    sick, huge = healthy().loss, healthy().loss
    sick[60], huge[60] = np.nan, 1e30
    return {
        "sick": healthy(columns={"loss": sick}),
        "near-miss": healthy(columns={"loss": huge}),
        "healthy": healthy(),
    }
