"""Layers that were looked at closely: all columns and histograms, as the instruments leave them."""

from __future__ import annotations

import numpy as np

from tests.tui.recorder import LAYERS, Recorder
from tuiwb.base import bins
from tuiwb.run.schema import dtype_histograms, dtype_layers, dtype_system
from tuiwb.run.table import TableWriter

COLUMNS = (
    "grad_norm", "update_ratio", "act_mean", "act_std", "act_zero", "act_dead", "act_saturated",
    "back_std", "weight_norm",
)  # fmt: skip
VALUES = 2_000


def look_inside(made: Recorder, steps: int, layers: int = len(LAYERS), every: int = 4) -> Recorder:
    """Figures of ``layers`` layers at every fourth of ``steps`` steps; the first of them decay."""
    names = LAYERS if layers == len(LAYERS) else tuple(
        (f"model.blocks.{i // 4}.{('attention', 'norm', 'mlp', 'activation')[i % 4]}",
         ("Linear", "LayerNorm", "Linear", "ReLU")[i % 4], 0 if i % 4 == 3 else 64 * (i + 1))
        for i in range(layers)
    )  # fmt: skip
    told = [dict(zip(("name", "kind", "parameters"), one, strict=True)) for one in names]
    made.journal.write("model", layers=told, parameters=sum(one[2] for one in names))
    owns = np.array([one[2] > 0 for one in names])
    depth = np.linspace(0, 3, layers)
    table = TableWriter(made.paths.tables, "layers", dtype_layers(layers, COLUMNS))
    for step in range(1, steps + 1, every):
        row = np.zeros(1, table.dtype)
        row["step"], row["time"] = step, made.clock.now() - (steps - step) * 0.02
        norm = 1.4 * np.exp(-step / 200) + 0.1
        row["grad_norm"] = np.where(owns, norm * 10**-depth, np.nan)
        row["update_ratio"] = np.where(owns, 1e-3 * 10 ** (-depth / 2) * (1 + 0.5 * norm), np.nan)
        row["act_mean"], row["act_std"] = 0.1 * depth, 0.5 + 0.2 * depth + 0.1 * norm
        row["act_zero"] = np.where(owns, 0.0, 0.4 + 0.1 * norm)
        row["act_dead"] = np.where(owns, np.nan, min(0.5, step / 900))
        row["act_saturated"] = np.nan
        row["back_std"] = 1e-3 * 10 ** (depth / 3) * norm
        row["weight_norm"] = np.where(owns, 3 + depth, np.nan)
        table.append(row)
    table.close()
    return made


def count(made: Recorder, steps: int, layers: int = len(LAYERS), looks: int = 24) -> Recorder:
    """Histograms of all layers: normal values that widen, rectified in every second layer."""
    rng = np.random.default_rng(0)
    table = TableWriter(made.paths.tables, "histograms", dtype_histograms(layers, bins.BINS))
    for step in np.unique(np.geomspace(1, steps, looks).astype(int)):
        row = np.zeros(1, table.dtype)
        row["step"], row["time"] = step, made.clock.now() - (steps - step) * 0.02
        spread = 0.2 + 1.2 * (1 - np.exp(-step / 150))
        for layer in range(layers):
            values = rng.normal(0.1, spread, VALUES)
            values = np.maximum(values, 0) if layer % 2 else values
            place = slice(layer * bins.BINS, (layer + 1) * bins.BINS)
            row["activations"][0, place] = np.histogram(values, bins.edges())[0]
            if layer % 2 == 0:
                back = rng.normal(0, 1e-3 * spread, VALUES)
                row["gradients"][0, place] = np.histogram(back, bins.edges())[0]
        table.append(row)
    table.close()
    return made


def with_gpus(made: Recorder, seconds: int, gpus: int = 2) -> Recorder:
    """A heartbeat that has figures of GPUs."""
    more = [(f"gpu{i or ''}_{name}", "<f4") for i in range(1, gpus)
            for name in ("util", "memory", "power", "temp")]  # fmt: skip
    dtype = np.dtype([*dtype_system().descr, *more])
    table = TableWriter(made.paths.tables, "system", dtype)
    for second in range(seconds):
        row = np.zeros(1, dtype)
        share = second / max(1, seconds - 1)
        row["time"], row["step"] = made.clock.now() - seconds + second, second
        row["cpu"], row["host_cpu"], row["host_memory"] = 97 + 2 * (second % 2), 51, 24 + 4 * share
        row["rss"], row["watch"] = 3.2e8 * (1 + 0.2 * share), 0.008
        for i in range(gpus):
            name = f"gpu{i or ''}"
            row[f"{name}_util"], row[f"{name}_memory"] = 70 + 20 * i + second % 5, 2.1e9 * (i + 1)
            row[f"{name}_power"], row[f"{name}_temp"] = 240 + 30 * share, 50 + 20 * share + 3 * i
        table.append(row)
    table.close()
    return made
