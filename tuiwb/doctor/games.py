"""Games of two networks: the discriminator's answers and the generator's gradient."""

from __future__ import annotations

import numpy as np

from tuiwb.doctor.examples import healthy
from tuiwb.doctor.window import Facts, LayerFacts, Window

TASK = "adversarial"
SURE = 0.99
"""Share of samples that a discriminator tells which is sure of all."""
ROWS = 50
"""Recent steps that are looked at."""


def told(window: Window) -> float:
    """Share of real and of made samples that the discriminator got right in recent steps, the
    lesser of the two medians; NaN where nobody measured it or no such level is (a critic)."""
    if window.facts.spec.get("task.game") == "wgan-gp":
        return float("nan")
    shares = []
    for name in ("real_accuracy", "made_accuracy"):
        taken = window.column(name)[-ROWS:]
        taken = taken[np.isfinite(taken)]
        if len(taken) < ROWS:
            return float("nan")
        shares.append(float(np.median(taken)))
    return min(shares)


def generator_rows(window: Window) -> list[int]:
    """Rows of the per-layer columns that are the generator's."""
    return [
        row
        for row, layer in enumerate(window.facts.layers)
        if layer.name.startswith("generator") and layer.parameters
    ]


def game(
    accuracy: float, grad_norm: object, modes: object, quality: object, steps: int = 600
) -> Window:
    """A window of a game on a ring of eight, to try rules on: the share of samples that the
    discriminator tells, the generator's gradient by step, modes and quality by evaluation."""
    facts = Facts(
        spec={
            "task.name": TASK,
            "task.game": "non-saturating",
            "task.critic_steps": 1,
            "task.critic_lr": 1.0,
            "loss.name": "own",
            "optim.name": "adam",
            "optim.lr": 1e-3,
            "schedule.warmup": 0,
            "data.modes": 8,
        },
        layers=(
            LayerFacts("generator.net.0", "Linear", 384),
            LayerFacts("generator.net.2", "Linear", 258),
            LayerFacts("discriminator.net.0", "Linear", 384),
            LayerFacts("discriminator.net.2", "Linear", 129),
        ),
        steps_per_epoch=35.0,
    )
    shares = {"real_accuracy": accuracy, "made_accuracy": accuracy}
    return healthy(
        steps,
        columns={"loss": 0.7, "grad_norm": grad_norm, **shares},
        evals={
            "val_loss": np.nan,
            "val_accuracy": np.nan,
            "eval_mode_loss": np.nan,
            "val_modes": modes,
            "val_quality": quality,
            **{f"val_{name}": share for name, share in shares.items()},
        },
        facts=facts,
        first_loss=0.7,
        best_loss=0.6,
    )
