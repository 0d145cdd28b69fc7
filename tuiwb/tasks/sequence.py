"""A token as answer at each place of a sequence: loss, tokens right, whole sequences right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from torch import Tensor, nn

from tuiwb.data.dataset import Dataset
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import looking
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain
from tuiwb.tasks.tokens import Tally

BLANK = "·"
"""The token that says nothing, where a vocabulary has one."""


class Knobs(TaskKnobs):
    """A token as answer at each place of a sequence."""

    targets: ClassVar[str] = "tokens"


class Sequence:
    """Outputs [B, T, V] against answers int64 [B, T]; answers below 0 are not asked for."""

    def __init__(self, loss: Loss, blank: int | None) -> None:
        self._loss = loss
        self._plain = plain(loss)
        self._blank = blank
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss over the places of one batch; no further parts."""
        inputs, targets = batch
        return self._loss(model(inputs), targets), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` (nats per place), ``accuracy`` (places right), ``whole`` (sequences right
        throughout) and, where there is a blank, ``recall`` (places right that are not blank)."""
        tally = Tally(self._plain, self._blank)
        for inputs, targets in batches:
            tally.add(model(inputs), targets)
        return tally.result()

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """A few answers, what attends to what, and hidden states and gates over time."""
        inputs, targets = dataset.val.inputs[:6], dataset.val.targets
        assert targets is not None
        yield looking.answers(inputs, targets[:6], model(inputs).argmax(-1), dataset.vocabulary)
        names = looking.spelled(inputs[0], dataset.vocabulary)
        yield from looking.attention(model, inputs[:1], names)
        yield from looking.activations(model, inputs[:1], names)


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Sequence:
    """The task on ``dataset``; its baselines are those of the data, in nats per place."""
    words = dataset.vocabulary
    task = Sequence(loss, words.index(BLANK) if BLANK in words else None)
    task.baselines = dict(dataset.baselines)
    return task
