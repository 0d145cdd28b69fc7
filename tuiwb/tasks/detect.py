"""Where the one thing in a picture is: a logit for each cell of a grid, and a box.

The loss, such as focal, tells the cell that holds the thing's middle from all others; it is summed
over the cells of a picture. In that cell alone the box counts: absolute errors of its middle and
size, as shares of the picture. What is measured is how much the best cell's box and the true one
overlap: area of their intersection over that of their union (IoU).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor

from tuiwb.data.dataset import Dataset
from tuiwb.spec.knobs import knob
from tuiwb.spec.sections import TaskKnobs
from tuiwb.tasks.looks import SHOWN, spread_of
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch, Loss

GREEN, RED = (0.2, 1.0, 0.2), (1.0, 0.2, 0.2)


class Knobs(TaskKnobs):
    """Where the one thing in a picture is."""

    targets: ClassVar[str] = "boxes"
    own_models: ClassVar[bool] = True

    box_weight: Annotated[
        float, knob("weight of the box's error beside the loss of the cells", ge=0, le=1000)
    ] = 5.0


class Detect:
    """Outputs [B, cells, 5] (logit, box) against boxes float [B, 4] (across, down, width, height);
    the model offers its ``grid`` (rows, columns)."""

    def __init__(self, loss: Loss, box_weight: float, dataset: Dataset) -> None:
        self._loss = loss
        self._weight = box_weight
        self.baselines: dict[str, float] = {}
        assert dataset.train.targets is not None and dataset.val.targets is not None
        guess = dataset.train.targets.mean(0).expand_as(dataset.val.targets)
        self._guess = float(overlap(guess, dataset.val.targets).mean())

    def loss(self, model: Any, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Loss of the cells and of the box, a mean over pictures; both are parts as well."""
        cells, box = self._losses(model(batch[0]), batch[1], model.grid)
        return cells + self._weight * box, {"cells": cells.detach(), "box": box.detach()}

    def _losses(
        self, outputs: Tensor, boxes: Tensor, grid: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        cell = cell_of(boxes, grid)
        logits, answered = outputs[..., 0], outputs[torch.arange(len(cell)), cell, 1:]
        goal = torch.zeros_like(logits, dtype=torch.int64).scatter_(1, cell[:, None], 1)
        cells = self._loss(logits.reshape(-1, 1), goal.reshape(-1)) * logits.shape[1]
        return cells, (answered - boxes).abs().sum(1).mean()

    def evaluate(self, model: Any, batches: Iterable[Batch]) -> dict[str, float]:
        """``loss``, ``iou`` (mean overlap of the likeliest cell's box), ``found`` (share of
        pictures with at least 0.5), ``cell_accuracy`` (the likeliest cell is the right one),
        ``mean_box_iou`` (that of the training part's mean box: the baseline)."""
        sums = None
        seen = 0
        for images, boxes in batches:
            outputs = model(images).float()
            cells, box = self._losses(outputs, boxes, model.grid)
            answer = best(outputs)
            iou = overlap(answer, boxes)
            right = outputs[..., 0].argmax(1) == cell_of(boxes, model.grid)
            row = torch.stack(
                (
                    (cells + self._weight * box) * len(images),
                    iou.sum(),
                    (iou >= 0.5).sum().float(),
                    right.sum().float(),
                )
            )
            sums = row if sums is None else sums + row
            seen += len(images)
        if sums is None:
            return {}
        loss, iou_, found, right_ = (sums / seen).tolist()  # the one read-back
        return {
            "loss": loss,
            "iou": iou_,
            "found": found,
            "cell_accuracy": right_,
            "mean_box_iou": self._guess,
        }

    def pictures(self, model: Any, dataset: Dataset) -> Iterator[Picture]:
        """Pictures with the true box in green and the answered one in red."""
        images, boxes = dataset.val.inputs[: 2 * SHOWN], dataset.val.targets
        assert boxes is not None
        low, high = spread_of(images)
        grey = ((images.mean(1) - low) / (high - low)).cpu()
        pixels = grey[..., None].repeat(1, 1, 1, 3)
        for row, (true, answer) in enumerate(
            zip(boxes[: 2 * SHOWN].cpu(), best(model(images).float()).cpu(), strict=True)
        ):
            _outline(pixels[row], true, GREEN)
            _outline(pixels[row], answer, RED)
        yield Picture(
            "detections",
            "images",
            {"images": pixels.float().numpy(), "columns": torch.tensor(SHOWN).numpy()},
            "green true, red answered",
        )


def cell_of(boxes: Tensor, grid: tuple[int, int]) -> Tensor:
    """Number of the cell that holds the middle of each box [B, 4]: int64 [B], row by row."""
    rows, columns = grid
    across = (boxes[:, 0] * columns).long().clamp(0, columns - 1)
    down = (boxes[:, 1] * rows).long().clamp(0, rows - 1)
    return down * columns + across


def best(outputs: Tensor) -> Tensor:
    """The box [B, 4] of the likeliest cell of [B, cells, 5]."""
    return outputs[torch.arange(len(outputs)), outputs[..., 0].argmax(1), 1:]


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of boxes [B, 4] (across, down, width, height), pair by pair: [B]."""
    low = torch.maximum(first[:, :2] - first[:, 2:] / 2, second[:, :2] - second[:, 2:] / 2)
    high = torch.minimum(first[:, :2] + first[:, 2:] / 2, second[:, :2] + second[:, 2:] / 2)
    shared = (high - low).clamp_min(0).prod(1)
    return shared / (first[:, 2:].prod(1) + second[:, 2:].prod(1) - shared).clamp_min(1e-12)


def _outline(pixels: Tensor, box: Tensor, colour: tuple[float, float, float]) -> None:
    """Draw a box's outline into ``pixels`` [H, W, 3]."""
    height, width, _ = pixels.shape
    size = torch.tensor([width, height])
    x0, y0 = ((box[:2] - box[2:] / 2) * size).round().long().clamp(min=0).tolist()
    x1, y1 = ((box[:2] + box[2:] / 2) * size - 1).round().long().tolist()
    x0, y0, x1, y1 = (
        min(x0, width - 1),
        min(y0, height - 1),
        min(x1, width - 1),
        min(y1, height - 1),
    )
    x1, y1 = max(x0, x1), max(y0, y1)
    ink = torch.tensor(colour)
    for line in (pixels[y0, x0 : x1 + 1], pixels[y1, x0 : x1 + 1],
                 pixels[y0 : y1 + 1, x0], pixels[y0 : y1 + 1, x1]):  # fmt: skip
        line[:] = ink


def build(knobs: Knobs, loss: Loss, dataset: Dataset, single: bool = False) -> Detect:
    """The task on ``dataset``, whose targets are boxes."""
    return Detect(loss, knobs.box_weight, dataset)
