"""One spec trained straight through, and again from the first checkpoint that this has left."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.engine.recorder import MemorySink, Script
from tuiwb.engine.build import Session, build
from tuiwb.engine.checkpoint import load, steps_in
from tuiwb.engine.interfaces import Controls
from tuiwb.engine.loop import Outcome, train
from tuiwb.engine.rolling import Checkpoints
from tuiwb.spec import resolve
from tuiwb.spec.sections import Spec


@dataclass
class Trained:
    """What became of one of the two."""

    outcome: Outcome
    sink: MemorySink
    session: Session
    bits: list[torch.Tensor]
    """Every number that a further step would depend on."""

    def told(self, after: int) -> dict[str, Any]:
        """What a run shows of the steps after ``after``, but for times."""
        rows = [row for row in self.sink.rows if row.step > after]
        return {
            "losses": [(row.step, row.loss, row.lr, row.parts) for row in rows],
            "evaluations": [found for found in self.sink.evaluations if found[0] > after],
            "outcome": self.outcome,
        }


def trained(
    spec: Spec,
    folder: Path | Checkpoints,
    begin: dict[str, Any] | None = None,
    controls: Controls | None = None,
) -> Trained:
    """A new session, trained to its end; every random state is another one than before."""
    torch.manual_seed(987)
    np.random.seed(987)
    random.seed(987)
    session, sink = build(spec), MemorySink()
    outcome = train(session, sink, controls or Script(), folder, begin)
    bits = list(session.model.state_dict().values())
    for optimizer in session.optimizers:
        bits += _tensors(optimizer.state_dict()["state"])
    return Trained(outcome, sink, session, [*bits, torch.get_rng_state()])


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        return [t for key in sorted(value, key=str) for t in _tensors(value[key])]
    if isinstance(value, list | tuple):
        return [t for item in value for t in _tensors(item)]
    return [torch.tensor(float(value))] if isinstance(value, int | float) else []


def check_goes_on(folder: Path, preset: str, overrides: Sequence[str]) -> Trained:
    """That a new session goes on from the first checkpoint's file as the run that was never
    interrupted did, to the bit; returns that run."""
    spec = resolve(preset, overrides).spec
    straight = trained(spec, folder / "straight")
    first = steps_in(folder / "straight")[0]
    assert 0 < first < straight.session.step
    state = load(folder / "straight" / f"{first:08d}")
    assert state["step"] == first
    resumed = trained(spec, folder / "resumed", state)
    told = straight.told(first)
    assert told["losses"] and resumed.told(0) == told
    assert len(straight.bits) == len(resumed.bits)
    for mine, other in zip(straight.bits, resumed.bits, strict=True):
        assert torch.equal(mine, other)
    return straight
