"""The discriminator tells every sample, and the generator's gradient is gone."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.games import ROWS, SURE, TASK, game, generator_rows, told
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.window import Window

GONE = 1e-2
"""Generator's gradient over what it was at first."""
TINY = 1e-5
"""The same over its weights, where the beginning is out of sight."""


def rule(window: Window) -> Finding | None:
    """Speaks where for fifty steps the discriminator has told 99 % of real and of made samples, and
    the generator's gradient has fallen to a hundredth of what it was."""
    facts = window.facts
    if facts.task != TASK or not told(window) >= SURE:
        return None
    norms = window.column("grad_norm")
    norms = norms[np.isfinite(norms)]
    quality = window.evaluated("val_quality")
    if len(norms) < ROWS or (len(quality) and quality[-1] >= 0.5):
        return None
    # the last turn of a step is the generator's: its norm is the step's
    now = float(np.median(norms[-ROWS:]))
    least = max(_at_first(window), TINY * _weights(window) / GONE) * GONE
    if not now < least:
        return None
    rate = facts.number("task.critic_lr", 1.0)
    change: dict[str, object] = {"task.game": "non-saturating"}
    if facts.spec.get("task.game") == "non-saturating":
        change = {"task.game": "wgan-gp"}
    if facts.number("task.critic_steps") > 1:
        change["task.critic_steps"] = 1
    if rate > 1:
        change["task.critic_lr"] = 1.0
    elif facts.spec.get("task.game") == "non-saturating":
        change["task.critic_lr"] = tidy(rate / 4)
    return Finding(
        symptom="overpowering-discriminator",
        severity="alarm",
        step=int(window.step[-ROWS:][0]),
        until=int(window.step[-1]),
        evidence={
            "told": told(window),
            "told_threshold": SURE,
            "generator_grad_norm": now,
            "generator_grad_norm_threshold": least,
            "series": ["real_accuracy", "made_accuracy", "grad_norm"],
            "layers": [facts.layers[row].name for row in generator_rows(window)[:20]],
        },
        causes=(
            "real samples that are told by something trivial, such as their scale",
            "a discriminator that learns faster, or more often, than the generator",
            "a game whose slope is zero where the discriminator is sure (minimax)",
            "a generator that is too small",
        ),
        remedy=remedy(
            window,
            "restart",
            change,
            "a loss that keeps its slope (non-saturating, or a Wasserstein critic), and rates in "
            "balance",
        ),
        source="Goodfellow et al. 2014, section 3; Arjovsky & Bottou 2017",
        words=f"the discriminator tells every sample; the generator's gradient is {now:.1e}",
    )


def _at_first(window: Window) -> float:
    """The generator's gradient norm in the first sample, or in the first steps where these are in
    the window; 0 where neither is known."""
    rows = generator_rows(window)
    norms = window.first_layers.get("grad_norm", np.empty(0))
    seen = norms[rows] if len(norms) > max(rows, default=0) else np.empty(0)
    first = float(np.sqrt(np.nansum(np.square(seen))))
    if window.step[0] <= 1:
        early = window.column("grad_norm")[:20]
        early = early[np.isfinite(early)]
        first = max(first, float(np.median(early)) if len(early) else 0.0)
    return first


def _weights(window: Window) -> float:
    rows = generator_rows(window)
    norms = window.layer("weight_norm")
    if norms.ndim != 2 or not len(norms) or norms.shape[1] <= max(rows, default=0):
        return 0.0
    return float(np.sqrt(np.nansum(np.square(norms[-1][rows]))))


def EXAMPLES() -> dict[str, Window]:
    """Sick: all told, a gradient of 1e-8. Near miss: all told, and the gradient is as large as
    ever. Healthy: neither."""
    step = np.arange(1, 601)
    gone = np.maximum(np.exp(-step / 10.0), 1e-8)
    return {
        "sick": game(1.0, gone, 0, 0.0),
        "near-miss": game(1.0, 1.0, np.minimum(np.arange(12), 8), 0.08 * np.arange(12)),
        "healthy": healthy(),
    }
