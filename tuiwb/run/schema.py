"""The columns of the built-in tables. ``time`` is Unix seconds; ``step`` counts optimiser updates.

Missing values are NaN. A change of columns is a new segment, so a table may gain columns freely.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

STEPS = "steps"
EVALS = "evals"
LAYERS = "layers"
HISTOGRAMS = "histograms"
SYSTEM = "system"
RANKS = "ranks"

LAYER_COLUMNS = ("grad_norm", "act_mean", "act_std", "act_zero")
"""The sub-array columns of ``layers``: one float per layer, in the journal's layer order."""


SAMPLED = ("grad_norm",)
"""Columns of ``steps`` that are not taken in every step: NaN there says "not taken"."""


def dtype_steps(extra: Iterable[str] = ()) -> np.dtype[Any]:
    """One row per optimiser update; ``extra`` names the parts of the loss.

    lr per update; grad_norm before clipping, NaN where the budget left it out; clipped 0 or 1;
    nonfinite: values in loss and gradients; samples_per_s; wait_s: seconds waited for data.
    """
    columns = [
        ("step", "<i8"),
        ("time", "<f8"),
        ("loss", "<f4"),
        ("lr", "<f4"),
        ("grad_norm", "<f4"),
        ("clipped", "u1"),
        ("nonfinite", "<i4"),
        ("samples_per_s", "<f4"),
        ("wait_s", "<f4"),
    ]
    return np.dtype(columns + [(name, "<f4") for name in extra])


def dtype_evals(metrics: Iterable[str]) -> np.dtype[Any]:
    """One row per evaluation: step, time and one f4 per metric."""
    return np.dtype([("step", "<i8"), ("time", "<f8"), *((name, "<f4") for name in metrics)])


def dtype_layers(layers: int, columns: Iterable[str] = LAYER_COLUMNS) -> np.dtype[Any]:
    """One row per sampled step; each column has shape (layers,)."""
    return np.dtype(
        [("step", "<i8"), ("time", "<f8"), *((name, "<f4", (layers,)) for name in columns)]
    )


def dtype_histograms(layers: int, bins: int) -> np.dtype[Any]:
    """One row per sampled step that took histograms: counts of activations and of gradients, layer
    by layer, ``bins`` each."""
    counts = [(name, "<u2", (layers * bins,)) for name in ("activations", "gradients")]
    return np.dtype([("step", "<i8"), ("time", "<f8"), *counts])


def dtype_system() -> np.dtype[Any]:
    """One row a second, the heartbeat: cpu and host_* in percent, memory in bytes, power in W,
    temperature in degrees Celsius, watch: share of the step time spent in probes."""
    return np.dtype(
        [
            ("time", "<f8"),
            ("step", "<i8"),
            ("cpu", "<f4"),
            ("rss", "<f8"),
            ("host_cpu", "<f4"),
            ("host_memory", "<f4"),
            ("gpu_util", "<f4"),
            ("gpu_memory", "<f8"),
            ("gpu_power", "<f4"),
            ("gpu_temp", "<f4"),
            ("watch", "<f4"),
        ]
    )


def dtype_ranks(world: int) -> np.dtype[Any]:
    """One row a second at most, of a run that several processes train: ``seconds``, shape (world,),
    is what a step has cost each rank by itself since the row before, in the mean: without the time
    in which it waited for the others, and without what watching costs."""
    return np.dtype([("step", "<i8"), ("time", "<f8"), ("seconds", "<f4", (world,))])
