"""A small watched training, and what it left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import tuiwb
from tuiwb.api import open_run
from tuiwb.run.view import RunView

STEPS = 12
EVERY = 1e6
"""A budget that samples every step."""


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 2))


def batch(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(16, 8, generator=generator)
    return x, (x.sum(1) > 0).long()


def cross_entropy(model: nn.Module, seed: int) -> torch.Tensor:
    x, y = batch(seed)
    return nn.functional.cross_entropy(model(x), y)


def sgd(model: nn.Module, lr: float = 0.1) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), lr=lr)


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    folder: Path,
    loss_of: Callable[[nn.Module, int], torch.Tensor] = cross_entropy,
    steps: int = STEPS,
    at: Callable[[int, tuiwb.watching.run.Run], Any] = lambda i, run: None,  # type: ignore[name-defined]
    **options: Any,
) -> RunView:
    """Train under `tuiwb.watch`, every step sampled; ``at`` is called before each step."""
    options = {"name": "r", "budget": EVERY, **options}
    with tuiwb.watch(model, optimizer, runs=folder, **options) as run:
        for i in range(steps):
            at(i, run)
            optimizer.zero_grad()
            loss = loss_of(model, i)
            loss.backward()
            optimizer.step()
            run.step(loss=loss)
    return open_run(folder / options["name"])


def steps_of(view: RunView) -> np.ndarray:
    return view.table("steps").tail(100_000)


def layers_of(view: RunView) -> np.ndarray:
    return view.table("layers").tail(100_000)


def kinds(view: RunView, kind: str) -> list[int]:
    return [i for i, layer in enumerate(view.layers) if layer.kind == kind]


def errors(view: RunView) -> list[dict[str, Any]]:
    return [event for event in view.events if event["kind"] == "error"]


def whole(view: RunView, steps: int = STEPS) -> None:
    """Nothing of ours failed and every step has its row."""
    assert not errors(view)
    assert view.status.state == "finished"
    assert steps_of(view)["step"].tolist() == list(range(1, steps + 1))
