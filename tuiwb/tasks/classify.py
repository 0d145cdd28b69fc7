"""One of K classes for each sample: loss and accuracy; of two classes also precision and recall.

Two classes may be told apart by one output (``single``): class 1 where it is above 0. K classes
take the largest of K outputs. Between two, class 1 may be said from another probability than 1/2
on: a lower threshold finds more of it (recall) and is wrong more often (precision).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isclose, log
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import looking, views
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, plain


class Knobs(TaskKnobs):
    """One of K classes for each sample."""

    threshold: Annotated[
        float, knob("probability from which the second of two classes is said", gt=0, lt=1)
    ] = 0.5


class Classify:
    """Outputs [B, K] or [B, 1] against class indices int64 [B]."""

    def __init__(
        self, loss: Loss, single: bool, pair: bool = False, threshold: float = 0.5
    ) -> None:
        self._loss = loss
        self._pair = pair
        self._level = log(threshold / (1 - threshold))
        self._plain = plain(loss)
        self._single = single
        self.baselines: dict[str, float] = {}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss of one batch; no further parts."""
        inputs, targets = batch
        return self._loss(model(inputs), targets), {}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` (without label smoothing) and ``accuracy`` (share of samples, 0 to 1). Of two
        classes also ``precision`` and ``recall`` of the second (0 where it is never said) and its
        ``average_precision``, which knows no threshold."""
        sums = None
        seen = 0
        scores, truths = [], []
        for inputs, targets in batches:
            outputs = model(inputs)
            guess = self._guess(outputs)
            row = torch.stack(
                (
                    self._plain(outputs, targets).float() * len(targets),
                    (guess == targets).sum().float(),
                )
            )
            sums = row if sums is None else sums + row
            seen += len(targets)
            if self._pair:
                scores.append(self._score(outputs).float())
                truths.append(targets)
        if sums is None:
            return {}
        means = sums / seen
        if self._pair:
            means = torch.cat((means, rates(torch.cat(scores), torch.cat(truths), self._level)))
        names = ("loss", "accuracy", "precision", "recall", "average_precision")
        return dict(zip(names, means.tolist(), strict=False))  # the one read-back

    def combined(self, outputs: Sequence[Tensor]) -> Tensor:
        """What several models answered [B, K] each, as one answer: the log of their mean
        probabilities (for one output, its logit)."""
        answers = torch.stack([answer.float() for answer in outputs])
        if self._single:
            no, yes = functional.logsigmoid(-answers), functional.logsigmoid(answers)
            return yes.logsumexp(0) - no.logsumexp(0)
        return answers.log_softmax(-1).logsumexp(0) - log(len(outputs))

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """The confusion matrix; of pictures the filters of the first layer, what in a picture its
        answer hangs on, and what attends to what; of points of a plane the decision boundary."""
        yield views.confusion(model, dataset.val, dataset.classes, self._guess)
        for picture in (
            views.first_filters(model, dataset.signature),
            views.saliency(model, dataset, self._score if self._single else None),
            views.boundary(model, dataset, self._colour, lambda targets: targets),
        ):
            if picture is not None:
                yield picture
        if dataset.signature.kind == "image":
            yield from looking.attention(model, dataset.val.inputs[:1], patches(model))

    def _guess(self, outputs: Tensor) -> Tensor:
        if self._single or self._pair:
            return self._score(outputs) > self._level
        return outputs.argmax(-1)

    def _score(self, outputs: Tensor) -> Tensor:
        """The logit of class 1 against class 0."""
        return outputs.squeeze(-1) if self._single else outputs[:, 1] - outputs[:, 0]

    def _colour(self, outputs: Tensor) -> Tensor:
        """-1 for the first class to 1 for the last; between two, by how sure the model is."""
        if outputs.shape[-1] > 2:
            return outputs.argmax(-1) * 2 / (outputs.shape[-1] - 1) - 1
        logit = outputs.squeeze(-1) if self._single else outputs[:, 1] - outputs[:, 0]
        return torch.tanh(logit / 2)  # twice the probability of class 1, minus 1


def patches(model: nn.Module) -> list[str]:
    """Names of what an architecture of patches attends to: its class token and their numbers."""
    embedded = getattr(model, "positions", None)
    count = embedded.num_embeddings if isinstance(embedded, nn.Embedding) else 1
    return ["class", *map(str, range(1, count))]


def rates(scores: Tensor, targets: Tensor, level: float) -> Tensor:
    """Precision and recall of class 1 where it is said above ``level``, and average precision (the
    mean over all samples of class 1 of the precision where each is found); shape (3,)."""
    positive = targets == 1
    count = positive.sum().clamp_min(1)
    said = scores > level
    hits = (said & positive).sum()
    found = positive[scores.argsort(descending=True)].cumsum(0)
    places = torch.arange(1, len(found) + 1, device=found.device)
    # the precision at the place of each sample of class 1, where the count goes up by one
    first = found.diff(prepend=found.new_zeros(1)) > 0
    average = (found / places * first).sum() / count
    return torch.stack((hits / said.sum().clamp_min(1), hits / count, average)).float()


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Classify:
    """The task on ``dataset``; a one-output loss on other than two classes is a `UserError`."""
    classes = len(dataset.classes)
    if single and classes != 2:
        raise UserError(
            "this loss reads one output, which tells two classes apart",
            where="loss.name",
            found=f"{classes} classes: {', '.join(dataset.classes)}",
            allowed="data with two classes, or loss.name = cross-entropy",
        )
    task = Classify(loss, single, classes == 2, knobs.threshold)
    targets = dataset.val.targets
    if targets is not None:
        # through the loss itself: ln K for cross-entropy, 0.5 for the Playground's squared error
        zeros = torch.zeros(len(targets), 1 if single else classes, device=targets.device)
        guess = float(plain(loss)(zeros, targets))
        # the data's own are in nats of cross-entropy: they hold where a uniform guess costs ln K
        in_nats = isclose(guess, log(classes), rel_tol=1e-4)
        task.baselines = (dataset.baselines if in_nats else {}) | {"uniform guess": guess}
    return task
