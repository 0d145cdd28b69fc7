"""One sequence into another: trained on the right beginnings, judged by what it writes alone.

Training forces the right tokens on the writer (Williams & Zipser 1989), so that all places are
computed at once. An evaluation lets it write greedily, each place after its own answers.
"""

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


class Knobs(TaskKnobs):
    """One sequence into another, written token by token."""

    targets: ClassVar[str] = "tokens"
    own_models: ClassVar[bool] = True


class Seq2Seq:
    """A model that answers ``model(inputs, answers)`` when forced and ``model(inputs)`` alone, both
    [B, L, V], against answers int64 [B, L]."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self._plain = plain(loss)
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss over the tokens of one batch, each after the right ones; no further parts."""
        inputs, targets = batch
        return self._loss(model(inputs, targets), targets), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` (nats per token, after the right tokens), and of greedy writing: ``accuracy``
        (tokens right) and ``whole`` (sequences right throughout)."""
        tally = Tally(self._plain)
        for inputs, targets in batches:
            tally.add(model(inputs, targets), targets, model(inputs).argmax(-1))
        return tally.result()

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """A few answers, and where the writer looked for each token of the first."""
        inputs, targets = dataset.val.inputs[:6], dataset.val.targets
        assert targets is not None
        guesses = model(inputs).argmax(-1)
        yield looking.answers(inputs, targets[:6], guesses, dataset.vocabulary)
        read, written = (
            looking.spelled(tokens, dataset.vocabulary) for tokens in (inputs[0], guesses[0])
        )
        yield from looking.attention(model, inputs[:1], read, written)


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Seq2Seq:
    """The task on ``dataset``; its baselines are those of the data, in nats per token."""
    task = Seq2Seq(loss)
    task.baselines = dict(dataset.baselines)
    return task
