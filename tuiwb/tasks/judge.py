"""A small convolutional net that tells the classes of pictures: the judge of made ones.

It is trained when the task is built, on the training part alone, from a seed of its own: the same
data has the same judge in every run. One class more than the data has means "none of them": it
learns that from pictures of two classes laid over each other and from washed-out ones, so that it
does not have to call a blend or fog a digit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tuiwb.data.batches import Batches, generator
from tuiwb.data.dataset import Dataset, Part
from tuiwb.models.layers import stack

STEPS = 150
BATCH = 64
RATE = 3e-3
LEAST = 0.01
"""Share of all made pictures that must be of a class for it to count as found."""


class Judge:
    """Tells the classes of pictures [N, C, H, W]; number ``count`` is none of them."""

    def __init__(self, dataset: Dataset) -> None:
        self.count = len(dataset.classes)
        inputs, targets = dataset.train.inputs, dataset.train.targets
        assert targets is not None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self._net = _net(dataset.signature.shape, self.count + 1).to(inputs.device)
        with torch.enable_grad():
            self._train(Part(inputs, targets))
        self._net.eval()

    def _train(self, part: Part) -> None:
        optimizer = torch.optim.Adam(self._net.parameters(), lr=RATE)
        batches = Batches(part, BATCH, seed=0)
        for step in range(STEPS):
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 - step / STEPS)
            inputs, targets = batches.at(step)
            spoilt = spoil(inputs, targets, step)
            none = torch.full((len(spoilt),), self.count, device=targets.device)
            logits = self._net(torch.cat((inputs, spoilt)))
            loss = F.cross_entropy(logits, torch.cat((targets, none)))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    def judge(self, made: Tensor) -> dict[str, float]:
        """``modes`` (classes with at least 1 % of all pictures), ``quality`` (share of pictures
        that are of a class)."""
        counts = torch.bincount(self.classes(made), minlength=self.count + 1)[: self.count]
        modes, good = torch.stack(((counts >= LEAST * len(made)).sum(), counts.sum())).tolist()
        return {"modes": float(modes), "quality": good / len(made)}

    @torch.no_grad()
    def classes(self, pictures: Tensor) -> Tensor:
        """The most probable class of each picture, int64 [N]."""
        with torch.autocast(pictures.device.type, enabled=False):
            found: Tensor = self._net(pictures.float()).argmax(1)
        return found


def spoil(pictures: Tensor, targets: Tensor, step: int) -> Tensor:
    """Pictures that are of no class, made of a batch's: means of two of different classes, and, in
    turns, pictures with most of their contrast gone. A pure function of the batch and ``step``."""
    other = pictures.roll(1, 0)
    apart = targets != targets.roll(1, 0)
    share = torch.empty(len(pictures), 1, 1, 1).uniform_(0.0, 0.5, generator=generator(4, step))
    middle = pictures.mean(0, keepdim=True)
    faded = torch.lerp(middle, pictures, share.to(pictures.device))
    blend = torch.arange(len(pictures), device=pictures.device) % 2 == 0
    return torch.where(blend.view(-1, 1, 1, 1), (pictures + other) / 2, faded)[apart]


def _net(shape: tuple[int, ...], outputs: int) -> nn.Module:
    channels, height, width = shape
    return stack(
        conv1=nn.Conv2d(channels, 16, 4, stride=2, padding=1),
        relu1=nn.ReLU(),
        conv2=nn.Conv2d(16, 32, 4, stride=2, padding=1),
        relu2=nn.ReLU(),
        flatten=nn.Flatten(),
        output=nn.Linear(32 * (height // 4) * (width // 4), outputs),
    )
