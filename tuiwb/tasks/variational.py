"""A density of samples through a code: the variational autoencoder's bound, in nats a sample.

Minus the evidence lower bound (Kingma & Welling 2014, equation 10) for pixels in 0..1 under a
Bernoulli decoder: the cross-entropy of the pixels, summed, given a code drawn from the encoder's
normal distribution, and the divergence KL(q(z|x) || N(0, 1)), summed over the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from tuiwb.base.errors import UserError
from tuiwb.data.batches import generator
from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks.looks import POINTS, SHOWN, plane, tiles
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss

USED = 0.1
"""Nats of divergence from which on a number of the code says something about the sample."""


class Knobs(TaskKnobs):
    """A density of samples through a code."""

    targets: ClassVar[str] = "none"
    own_models: ClassVar[bool] = True
    brings_loss: ClassVar[bool] = True

    beta: Annotated[
        float,
        knob("weight of the divergence while training; 1 is the bound itself (Higgins et al. 2017)",
             ge=0, le=1000),
    ] = 1.0  # fmt: skip


class Variational:
    """The model offers ``encode(inputs) -> (mean, log_variance)``, both [B, K], and
    ``decode(code) -> logits`` [B, F]."""

    def __init__(self, beta: float, dataset: Dataset) -> None:
        self._beta = beta
        mean = dataset.train.inputs.flatten(1).mean(0)
        goal = dataset.val.inputs.flatten(1)
        guess = F.binary_cross_entropy(mean.expand_as(goal), goal, reduction="sum") / len(goal)
        self.baselines = {"mean sample": float(guess)}

    def loss(self, model: Any, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Nats a sample; parts ``reconstruction`` and ``kl``."""
        goal = batch[0].flatten(1)
        mean, log_variance = model.encode(batch[0])
        code = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        crossed = cross_entropy(model.decode(code), goal).mean()
        kl = divergence(mean, log_variance).sum(1).mean()
        parts = {"reconstruction": crossed.detach(), "kl": kl.detach()}
        return crossed + self._beta * kl, parts

    def evaluate(self, model: Any, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` = ``reconstruction`` + ``kl`` (minus the bound, whatever beta is; one code is
        drawn a sample, always from the same random numbers), and ``used``: how many numbers of the
        code carry more than 0.1 nats."""
        random = generator(0)
        sums = None
        seen = 0
        for inputs, _ in batches:
            mean, log_variance = (part.float() for part in model.encode(inputs))
            noise = torch.randn(mean.shape, generator=random).to(mean.device)
            code = mean + (log_variance / 2).exp() * noise
            crossed = cross_entropy(model.decode(code).float(), inputs.flatten(1)).sum()
            row = torch.cat((crossed[None], divergence(mean, log_variance).sum(0)))
            sums = row if sums is None else sums + row
            seen += len(inputs)
        if sums is None:
            return {}
        crossed_, *each = (sums / seen).tolist()  # the one read-back
        used = float(sum(kl > USED for kl in each))
        kl = sum(each)
        return {"loss": crossed_ + kl, "reconstruction": crossed_, "kl": kl, "used": used}

    def pictures(self, model: Any, dataset: Dataset) -> Iterator[Picture]:
        """Samples and what comes back, samples out of nothing, and the codes' means."""
        val, shape = dataset.val, dataset.signature.shape
        mean, _ = model.encode(val.inputs[:POINTS])
        if dataset.signature.kind == "image":
            rebuilt = model.decode(mean[:SHOWN]).sigmoid()
            yield tiles("reconstructions", [val.inputs[:SHOWN], rebuilt], shape,
                        words="samples above, rebuilt below")  # fmt: skip
            noise = torch.randn(3 * SHOWN, mean.shape[1], generator=generator(1)).to(mean.device)
            yield tiles("samples", [model.decode(noise).sigmoid()], shape,
                        words="from codes drawn from N(0, 1)")  # fmt: skip
        yield plane("codes", mean, val.targets, dataset)


def cross_entropy(logits: Tensor, goal: Tensor) -> Tensor:
    """Nats of each sample [B]: minus the log-likelihood of shares ``goal`` [B, F], summed."""
    return F.binary_cross_entropy_with_logits(logits, goal, reduction="none").sum(1)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of each number of the code, in nats."""
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2


def check_shares(dataset: Dataset, task: str) -> None:
    """Inputs that are probabilities, 0 to 1; others are a `UserError` at ``data.scaling``."""
    low, high = dataset.train.inputs.aminmax()
    if float(low) < 0 or float(high) > 1:
        raise UserError(
            f"the task {task!r} reads each input as the probability of a bit",
            where="data.scaling",
            found=f"inputs from {float(low):.3g} to {float(high):.3g}",
            allowed="inputs from 0 to 1, such as data.scaling = unit for images",
        )


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Variational:
    """The task on ``dataset``, whose inputs lie in 0..1."""
    check_shares(dataset, "variational")
    return Variational(knobs.beta, dataset)
