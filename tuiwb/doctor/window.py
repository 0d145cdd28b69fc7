"""What a rule sees of a run: its recent rows as arrays, how it began, and what it trains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Array = npt.NDArray[Any]
Columns = Mapping[str, Array]
"""Column name -> values, oldest first, all of one length."""

STEPS, EVALS, LAYERS, SYSTEM, RANKS = 1000, 500, 64, 600, 60
"""Rows of each table that a rule looks back on."""
SMOOTH = 50
"""Steps in the median that ``best_loss`` is the lowest of."""
AGAIN = 1000
"""Steps after which a symptom that went away is a finding of its own."""


@dataclass(frozen=True)
class LayerFacts:
    """One row of the per-layer columns: dotted module path, class name, parameters."""

    name: str
    kind: str
    parameters: int = 0
    trainable: bool = True
    """Whether any of its parameters asks for a gradient."""


@dataclass(frozen=True)
class Facts:
    """What does not change while a run trains."""

    spec: Mapping[str, Any] = field(default_factory=dict)
    """The spec as one flat mapping, ``"optim.lr" -> 0.1``. A loop of the user's own has only what
    it told: ask with ``.get``."""
    layers: tuple[LayerFacts, ...] = ()
    classes: int = 0
    """0 where the targets are not classes."""
    class_counts: tuple[int, ...] = ()
    """Training samples of each class."""
    vocabulary: int = 0
    """Size of the vocabulary of a language task, else 0."""
    inputs: Mapping[str, float] = field(default_factory=dict)
    """Of the training inputs, where they are numbers: mean and std over all, ``offset`` the
    greatest abs(mean) / std of a feature, ``narrowest`` and ``widest`` std of a feature that
    varies, ``largest`` root mean square of a feature, ``condition`` of the features' covariance,
    ``features`` their number (`tuiwb.probes.inputs`)."""
    baselines: Mapping[str, float] = field(default_factory=dict)
    steps_per_epoch: float = float("nan")

    @property
    def task(self) -> str:
        """Name of the task, empty where nobody told."""
        return str(self.spec.get("task.name", ""))

    def number(self, key: str, default: float = 0.0) -> float:
        """A number of the spec."""
        value = self.spec.get(key, default)
        return float(value) if isinstance(value, int | float) else default


@dataclass(frozen=True)
class Window:
    """The recent past of a run. A table that is not there is an empty mapping; a figure that was
    not taken is NaN (a gradient norm that was skipped to keep the budget, a layer without one)."""

    steps: Columns
    """step, time, loss, lr, grad_norm, clipped, nonfinite, samples_per_s, wait_s and the loss's
    parts; one row per optimiser step, the last `STEPS`."""
    evals: Columns = field(default_factory=dict)
    """step, time, val_loss and the task's other metrics, the last `EVALS`; also ``train_loss``: the
    median training loss of the steps since the evaluation before, and ``eval_mode_loss``: the loss
    of the batch of the step that follows, in evaluation mode (NaN where it was not taken)."""
    layers: Columns = field(default_factory=dict)
    """step (S,), time (S,) and per-layer statistics (S, layers), the last `LAYERS` samples."""
    system: Columns = field(default_factory=dict)
    """time, step, cpu, rss, gpu_util, gpu_memory, ...: one row a second, the last `SYSTEM`."""
    ranks: Columns = field(default_factory=dict)
    """step (R,), time (R,) and seconds (R, processes): what a step costs each process by itself, a
    row a second, the last `RANKS`; empty where one process trains."""
    facts: Facts = field(default_factory=Facts)
    first_loss: float = np.nan
    """Loss of the very first step, before any update."""
    first_layers: Columns = field(default_factory=dict)
    """Per-layer statistics (layers,) of the first sample."""
    best_loss: float = np.inf
    """Lowest smoothed loss since the run began, the window's own past included."""
    now: float = np.nan
    """Unix seconds at which the window was cut; the last row's time for a run that has ended."""
    found: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What `once` has worked out of it."""

    def __len__(self) -> int:
        return len(self.steps.get("step", ()))

    def column(self, name: str) -> Array:
        """A column of the steps; all NaN where the run has none of that name."""
        found = self.steps.get(name)
        return np.full(len(self), np.nan) if found is None else found

    @property
    def step(self) -> Array:
        return self.column("step")

    @property
    def loss(self) -> Array:
        return self.column("loss")

    @property
    def lr(self) -> Array:
        return self.column("lr")

    def measured(self, name: str) -> Array:
        """The values of a steps column that were taken, without those that were skipped. Values
        that are infinite, or NaN in a step that was not finite, count as taken."""
        values = self.column(name)
        return values[~np.isnan(values) | (self.column("nonfinite") > 0)]

    def layer(self, name: str) -> Array:
        """A per-layer column, shape (samples, layers); (0, layers) where there is none."""
        found = self.layers.get(name)
        return np.empty((0, len(self.facts.layers))) if found is None else found

    def evaluated(self, name: str) -> Array:
        """A column of the evaluations; empty where there is none."""
        return self.evals.get(name, np.empty(0))

    def rows_of(self, kinds: Iterable[str]) -> list[int]:
        """Indices of the layers of these kinds (class names)."""
        wanted = frozenset(kinds)
        return [i for i, layer in enumerate(self.facts.layers) if layer.kind in wanted]


def once(work: Callable[[Window], T]) -> Callable[[Window], T]:
    """``work`` done once for a window: what several rules ask for. Nobody changes its outcome."""
    key = f"{work.__module__}.{work.__name__}"

    @wraps(work)
    def known(window: Window) -> T:
        if key not in window.found:
            window.found[key] = work(window)
        outcome: T = window.found[key]
        return outcome

    return known


def columns(rows: Array) -> dict[str, Array]:
    """A structured array as columns of floats (f8), which every table's rows come down to."""
    return {name: rows[name].astype(np.float64) for name in rows.dtype.names or ()}
