"""Windows to try rules on: a healthy run in a few lines, from which each symptom departs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tuiwb.doctor.window import Array, Facts, LayerFacts, Window

STEPS = 400


def healthy(
    steps: int = STEPS,
    *,
    columns: Mapping[str, Any] | None = None,
    evals: Mapping[str, Any] | None = None,
    layers: Mapping[str, Any] | None = None,
    system: Mapping[str, Any] | None = None,
    facts: Facts | None = None,
    **changed: Any,
) -> Window:
    """A classifier of ten classes that learns: a noisy descent from ln 10, three linear layers with
    ReLUs between, an evaluation every 50 steps. ``columns``, ``evals``, ``layers`` and ``system``
    replace or add columns (a scalar fills one); ``changed`` replaces fields of the window."""
    step = np.arange(1, steps + 1, dtype=float)
    noise = np.random.default_rng(0).standard_normal(steps)
    loss = 0.2 + 2.1 * np.exp(-step / 80) * (1 + 0.03 * noise)
    time = 1000 + 0.01 * step
    every = np.arange(50, steps + 1, 50, dtype=float)
    sampled = np.arange(1, steps + 1, 25, dtype=float)
    facts = facts or Facts(
        spec={
            "task.name": "classify",
            "loss.name": "cross-entropy",
            "optim.name": "adam",
            "optim.lr": 1e-3,
            "schedule.name": "constant",
            "schedule.warmup": 0,
            "train.steps": 1000,
            "train.clip_norm": 0.0,
            "data.batch_size": 64,
        },
        layers=(
            LayerFacts("net.0", "Linear", 8320),
            LayerFacts("net.1", "ReLU"),
            LayerFacts("net.2", "Linear", 8256),
            LayerFacts("net.3", "ReLU"),
            LayerFacts("net.4", "Linear", 650),
        ),
        classes=10,
        class_counts=(100,) * 10,
        inputs={"mean": 0.0, "std": 1.0, "offset": 0.05, "narrowest": 0.9, "widest": 1.1,
                "condition": 40.0},
        steps_per_epoch=20.0,
    )  # fmt: skip
    owns = np.array([layer.parameters > 0 for layer in facts.layers])
    relu = np.array([layer.kind == "ReLU" for layer in facts.layers])
    table = len(sampled), len(facts.layers)
    train_loss = np.interp(every, step, loss)
    return replace(
        Window(
            steps=_filled(
                {
                    "step": step, "time": time, "loss": loss, "lr": 1e-3, "grad_norm": 1.0,
                    "clipped": 0, "nonfinite": 0, "samples_per_s": 6400.0, "wait_s": 1e-4,
                }, columns, (steps,),
            ),
            evals=_filled(
                {
                    "step": every, "time": 1000 + 0.01 * every, "train_loss": train_loss,
                    "val_loss": train_loss * 1.03, "val_accuracy": 1 - train_loss / 3,
                    "eval_mode_loss": np.interp(every + 1, step, loss),
                }, evals, (len(every),),
            ),
            layers=_filled(
                {
                    "grad_norm": np.where(owns, 0.3, np.nan),
                    "update_ratio": np.where(owns, 1e-3, np.nan),
                    "act_mean": 0.1, "act_std": 1.0,
                    "act_zero": np.where(relu, 0.5, 0.0),
                    "act_dead": np.where(relu, 0.02, np.nan),
                    "act_saturated": np.nan, "back_std": 1e-3,
                    "weight_norm": np.where(owns, 8.0, np.nan),
                    "weight_rows": np.where(owns, 1.0, np.nan),
                    "weight_rank": np.where(owns, 20.0, np.nan),
                }, layers, table,
            ) | {"step": sampled, "time": 1000 + 0.01 * sampled},
            system=_filled(
                {"time": 1000.0 + np.arange(60), "step": np.linspace(1, steps, 60), "rss": 3e8,
                 "cpu": 99.0, "gpu_util": np.nan, "gpu_memory": np.nan}, system, (60,),
            ),
            facts=facts,
            first_loss=float(np.log(10)),
            first_layers={"act_std": np.ones(table[1]), "act_mean": np.full(table[1], 0.1)},
            best_loss=float(loss.min()),
            now=float(time[-1]),
        ),
        **changed,
    )  # fmt: skip


def _filled(
    base: Mapping[str, Any], changed: Mapping[str, Any] | None, shape: tuple[int, ...]
) -> dict[str, Array]:
    return {
        name: np.broadcast_to(np.asarray(value, dtype=float), shape).copy()
        for name, value in (dict(base) | dict(changed or {})).items()
    }
