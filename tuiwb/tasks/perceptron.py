"""The perceptron's rule: learn from mistakes alone (Rosenblatt 1958).

A step takes the first sample of its batch that is answered wrongly, and moves the weights towards
its class and away from the one that was answered: the gradient of minus its margin. Where all are
right, nothing moves. From weights of zero the number of mistakes is at most (R / gamma)^2 on
separable data (Novikoff 1962), whatever the order and the learning rate: R is the length of the
longest sample, with a 1 for the bias, and gamma the margin of any weights of length 1. With the
whole training part as the batch, steps count mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from tuiwb.data.batches import evaluation
from tuiwb.data.dataset import Dataset, Part
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import views
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss


class Knobs(TaskKnobs):
    """One of K classes for each sample, learned from mistakes alone."""

    targets: ClassVar[str] = "classes"
    brings_loss: ClassVar[bool] = True
    one_loss: ClassVar[bool] = False
    any_rate: ClassVar[str] = "from weights of zero the rate only scales them"


class Perceptron:
    """Scores [B, K] against class indices int64 [B]; a tie is a mistake."""

    def __init__(self, dataset: Dataset) -> None:
        self._train = dataset.train
        self.baselines: dict[str, float] = {}
        self.bound = novikoff(dataset.train)
        """Most mistakes from weights of zero; None where no bound is known."""

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Minus the margin of the first mistake, and how many ``mistakes`` the batch holds."""
        inputs, targets = batch
        margin = _margins(model(inputs), targets)
        wrong = (margin <= 0).to(margin.dtype)
        first = wrong.argmax()
        return -margin[first] * wrong[first], {"mistakes": wrong.detach().sum()}

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss``: mean shortfall of what is answered wrongly; ``accuracy``; and, over the
        training part, the number of ``train_mistakes`` left."""
        sums = torch.zeros(2)
        seen = 0
        for inputs, targets in batches:
            margin = _margins(model(inputs), targets).float()
            sums = sums.to(margin.device) + torch.stack(
                ((-margin).clamp(min=0).sum(), (margin > 0).float().sum())
            )
            seen += len(targets)
        left = sum(
            ((_margins(model(x), y) <= 0).sum() for x, y in evaluation(self._train, 4096)),
            start=torch.zeros((), dtype=torch.int64, device=self._train.inputs.device),
        )
        loss, right = (sums / max(seen, 1)).tolist()
        return {"loss": loss, "accuracy": right, "train_mistakes": float(left)}

    def pictures(self, model: nn.Module, dataset: Dataset) -> Iterator[Picture]:
        """The separating line, where samples are points of a plane."""
        words = f"at most {self.bound:.0f} mistakes (Novikoff)" if self.bound else ""
        classes = len(dataset.classes)

        def colour(outputs: Tensor) -> Tensor:
            return outputs.argmax(-1) * 2 / (classes - 1) - 1

        picture = views.boundary(model, dataset, colour, lambda targets: targets, words)
        if picture is not None:
            yield picture


def _margins(scores: Tensor, targets: Tensor) -> Tensor:
    """The right class's score minus the best of the others [B]."""
    own = targets[:, None]
    others = scores.scatter(1, own, float("-inf")).amax(1)
    return scores.gather(1, own).squeeze(1) - others


def novikoff(part: Part) -> float | None:
    """The bound (R / gamma)^2 for two classes with the largest margin that there is.

    None for other than two classes, and where no line through the samples separates them.
    """
    from sklearn.svm import SVC

    assert part.targets is not None
    inputs = part.inputs.flatten(1).double().cpu().numpy()
    signs = part.targets.cpu().numpy() * 2.0 - 1
    if set(signs.tolist()) != {-1.0, 1.0} or len(signs) > 10_000:
        return None
    samples = np.concatenate((inputs, np.ones((len(inputs), 1))), axis=1)
    towards = samples * signs[:, None]
    # each sample and its mirror image: what separates them widest goes through the origin
    machine = SVC(kernel="linear", C=1e6)
    machine.fit(np.concatenate((towards, -towards)), np.repeat((1, -1), len(towards)))
    weights = machine.coef_[0]
    gamma = float((towards @ weights).min() / np.linalg.norm(weights))
    longest = float(np.square(samples).sum(1).max())
    return longest / gamma**2 if gamma > 0 else None


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Perceptron:
    """The task on ``dataset``; it brings its loss."""
    return Perceptron(dataset)
