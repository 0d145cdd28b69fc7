"""Layer by layer without labels, then all layers with them: greedy pre-training, fine-tuning.

Hinton, Osindero & Teh 2006. For ``pretrain`` steps each, the Boltzmann machines are trained by
contrastive divergence from the lowest up, each on the probabilities of the one below, which rests;
after that the whole network follows the loss. ``pretrain`` 0 is the same network without: what
pre-training is worth shows where the network is deep and its units are sigmoids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from tuiwb.base.errors import UserError
from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks import classify
from tuiwb.tasks.looks import SHOWN, filters
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, Turn
from tuiwb.tasks.variational import check_shares


class Knobs(TaskKnobs):
    """Layer by layer without labels, then all layers with them."""

    like: ClassVar[str] = "classify"
    own_models: ClassVar[bool] = True
    one_loss: ClassVar[bool] = False

    pretrain: Annotated[
        int, knob("steps of contrastive divergence for each layer; 0 is off", unit="steps", ge=0,
                  le=10**9)
    ] = 20  # fmt: skip
    pretrain_lr: Annotated[
        float, knob("learning rate of these steps, as a factor of optim.lr (a factor of their "
                    "loss: optimizers that rescale gradients, such as Adam, take it away again)",
                    gt=0, le=1000, scale="log")
    ] = 1.0  # fmt: skip


class Layerwise:
    """The model offers ``machines`` (`tuiwb.models.rbm.RBM`) and ``below``."""

    def __init__(self, knobs: Knobs, whole: classify.Classify) -> None:
        self._knobs = knobs
        self._whole = whole
        self.baselines: dict[str, float] = whole.baselines
        # of a net of up to eight layers; a step beyond the last stage is fine-tuning again
        self.milestones = tuple(knobs.pretrain * stage for stage in range(9))

    def turns(self, model: Any) -> tuple[Turn, ...]:
        """One turn, whose loss depends on the step: a layer that rests has no gradient."""
        return (Turn("", tuple(model.parameters()), self._staged),)

    def _staged(self, model: Any, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        each, machines = self._knobs.pretrain, model.machines
        stage = min(step // each, len(machines)) if each else len(machines)
        if stage < len(machines):
            loss = self._knobs.pretrain_lr * contrastive(model, batch[0], stage)
        else:
            loss, _ = self._whole.loss(model, batch)
        return loss, {"stage": torch.full((), float(stage), device=loss.device)}

    def loss(self, model: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of fine-tuning."""
        return self._whole.loss(model, batch)

    def evaluate(self, model: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss`` and ``accuracy`` of the whole network, as in classification."""
        return self._whole.evaluate(model, batches)

    def pictures(self, model: Any, dataset: Dataset) -> Iterator[Picture]:
        """Weights of the lowest machine."""
        if dataset.signature.kind == "image":
            weights = model.machines[0].hidden.weight[: 10 * SHOWN]
            yield filters("filters", weights, dataset.signature.shape)


def contrastive(model: Any, inputs: Tensor, machine: int) -> Tensor:
    """Free energy of the data minus that of samples after one Gibbs step (CD-1), of one machine on
    top of those below it."""
    rbm = model.machines[machine]
    with torch.no_grad():
        visible = model.below(inputs, machine)
        made, _ = rbm.gibbs(torch.bernoulli(rbm.features(visible)), 1)
    difference: Tensor = rbm.free_energy(visible).mean() - rbm.free_energy(made).mean()
    return difference


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Layerwise:
    """The task on ``dataset``, whose inputs lie in 0..1."""
    check_shares(dataset, "layerwise")
    if single:
        raise UserError(
            "the last layer has one output for each class",
            where="loss.name",
            found="a loss that reads a single output",
            allowed="cross-entropy",
        )
    return Layerwise(knobs, classify.build(classify.Knobs(name="classify"), loss, dataset))
