"""A game of two networks: one makes samples, the other tells them from real ones.

Every step has two turns, each with an optimiser of its own: the discriminator's ``critic_steps``
updates, then one of the generator. With logits d of real samples and d' of made ones:

minimax           D: softplus(-d) + softplus(d'), G: -softplus(d')        (Goodfellow et al. 2014)
non-saturating    D: the same,                    G: softplus(-d')        (same, section 3)
least-squares     D: (d - 1)^2 / 2 + d'^2 / 2,    G: (d' - 1)^2 / 2       (Mao et al. 2017)
wgan-gp           D: d' - d + 10 (|grad| - 1)^2,  G: -d'                  (Gulrajani et al. 2017)

The minimax generator's gradient vanishes where the discriminator is sure. No loss of a game tells
how good the samples are: that is measured on the samples, and ``val_loss``, by which early stopping
judges, is their sliced Wasserstein distance from held-out data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.base.errors import UserError
from tuiwb.data.batches import generator
from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks.distance import Sliced
from tuiwb.tasks.judge import Judge
from tuiwb.tasks.looks import SHOWN, spread_of, tiles
from tuiwb.tasks.modes import Modes
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss, Turn

MADE = 2000
"""Samples that an evaluation makes."""


class Knobs(TaskKnobs):
    """Generator against discriminator."""

    targets: ClassVar[str] = "none"
    own_models: ClassVar[bool] = True
    brings_loss: ClassVar[bool] = True
    one_loss: ClassVar[bool] = False
    rates: ClassVar[dict[str, str]] = {"discriminator": "critic_lr"}

    game: Annotated[
        Literal["minimax", "non-saturating", "least-squares", "wgan-gp"],
        knob("what the two networks minimise"),
    ] = "non-saturating"
    critic_steps: Annotated[
        int, knob("updates of the discriminator before each of the generator", ge=1, le=100)
    ] = 1
    critic_lr: Annotated[
        float, knob("learning rate of the discriminator, as a factor of optim.lr", gt=0, le=1000,
                    scale="log", tier="hot")
    ] = 1.0  # fmt: skip
    penalty: Annotated[float, knob("weight of the gradient penalty of wgan-gp", ge=0, le=1000)] = (
        10.0
    )
    judge: Annotated[
        Literal["means", "net"],
        knob("what tells the class of a made sample: the nearest of the classes' means, or, for "
             "pictures, a small convolutional net trained on the data beforehand"),
    ] = "means"  # fmt: skip
    reach: Annotated[
        float, knob("how far from a class's mean, in its standard deviations a feature, a made "
                    "sample counts as good where the means judge", gt=0, le=100)
    ] = 4.25  # fmt: skip


class Adversarial:
    """The model offers ``generator`` (latents [B, Z] -> samples), ``discriminator`` (samples ->
    [B, 1]) and Z as ``latent``."""

    def __init__(self, knobs: Knobs, dataset: Dataset) -> None:
        self._knobs = knobs
        net = knobs.judge == "net"
        self._modes = Judge(dataset) if net else Modes(dataset, knobs.reach)
        self._distance = Sliced(dataset.val.inputs)
        # what is left where nothing is wrong: two draws of the same density are not the same
        self.baselines = {"training samples": float(self._distance.to(dataset.train.inputs))}

    def retune(self, knobs: Knobs) -> None:
        """Other hot knobs from now on; `turns` follow them."""
        self._knobs = knobs

    def turns(self, model: Any) -> tuple[Turn, ...]:
        """The discriminator's updates, then the generator's."""
        return (
            Turn(
                "discriminator",
                tuple(model.discriminator.parameters()),
                self._discriminator,
                times=self._knobs.critic_steps,
                lr=self._knobs.critic_lr,
            ),
            Turn("generator", tuple(model.generator.parameters()), self._generator),
        )

    def loss(self, model: Any, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's loss."""
        return self._discriminator(model, batch, 0)

    def _discriminator(
        self, model: Any, batch: Batch, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        real = batch[0]
        with torch.no_grad():
            made = model.generator(_latents(model, real)).view_as(real)
        on_real, on_made = model.discriminator(real), model.discriminator(made)
        loss = discriminator_loss(self._knobs.game, on_real, on_made)
        if self._knobs.game == "wgan-gp" and self._knobs.penalty:
            loss = loss + self._knobs.penalty * gradient_penalty(model.discriminator, real, made)
        level = _level(self._knobs.game)
        parts = {
            "real_accuracy": (on_real.detach() > level).float().mean(),
            "made_accuracy": (on_made.detach() <= level).float().mean(),
        }
        return loss, parts

    def _generator(self, model: Any, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        made = model.generator(_latents(model, batch[0])).view_as(batch[0])
        return generator_loss(self._knobs.game, model.discriminator(made)), {}

    def evaluate(self, model: Any, batches: Iterable[Batch]) -> dict[str, float]:
        """Of 2 000 made samples: ``loss``, their sliced Wasserstein distance from the held-out ones
        (`Sliced`; the same latents every time); ``modes`` found, ``quality`` (share that is good),
        ``spread`` (`Modes`; a `Judge` knows none); ``real_accuracy`` and ``made_accuracy``: shares
        that the discriminator gets right (0.5 each where it can but guess; a Wasserstein critic has
        no such level: 0 is taken)."""
        level = _level(self._knobs.game)
        right = None
        seen = 0
        shape: tuple[int, ...] = ()
        for inputs, _ in batches:
            shape = tuple(inputs.shape[1:])
            row = (model.discriminator(inputs) > level).sum()
            right = row if right is None else right + row
            seen += len(inputs)
        if right is None:
            return {}
        made = self._made(model, right.device, MADE).view(-1, *shape)
        told = (model.discriminator(made) <= level).float().mean()
        return {
            "loss": float(self._distance.to(made)),
            **self._modes.judge(made),
            "real_accuracy": float(right) / seen,
            "made_accuracy": float(told),
        }

    def pictures(self, model: Any, dataset: Dataset) -> Iterator[Picture]:
        """Made samples: over real ones in the plane, or as images."""
        signature, real = dataset.signature, dataset.val.inputs
        if signature.kind == "image":
            low, high = spread_of(dataset.train.inputs)
            made = self._made(model, real.device, 4 * SHOWN)
            yield tiles("samples", [real[:SHOWN], made], signature.shape, low=low, high=high,
                        words="first row real, the others made")  # fmt: skip
        elif signature.shape == (2,):
            real = real[:500]
            made = self._made(model, real.device, 500)
            found = self._modes.judge(made)
            yield Picture(
                "samples",
                "scatter",
                {
                    "points": torch.cat((real, made)).float().cpu().numpy(),
                    "groups": torch.arange(2).repeat_interleave(len(real)).numpy(),
                    "names": ["real", "made"],
                },
                f"{found['modes']:.0f} of {self._modes.count} modes, quality {found['quality']:.2f}"
                if found
                else "",
            )

    def _made(self, model: Any, device: torch.device, count: int) -> Tensor:
        latents = torch.randn(count, model.latent, generator=generator(2)).to(device)
        made: Tensor = model.generator(latents)
        return made.float()


def discriminator_loss(game: str, real: Tensor, made: Tensor) -> Tensor:
    """What the discriminator minimises, given its answers [B, 1] to real and to made samples."""
    if game == "wgan-gp":
        return (made - real).mean()
    if game == "least-squares":
        return ((real - 1).square() + made.square()).mean() / 2
    return (F.softplus(-real) + F.softplus(made)).mean()


def generator_loss(game: str, made: Tensor) -> Tensor:
    """What the generator minimises, given the discriminator's answers [B, 1] to its samples."""
    if game == "wgan-gp":
        return -made.mean()
    if game == "least-squares":
        return (made - 1).square().mean() / 2
    return -F.softplus(made).mean() if game == "minimax" else F.softplus(-made).mean()


def gradient_penalty(critic: nn.Module, real: Tensor, made: Tensor) -> Tensor:
    """Mean of (|gradient| - 1)^2 at random places between pairs of samples."""
    share = torch.rand(len(real), *(1,) * (real.ndim - 1), device=real.device)
    between = torch.lerp(made, real, share).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norms = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
    return (norms - 1).square().mean()


def _latents(model: Any, like: Tensor) -> Tensor:
    return torch.randn(len(like), model.latent, device=like.device)


def _level(game: str) -> float:
    return 0.5 if game == "least-squares" else 0.0


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Adversarial:
    """The task on ``dataset``; classes, where it has them, are the modes to be found."""
    if knobs.judge == "net" and (dataset.signature.kind != "image" or not dataset.classes):
        held = "pictures" if dataset.signature.kind == "image" else dataset.signature.kind + "s"
        raise UserError(
            "a net judges pictures of known classes",
            where="task.judge",
            found=f"{held} with{'' if dataset.classes else 'out'} classes",
            allowed="task.judge = means, or data of pictures with classes",
        )
    return Adversarial(knobs, dataset)
