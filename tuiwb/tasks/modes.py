"""What a generator found: modes covered and the share of good samples, by the data's classes."""

from __future__ import annotations

import torch
from torch import Tensor

from tuiwb.data.dataset import Dataset

LEAST = 0.01
"""Share of all made samples that must be good ones of a class for it to count as found."""


class Modes:
    """Means and spreads of the classes of the training part, as what there is to be found.

    A made sample belongs to the class whose mean is nearest. It is good where its distance, per
    feature, is at most ``reach`` standard deviations of its class.
    """

    def __init__(self, dataset: Dataset, reach: float) -> None:
        self.count = len(dataset.classes)
        if not self.count or dataset.train.targets is None:
            self.count = 0
            return
        rows, targets = dataset.train.inputs.flatten(1), dataset.train.targets
        groups = [rows[targets == number] for number in range(self.count)]
        self._means = torch.stack([group.mean(0) for group in groups])
        # one figure a class: root mean square of a feature's distance from the mean
        self._stds = torch.stack(
            [(g - m).square().mean().sqrt() for g, m in zip(groups, self._means, strict=True)]
        )
        self._reach = reach

    def judge(self, made: Tensor) -> dict[str, float]:
        """``modes`` (classes with at least 1 % of all samples, good ones), ``quality`` (share of
        good samples), ``spread`` (root mean square distance from the nearest mean over the data's:
        1 is right, near 0 a collapse to points). Empty where the data has no classes."""
        if not self.count:
            return {}
        distances = torch.cdist(made.flatten(1).float(), self._means)
        least, nearest = distances.min(1)
        # root mean square over features, as the standard deviations are
        rms = least / self._means.shape[1] ** 0.5
        good = rms <= self._reach * self._stds[nearest]
        counts = torch.bincount(nearest[good], minlength=self.count)
        close = rms[good].square().mean().sqrt() / self._stds.mean()
        figures = torch.stack(
            ((counts >= LEAST * len(made)).sum().float(), good.float().mean(), close)
        )
        modes, quality, spread = figures.nan_to_num().tolist()  # the one read-back
        return {"modes": modes, "quality": quality, "spread": spread}
