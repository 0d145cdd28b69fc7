"""The one look at the test part, when a run is over and its weights are what they will be."""

from __future__ import annotations

import dataclasses

import torch

from tuiwb.engine.build import Session
from tuiwb.engine.evaluation import evaluate
from tuiwb.spec.declarations import SHELVES


def tested(session: Session) -> dict[str, float]:
    """What an evaluation takes, over the test part: each metric under ``test_`` + its name.

    Nothing where no part was set aside. The model and the random state are as before.
    """
    if session.dataset.test is None:
        return {}
    spec = session.spec
    asked = dataclasses.replace(session.dataset, val=session.dataset.test, test=None)
    loss = SHELVES["loss"].load(spec.loss.name).build(spec.loss)
    devices = [session.device.device] if session.device.is_cuda else []
    with torch.random.fork_rng(devices):
        # a task may keep the part that it is judged by: it is built anew on this one
        task = SHELVES["task"].load(spec.task.name).build(
            spec.task, loss, asked, getattr(spec.loss, "single", False)
        )  # fmt: skip
        metrics = evaluate(dataclasses.replace(session, dataset=asked, task=task))
    return {
        f"test_{name.removeprefix('val_')}": value
        for name, value in metrics.items()
        if name.startswith("val_")
    }
