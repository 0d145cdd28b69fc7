"""Low free energy for data, high for what the machine makes up: contrastive divergence and PCD.

The loss is the mean free energy of the data minus that of the machine's samples, which are held
fixed: its gradient is the update of contrastive divergence (Hinton 2002), the k Gibbs steps begun
at the data, or, with ``persistent`` chains, of stochastic maximum likelihood (Tieleman 2008). Its
value is not a distance to anything; it hovers about 0. What is measured is the pseudo-likelihood,
and how far a logistic regression gets with the hidden bits instead of the pixels.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks.distance import Sliced
from tuiwb.tasks.looks import SHOWN, filters, tiles
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss
from tuiwb.tasks.variational import check_shares

FANTASIES = 500
"""Chains of which the machine's own samples are taken."""


class Knobs(TaskKnobs):
    """Low free energy for data, high for what the machine makes up."""

    targets: ClassVar[str] = "none"
    own_models: ClassVar[bool] = True
    brings_loss: ClassVar[bool] = True
    one_loss: ClassVar[bool] = False
    progress: ClassVar[str] = "reconstruction"

    chains: Annotated[
        Literal["data", "persistent"],
        knob("where Gibbs sampling begins at each step: at the data (CD), or where it ended (PCD)"),
    ] = "data"
    gibbs: Annotated[
        int, knob("Gibbs steps before a sample counts (the k of CD-k)", unit="steps", ge=1,
                  le=1000)
    ] = 1  # fmt: skip
    judged: Annotated[
        int,
        knob("training samples that the logistic regression on the features is fitted to; 0 is no "
             "such regression", unit="samples", ge=0, le=1_000_000),
    ] = 2000  # fmt: skip
    fantasy: Annotated[
        int,
        knob("Gibbs steps from random bits on after which the machine's own samples are held "
             "against held-out ones; 0 is off", unit="steps", ge=0, le=1_000_000),
    ] = 0  # fmt: skip


class Energy:
    """The model offers what `tuiwb.models.rbm.RBM` does."""

    def __init__(self, knobs: Knobs, dataset: Dataset) -> None:
        self._knobs = knobs
        self._dataset = dataset
        self._raw: float | None = None
        self._distance = Sliced(dataset.val.inputs) if knobs.fantasy else None
        share = dataset.train.inputs.flatten(1).mean(0).clamp(1e-4, 1 - 1e-4)
        goal = dataset.val.inputs.flatten(1)
        guess = F.binary_cross_entropy(share.expand_as(goal), goal, reduction="sum") / len(goal)
        self.baselines = {"mean sample": float(guess)}

    def loss(self, model: Any, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Free energy of the data minus that of samples, a mean in nats; part ``reconstruction``:
        mean squared error of the pixels after one step down and up."""
        visible = batch[0].flatten(1)
        with torch.no_grad():
            if self._knobs.chains == "persistent":
                made, model.chains[:] = model.gibbs(model.chains, self._knobs.gibbs)
            else:
                began = torch.bernoulli(model.features(visible))
                made, _ = model.gibbs(began, self._knobs.gibbs)
            rebuilt = model.visible_given(model.features(visible))
            parts = {"reconstruction": (rebuilt - visible).square().mean()}
        return model.free_energy(visible).mean() - model.free_energy(made).mean(), parts

    def evaluate(self, model: Any, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` = minus the pseudo-log-likelihood (nats a sample), ``reconstruction`` (mean
        squared error); with classes also ``accuracy`` of a logistic regression on the features,
        ``pixel_accuracy`` of one on the pixels, and their difference ``gain``; with
        ``task.fantasy`` also ``distance``, the sliced Wasserstein distance of the machine's own
        samples from the held-out ones."""
        sums = None
        seen = 0
        for inputs, _ in batches:
            visible = inputs.flatten(1)
            rebuilt = model.visible_given(model.features(visible))
            row = torch.stack(
                (
                    -pseudo_likelihood(model, visible).sum(),
                    (rebuilt - visible).square().mean(1).sum(),
                )
            )
            sums = row if sums is None else sums + row
            seen += len(visible)
        if sums is None:
            return {}
        loss, error = (sums / seen).tolist()  # the one read-back
        metrics = {"loss": loss, "reconstruction": error}
        if self._distance is not None:
            metrics["distance"] = float(self._distance.to(self._fantasies(model)))
        if self._knobs.judged and self._dataset.classes:
            if self._raw is None:
                self._raw = self._regression(lambda rows: rows)
            accuracy = self._regression(model.features)
            metrics |= {
                "accuracy": accuracy,
                "pixel_accuracy": self._raw,
                "gain": accuracy - self._raw,
            }
        return metrics

    def _fantasies(self, model: Any) -> Tensor:
        """What chains that began at random bits show: probabilities [FANTASIES, V]. The same random
        numbers every time; torch's global generator is put back."""
        weight = model.hidden.weight
        devices = [weight.device] if weight.is_cuda else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(5)
            hidden = torch.bernoulli(
                torch.full((FANTASIES, len(weight)), 0.5, device=weight.device)
            )
            _, hidden = model.gibbs(hidden, self._knobs.fantasy)
        shown: Tensor = model.visible_given(hidden)
        return shown

    def _regression(self, features: Any) -> float:
        """Validation accuracy of scikit-learn's logistic regression on features of the samples."""
        from sklearn.linear_model import LogisticRegression

        train, val = self._dataset.train, self._dataset.val
        assert train.targets is not None and val.targets is not None
        # evenly spread, so that all classes and all kinds of sample are in it
        rows = torch.linspace(0, len(train) - 1, min(self._knobs.judged, len(train))).long()
        rows = rows.to(train.inputs.device)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that has not quite converged still judges
            fitted = LogisticRegression(C=100.0, max_iter=200).fit(
                _numpy(features(train.inputs[rows].flatten(1))), _numpy(train.targets[rows])
            )
        return float(fitted.score(_numpy(features(val.inputs.flatten(1))), _numpy(val.targets)))

    def pictures(self, model: Any, dataset: Dataset) -> Iterator[Picture]:
        """Weights of hidden units, samples and what comes back, samples of a long chain."""
        shape = dataset.signature.shape
        if dataset.signature.kind != "image":
            return
        yield filters("filters", model.hidden.weight[: 10 * SHOWN], shape)
        some = dataset.val.inputs[:SHOWN].flatten(1)
        rebuilt = model.visible_given(model.features(some))
        yield tiles("reconstructions", [some, rebuilt], shape,
                    words="samples above, after one step down and up below")  # fmt: skip
        # the caller has seeded torch's generator
        _, hidden = model.gibbs(torch.bernoulli(model.features(some)), 500)
        yield tiles("samples", [model.visible_given(hidden)], shape,
                    words="after 500 Gibbs steps")  # fmt: skip


def pseudo_likelihood(model: Any, visible: Tensor) -> Tensor:
    """Sum over bits of ln p(v_i | all others), in nats: [B] of [B, V].

    p(v_i | v_-i) = sigmoid(F(v with bit i flipped) - F(v)) (Besag 1975). Where scikit-learn draws
    one bit and multiplies by V, all bits are flipped here: the same figure without its noise.
    Inputs between 0 and 1 are rounded to bits.
    """
    visible = (visible > 0.5).to(visible.dtype)
    weight, bias = model.hidden.weight, model.visible.bias
    before = F.linear(visible, weight, model.hidden.bias)  # [B, H]
    energy = F.softplus(before).sum(1)
    total = torch.zeros_like(energy)
    for bit in range(visible.shape[1]):
        change = 1 - 2 * visible[:, bit]  # +1 where the bit goes on, -1 where it goes off
        after = F.softplus(before + change[:, None] * weight[:, bit]).sum(1)
        flipped = -change * bias[bit] - (after - energy)  # F(flipped) - F(v)
        total = total + F.logsigmoid(flipped)
    return total


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Energy:
    """The task on ``dataset``, whose inputs lie in 0..1; classes serve the regression alone."""
    check_shares(dataset, "energy")
    return Energy(knobs, dataset)
