"""Gradients that are out of all proportion: to their own past, to the weights, to the clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tuiwb.doctor.course import beginning
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.games import TASK
from tuiwb.doctor.layers import medians, names, recent
from tuiwb.doctor.remedies import clipping, remedy, tidy
from tuiwb.doctor.schedule import peak
from tuiwb.doctor.window import Array, Window

BEFORE = 100
"""Norms that make a history."""
RECENT = 100
FACTOR = 10.0
"""Over the 99th percentile of the history."""
PATIENCE = 3
"""Norms of the recent ones."""
WORSE = 1.2
"""Times the loss before: an explosion that does no harm is none."""
CLIPPED = 0.8
"""Share of steps that were clipped."""
FAR = 30.0
"""Typical norm over the clip: what is left of each gradient is next to nothing."""
WEIGHTS = 1e3
"""Gradient norm over weight norm, where the history is of a few steps."""

DEPTH, SAMPLES, GROWTH = 6, 3, 20.0
"""Layers from which on depth counts, samples whose median is looked at, gradient of the first third
of them over that of the last: sound nets stay below 7."""
LEARNED = 0.15
"""Share of what the loss began with."""


def rule(window: Window) -> Finding | None:
    """Speaks where norms are at ten times the 99th percentile of their past and the loss is worse
    for it; where the clip cuts nearly every gradient to a thirtieth or less, without success;
    where the very first gradients are a thousand times as large as the weights; and where
    gradients grow twentyfold from the last layers to the first, and next to nothing is learned."""
    norms, steps = _taken(window)
    if not len(norms):
        return None
    return (
        _sudden(window, norms, steps)
        or _clipped(window)
        or _at_once(window, norms, steps)
        or _with_depth(window)
    )


def _taken(window: Window) -> tuple[Array, Array]:
    norms = window.column("grad_norm")
    taken = ~np.isnan(norms)
    return norms[taken], window.step[taken]


def _sudden(window: Window, norms: Array, steps: Array) -> Finding | None:
    if len(norms) < BEFORE + PATIENCE:
        return None
    cut = max(BEFORE, len(norms) - RECENT)
    past = norms[:cut][np.isfinite(norms[:cut])]
    if not len(past):
        return None
    usual = float(np.quantile(past, 0.99))
    above = np.flatnonzero(~(norms[cut:] <= FACTOR * usual)) + cut
    if usual <= 0 or len(above) < PATIENCE:
        return None
    began = steps[above[0]]
    before = window.loss[(window.step < began) & np.isfinite(window.loss)]
    after = window.loss[window.step >= began]
    after = after[np.isfinite(after)]
    if len(before) and len(after) and np.isfinite(window.loss).all():
        was, now = float(np.median(before[-50:])), float(np.median(after))
        scale = beginning(window)
        harm = 0.05 * scale if np.isfinite(scale) else 0.0
        if not now - was > max((WORSE - 1) * abs(was), harm):
            return None
    highest = float(norms[above][np.isfinite(norms[above])].max(initial=usual * FACTOR))
    return _finding(
        window,
        int(began),
        {"grad_norm": highest, "grad_norm_threshold": FACTOR * usual, "usual": usual},
        clip=2 * float(np.median(past)),
        words=f"the gradient norm is {highest / usual:.3g} times what it used to be at most",
    )


def _clipped(window: Window) -> Finding | None:
    clip = window.facts.number("train.clip_norm")
    clipped, norms = window.column("clipped")[-RECENT:], window.column("grad_norm")[-RECENT:]
    norms = norms[np.isfinite(norms)]
    if clip <= 0 or len(norms) < RECENT // 2 or np.nanmean(clipped) <= CLIPPED:
        return None
    typical = float(np.median(norms))
    loss = float(np.median(window.loss[-RECENT:]))
    if typical < FAR * clip or loss < 0.9 * beginning(window):
        return None
    return _finding(
        window,
        int(window.step[-RECENT:][0]),
        {
            "clipped": float(np.nanmean(clipped)),
            "clipped_threshold": CLIPPED,
            "grad_norm": typical,
            "grad_norm_threshold": FAR * clip,
        },
        clip=None,
        words=f"{100 * np.nanmean(clipped):.0f} % of gradients are clipped, to "
        f"{clip / typical:.1e} of their length",
    )


def _at_once(window: Window, norms: Array, steps: Array) -> Finding | None:
    first = norms[np.isfinite(norms) & (steps <= 5)]
    size = _weights(window, float(first[0])) if len(first) else 0.0
    if size <= 0:
        return None
    lost = not np.isfinite(window.loss[:20]).all()
    # what the loss makes of it decides: losses in large units have large gradients
    if float(first.max()) < WEIGHTS * size or not lost:
        return None
    return _finding(
        window,
        int(steps[0]),
        {"grad_norm": float(first.max()), "grad_norm_threshold": WEIGHTS * size, "weights": size},
        clip=1.0,
        words=f"the first gradient is {float(first.max()) / size:.1e} times the weights",
    )


def _weights(window: Window, norm: float) -> float:
    """Size of all weights before the first update; 0 where it is not known."""
    weights, moved = (
        window.first_layers.get(name, np.empty(0)) for name in ("weight_norm", "update_ratio")
    )
    with np.errstate(over="ignore"):
        size = float(np.sqrt(np.nansum(np.square(weights[~np.isinf(weights)]))))
    moved = moved[np.isfinite(moved) & (moved > 0)]
    if len(moved) and window.lr[0] > 0:
        # measured after the update, which may have been of any length: plain descent gives it away
        size = min(size, float(window.lr[0] * norm / np.median(moved)))
    return size


def _with_depth(window: Window) -> Finding | None:
    layers = window.facts.layers
    gradient = recent(window, "grad_norm", SAMPLES)
    deep = [
        row
        for row, layer in enumerate(layers)
        if layer.parameters and "Norm" not in layer.kind and "Embedding" not in layer.kind
    ]
    if not len(gradient) or len(deep) < DEPTH or len(window) < BEFORE or window.facts.task == TASK:
        return None
    typical = medians(gradient)[deep]
    third = len(deep) // 3
    first, last = float(np.median(typical[:third])), float(np.median(typical[-third:]))
    left = float(np.median(window.loss[-50:])) / beginning(window)
    if not (first > GROWTH * last > 0 and left > 1 - LEARNED):
        return None
    return _finding(
        window,
        int(window.layer("step")[-SAMPLES]),
        {
            "growth": first / last,
            "growth_threshold": GROWTH,
            "learned": 1 - left,
            "learned_threshold": LEARNED,
        },
        clip=None,
        words=f"gradients grow {first / last:.3g}-fold back through {len(deep)} layers",
        layers=names(window, deep[:third]),
    )


def _finding(
    window: Window,
    step: int,
    evidence: dict[str, float],
    clip: float | None,
    words: str,
    layers: Sequence[str] = (),
) -> Finding:
    cure = {} if clip is None else clipping(window, clip)
    return Finding(
        symptom="exploding-gradient",
        severity="alarm",
        step=step,
        until=int(window.step[-1]),
        evidence=evidence
        | {"series": ["grad_norm", "loss", "layers.grad_norm"]}
        | ({"layers": list(layers)} if layers else {}),
        causes=(
            "outliers in the data or its scale",
            "weights that begin too large: each layer or time step stretches by more than one",
            "a learning rate that is too high",
            "gradients that nothing clips",
            "depth or recurrence without skips, gates or norms",
        ),
        remedy=remedy(
            window,
            "hot",
            cure | {"optim.lr": tidy(peak(window) / 2)},
            "clip gradients at twice their usual norm and halve the learning rate"
            if cure
            else "smaller initial weights, scaled skips or gates: a clip does not repair these",
        ),
        source="Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent networks",
        words=words,
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: norms of 60 in the last steps, and the loss with them. Near miss: the same norms, and
    the loss falls on. Healthy: norms of 1."""
    step = np.arange(1, 401)
    loss = healthy().loss
    norms = np.where(step > 370, 60.0, 1.0)
    up = np.where(step > 370, 2.0, loss)
    return {
        "sick": healthy(columns={"grad_norm": norms, "loss": up}),
        "near-miss": healthy(columns={"grad_norm": norms}),
        "healthy": healthy(),
    }
