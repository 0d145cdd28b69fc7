"""Evaluation on the held-out part, and early stopping that judges by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import torch

from tuiwb.data.batches import evaluation
from tuiwb.engine.build import Session
from tuiwb.engine.studies import study
from tuiwb.tasks.task import Batch

EVAL_BATCH = 256
"""Samples in one forward pass of an evaluation, at least (a batch of training if larger)."""


def evaluate(
    session: Session, most: int | None = None, between: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Metrics over the whole validation part, each under ``val_`` + its name; those that a task
    takes over the training part say so (``train_mistakes``) and keep their name, as the figures of
    the spec's studies do.

    The model's mode is restored, and no random number is drawn: training goes on as if nothing
    had happened. ``most`` batches are enough for who only wants to know what is reported.
    ``between`` is called before each batch: what it raises breaks the evaluation off.
    """
    figures = study(session)
    model = session.model
    training = model.training
    model.eval()
    try:
        with session.ranks.whole(), torch.no_grad(), session.device.autocast():
            batches = evaluation(session.dataset.val, at_once(session), session.dataset.context)
            metrics = session.task.evaluate(model, _heard(islice(batches, most), between))
    finally:
        model.train(training)
    return {
        name if name.startswith("train_") else f"val_{name}": float(value)
        for name, value in metrics.items()
    } | figures


def at_once(session: Session) -> int:
    """Samples in one forward pass of an evaluation: as many as training has room for."""
    rows = math.ceil(session.spec.data.batch_size / session.spec.train.accumulate)
    return rows if session.dataset.context else max(EVAL_BATCH, rows)


def _heard(batches: Iterator[Batch], between: Callable[[], None]) -> Iterator[Batch]:
    for batch in batches:
        between()
        yield batch


def eval_mode_loss(session: Session) -> float:
    """The loss of the coming step's batch in evaluation mode: that step's own loss is the same
    batch's, by the same weights, in training mode. NaN for a step of several turns.

    Nothing is drawn from the random state and no running statistic moves.
    """
    model = session.model
    if len(session.turns) > 1:
        return math.nan
    training = model.training
    devices = [session.device.device] if session.device.is_cuda else []
    model.eval()
    try:
        with torch.random.fork_rng(devices), torch.no_grad(), session.device.autocast():
            batch = session.batches.at(session.step)
            return float(session.turns[0].loss(model, batch, session.step)[0])
    finally:
        model.train(training)


class EarlyStopping:
    """Keeps the weights of the best evaluation and says when patience is over.

    Best is the lowest ``val_loss``. ``patience`` 0 keeps track of the best and never stops.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.best = math.inf
        self.best_step = 0
        self.waited = 0
        self._weights: dict[str, torch.Tensor] | None = None

    def judge(self, step: int, metrics: dict[str, float], model: torch.nn.Module) -> bool:
        """Take in one evaluation; True where it is the best so far."""
        loss = metrics.get("val_loss", math.nan)
        if loss < self.best:
            self.best, self.best_step, self.waited = loss, step, 0
            if self.patience:
                self._weights = {k: v.detach().clone() for k, v in model.state_dict().items()}
            return True
        self.waited += 1
        return False

    @property
    def over(self) -> bool:
        """Whether ``patience`` evaluations in a row brought nothing better."""
        return bool(self.patience) and self.waited >= self.patience

    def restore(self, model: torch.nn.Module) -> bool:
        """Put the best weights back; False where none were kept."""
        if self._weights is None:
            return False
        model.load_state_dict(self._weights)
        return True

    def retune(self, patience: int) -> None:
        """Another patience from now on; evaluations before it was turned on do not count."""
        if not self.patience:
            self.waited = 0
        if not patience:
            self._weights = None  # nobody keeps them up to date any more
        self.patience = patience

    def state_dict(self) -> dict[str, object]:
        """What a checkpoint keeps."""
        return {
            "best": self.best,
            "best_step": self.best_step,
            "waited": self.waited,
            "weights": self._weights,
        }

    def load_state_dict(self, state: Mapping[str, Any], patience: int) -> None:
        """Go on from `state_dict`, which was taken under ``patience``."""
        now, self.patience = self.patience, patience
        self.best, self.best_step = float(state["best"]), int(state["best_step"])
        self.waited, self._weights = int(state["waited"]), state["weights"]
        if now != patience:
            self.retune(now)
