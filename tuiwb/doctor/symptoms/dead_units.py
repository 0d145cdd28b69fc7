"""Rectified units that answer to no sample: no gradient can bring them back."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.course import losses
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.layers import least, names, reached, recent, sampled
from tuiwb.doctor.outcome import level
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.stuck import LEAST, improving, learned, stuck
from tuiwb.doctor.window import Window

SAMPLES = 2
"""Samples in a row in which a share must be dead."""
DIED = 0.2
"""Share that has died since the first sample; a deep net may begin with dead ends."""
ALL = 0.9
"""Share that leaves nothing of a layer, whenever it died."""
AS_HIGH = 0.95
"""Of the loss now: where it was so high before, what came between has not made it so."""
FEW = 32
"""Samples of a batch below which a unit that answers to none of them may well be alive."""
MANY, MOST = 0.5, 0.8
"""Shares of a layer's units that are a warning (SageMaker Debugger) and an alarm. A third of the
units is silent in many a run that is stuck for another reason."""


def rule(window: Window) -> Finding | None:
    """Speaks where a run is stuck and two samples in a row have shown a layer mostly dead,
    more than it was at first.

    A run that learns may well leave units unused: that is sparsity, and no symptom. Where the
    signal has faded on its way, or weights are zero, the units are not to blame; nor where the loss
    was as high before they died: targets that nothing tells put out all units in time.

    Where the dead leave no way back to the first layer, the share that was learned says nothing: a
    first loss that is far too high falls to that of a guess by the last bias alone.
    """
    if not stuck(window):
        return _cut_off(window)
    taken = min(len(window.layer("act_dead")), SAMPLES)
    dead = least(recent(window, "act_dead", taken))
    begun = window.first_layers.get("act_dead", np.empty(0))
    if begun.shape == dead.shape:
        dead[~(dead - begun > DIED) & ~(dead > ALL)] = 0.0
    dead[~reached(window)] = 0.0
    few = taken < SAMPLES or window.facts.number("data.batch_size", FEW) < FEW
    limit = ALL if few else MANY
    for row in np.flatnonzero(dead > limit):
        dead[row] *= not _died_of_it(window, int(row), limit)
    share = float(np.nanmax(dead, initial=0.0))
    if share <= limit:
        return None
    return _finding(window, taken, share, limit, names(window, np.flatnonzero(dead > limit)))


def _died_of_it(window: Window, row: int, limit: float) -> bool:
    """Whether a layer was still alive when the loss was where it is now."""
    step, loss = losses(window)
    dead = window.layer("act_dead")[:, row]
    before = loss[step < window.layer("step")[np.argmax(dead > limit)]]
    return len(before) >= LEAST and level(before[-LEAST:]) > AS_HIGH * level(loss[-LEAST:])


def _cut_off(window: Window) -> Finding | None:
    """A layer of which nothing is alive, before which no weight has a gradient although there is
    one behind it: what the network answers is always the same."""
    rows = losses(window)
    if len(rows) < LEAST or improving(rows.loss, window):
        return None
    dead, norm = least(recent(window, "act_dead", SAMPLES)), recent(window, "grad_norm", SAMPLES)
    for row in np.flatnonzero(dead >= 1.0):
        ahead, behind = norm[:, :row], norm[:, row:]
        known = ~np.isnan(ahead).any(axis=0)
        if known.any() and not ahead[:, known].any() and (behind > 0).any(axis=1).all():
            layers = names(window, np.flatnonzero(dead >= 1.0))
            return _finding(window, SAMPLES, float(dead[row]), MANY, layers)
    return None


def _finding(window: Window, taken: int, share: float, limit: float, layers: list[str]) -> Finding:
    begin, end = sampled(window, taken)
    return Finding(
        symptom="dead-units",
        severity="alarm" if share > MOST else "warning",
        step=begin,
        until=end,
        evidence={
            "share": share,
            "threshold": limit,
            "alarm_threshold": MOST,
            "samples": taken,
            "learned": learned(window),
            "series": ["layers.act_dead", "layers.act_zero", "loss"],
            "layers": layers,
        },
        causes=(
            "inputs that are far from zero",
            "biases that begin far below zero",
            "a learning rate that is too high: one step too far and the units are off",
            "rectifiers without a slope below zero",
        ),
        remedy=_remedy(window),
        source="SageMaker Debugger, DeadRelu; in two samples, and the loss does not fall",
        words=f"{share:.0%} of the units of a layer answer to no sample",
    )


def _remedy(window: Window) -> Remedy:
    lower = {"optim.lr": tidy(0.1 * window.facts.number("optim.lr"))}
    if window.facts.spec.get("model.activation") != "relu":
        return remedy(window, "restart", lower, "a tenth of the learning rate: the dead stay dead")
    sloped = lower | {"model.activation": "leaky_relu"}
    return remedy(window, "restart", sloped, "a tenth of the learning rate, a slope below zero")


def EXAMPLES() -> dict[str, Window]:
    """Sick: 97 % dead and a loss that stays. Near miss: 40 % dead in a run that learns.
    Healthy: a loss that stays, with units that live."""
    noise = 0.02 * np.random.default_rng(0).standard_normal(400)
    flat = {"loss": 2.3 + noise}
    return {
        "sick": healthy(
            columns=flat, best_loss=2.25, layers={"act_dead": [np.nan, 0.2, np.nan, 0.97, np.nan]}
        ),
        "near-miss": healthy(layers={"act_dead": [np.nan, 0.2, np.nan, 0.4, np.nan]}),
        "healthy": healthy(columns=flat, best_loss=2.25),
    }
