"""The generator makes one thing, or a few, of the many that there are."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.finding import Finding
from tuiwb.doctor.games import SURE, TASK, game, told
from tuiwb.doctor.remedies import remedy, tidy
from tuiwb.doctor.window import Window

EVALUATIONS = 4
"""In a row."""
STEPS = 400
"""That a generator must have had: at first none has found anything."""
SHARE = 0.25
"""Of all modes: fewer are a collapse."""
LOST = 0.5
"""Of the most modes that it had: fewer are a collapse, too."""
GAIN = 0.1
"""In the share of good samples over these evaluations: then it is still on its way."""


def rule(window: Window) -> Finding | None:
    """Speaks where the last four evaluations found at most a quarter of all modes, or half of those
    that had been found, and good samples do not become more; where the discriminator is sure of
    all, that is the disease."""
    facts = window.facts
    step, modes = window.evaluated("step"), window.evaluated("val_modes")
    if facts.task != TASK or len(modes) != len(step) or told(window) >= SURE:
        return None
    known = np.isfinite(modes)
    step, modes = step[known], modes[known]
    quality = window.evaluated("val_quality")
    quality = quality[known] if len(quality) == len(known) else np.zeros(len(modes))
    if len(modes) <= EVALUATIONS or step[-1] < STEPS:
        return None
    last, most = modes[-EVALUATIONS:], float(modes[:-EVALUATIONS].max())
    of = float(facts.classes or facts.number("data.modes") or modes.max())
    few = max(1.0, np.floor(SHARE * of))
    if of < 3 or not ((last <= few).all() or (last <= LOST * most).all()):
        return None
    # a collapse can be of the best quality; what becomes better slowly is none
    before = float(np.median(quality[:-EVALUATIONS][-EVALUATIONS:]))
    if last[-1] > last[0] and quality[-1] - before > GAIN:
        return None
    rate = facts.number("task.critic_lr", 1.0)
    change: dict[str, object] = {}
    if rate < 1:
        change["task.critic_lr"] = 1.0
    elif facts.number("task.critic_steps") > 1 and facts.spec.get("task.game") != "wgan-gp":
        change |= {"task.game": "wgan-gp"}
    elif facts.spec.get("task.game") == "wgan-gp":
        change |= {"optim.lr": tidy(facts.number("optim.lr") / 4)}
    else:
        change |= {"task.game": "wgan-gp", "task.critic_steps": 5}
    return Finding(
        symptom="mode-collapse",
        severity="alarm",
        step=int(step[-EVALUATIONS]),
        until=int(step[-1]),
        evidence={
            "modes": float(last.max()),
            "modes_threshold": max(few, LOST * most),
            "modes_in_data": of,
            "quality": float(quality[-1]),
            "series": ["val_modes", "val_quality", "made_accuracy"],
        },
        causes=(
            "a discriminator that learns too slowly: it is led from one spot to the next",
            "a generator whose steps are too long for it",
            "a game that asks for good samples and not for all kinds of them",
        ),
        remedy=remedy(
            window,
            "restart",
            change,
            "players of equal strength, or a critic that measures a distance (wgan-gp with five "
            "steps of the critic)",
        ),
        source="Metz et al. 2017, Unrolled GANs; Gulrajani et al. 2017, WGAN-GP",
        words=f"{last.max():.0f} of {of:.0f} modes in the last {EVALUATIONS} evaluations",
    )


def EXAMPLES() -> dict[str, Window]:
    """Sick: one of eight modes, of good quality. Near miss: it finds more from evaluation to
    evaluation. Healthy: all eight."""
    late = np.maximum(np.arange(12) - 8, 0)
    return {
        "sick": game(0.6, 1.0, 1, 0.9),
        "near-miss": game(0.6, 1.0, late, 0.2 * late),
        "healthy": game(0.6, 1.0, 8, 0.9),
    }
