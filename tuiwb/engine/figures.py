"""The figures of one step: on their way from the device together, with what the host knew then."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from tuiwb.engine.interfaces import StepRow


class Note(NamedTuple):
    """What the host knew when a step's figures set out from the device."""

    step: int
    time: float
    lr: float
    clip_norm: float
    samples_per_s: float
    wait_s: float


def gathered(
    loss: torch.Tensor, parts: Mapping[str, torch.Tensor], norms: torch.Tensor | None
) -> torch.Tensor:
    """A step's figures as one vector, so that they leave the device together."""
    figures = loss
    if parts:
        figures = torch.stack([loss.detach(), *parts.values()])
    return figures if norms is None else torch.cat((figures.detach().reshape(-1), norms))


def row_of(note: Note, figures: np.ndarray, parts: int) -> StepRow:
    """One step as the sink wants it, from the figures that have come back; ``parts`` of them are of
    the loss."""
    loss, *rest = figures.reshape(-1).tolist()
    norms = rest[parts:]
    total = math.hypot(*norms) if norms else math.nan
    not_finite = 0 if math.isfinite(total) else sum(not math.isfinite(n) for n in norms)
    return StepRow(
        note.step,
        note.time,
        loss,
        note.lr,
        total,
        bool(note.clip_norm and total > note.clip_norm),
        not_finite + (not math.isfinite(loss)),
        note.samples_per_s,
        note.wait_s,
        tuple(rest[:parts]),
    )
