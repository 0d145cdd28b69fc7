"""Pictures that several tasks share: confusion matrix, first filters, boundary, painting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from tuiwb.base.signature import Signature
from tuiwb.data.batches import evaluation
from tuiwb.data.dataset import Dataset, Part
from tuiwb.tasks.looks import SHOWN, spread_of, tiles
from tuiwb.tasks.picture import Picture
from tuiwb.tasks.task import Batch

SIDE = 60
"""Points along each edge of a decision boundary; maps of single neurons have a third."""
FILTERS = 64
"""Most filters in one picture."""
NEURONS = 8
"""Most neurons of one layer that get a map of their own, as in Playground."""
LAYERS = 2
"""First hidden layers whose neurons get maps."""
POINTS = 500
"""Most samples drawn on a boundary."""


def confusion(
    model: nn.Module, part: Part, classes: tuple[str, ...], guess: Callable[[Tensor], Tensor]
) -> Picture:
    """How many samples of ``part`` of each class (rows) were taken for each (columns).

    ``guess`` makes class indices [B] of outputs.
    """
    count = len(classes)
    table = None
    for inputs, targets in _batches(part):
        cells = torch.bincount(targets * count + guess(model(inputs)).long(), minlength=count**2)
        table = cells if table is None else table + cells
    assert table is not None
    values = table.view(count, count).cpu().numpy().astype(np.float32)
    return Picture(
        "confusion matrix",
        "matrix",
        {"values": values, "rows": list(classes), "columns": list(classes)},
        _worst(values, classes),
    )


def _worst(values: np.ndarray, classes: tuple[str, ...]) -> str:
    wrong = values * (1 - np.eye(len(values)))
    if not wrong.any():
        return f"all {int(values.sum())} right"
    row, column = np.unravel_index(int(wrong.argmax()), wrong.shape)
    return (
        f"{int(wrong.sum())} of {int(values.sum())} wrong, most often {classes[row]} taken for "
        f"{classes[column]} ({int(wrong[row, column])})"
    )


def first_filters(model: nn.Module, signature: Signature) -> Picture | None:
    """The weights of the first layer as pictures, 0.5 for weight 0; None where they are not such.

    A convolution's kernels, or the rows of a linear layer that reads a whole picture.
    """
    if signature.kind != "image":
        return None
    first = next((m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)), None)
    if first is None:
        return None
    weight = first.weight.detach()
    if isinstance(first, nn.Linear):
        if first.in_features != signature.features:
            return None
        weight = weight.view(-1, *signature.shape)
    if weight.shape[1] not in (1, 3) or weight.shape[-1] < 2:
        return None
    weight = weight[:FILTERS].float()
    # each by its own largest weight: a weak filter has a shape too
    largest = weight.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    images = (0.5 + weight / (2 * largest)).permute(0, 2, 3, 1)
    if images.shape[-1] == 1:
        images = images[..., 0]
    height, width = weight.shape[-2:]
    return Picture(
        "first filters",
        "images",
        {"images": images.cpu().numpy().astype(np.float32)},
        f"{len(first.weight)} of {height}x{width}, largest weight {float(largest.max()):.2g}",
    )


def saliency(
    model: nn.Module, dataset: Dataset, score: Callable[[Tensor], Tensor] | None = None
) -> Picture | None:
    """Pictures over how much the answer hangs on each of their pixels: |d logit / d pixel|, the
    largest over the channels (Simonyan, Vedaldi & Zisserman 2014).

    The logit is the largest of each picture, or ``score(outputs)`` [B]. None where samples are no
    pictures, or where no gradient comes back to them.
    """
    signature = dataset.signature
    if signature.kind != "image" or signature.shape[0] not in (1, 3):
        return None
    with torch.enable_grad():
        inputs = dataset.val.inputs[:SHOWN].detach().clone().requires_grad_()
        outputs = model(inputs)
        logits = outputs.amax(-1) if score is None else score(outputs)
        if not logits.requires_grad:
            return None
        (gradient,) = torch.autograd.grad(logits.sum(), inputs, allow_unused=True)
    if gradient is None:
        return None
    strength = gradient.abs().amax(1, keepdim=True)
    # each by its own largest: how sure the model is differs by orders of magnitude
    strength = strength / strength.amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    pixels = inputs.detach()
    low, high = spread_of(pixels)
    rows = [(pixels - low) / (high - low), strength.expand_as(pixels)]
    words = "above the pictures, below them bright where a pixel would change the answer"
    return tiles("saliency", rows, signature.shape, columns=len(pixels), words=words)


def boundary(
    model: nn.Module,
    dataset: Dataset,
    colour: Callable[[Tensor], Tensor],
    labels: Callable[[Tensor], Tensor],
    words: str = "",
) -> Picture | None:
    """What the model answers all over the plane, and what its first neurons do there.

    None where samples are not points of a plane: two numbers, or features made of two coordinates
    (`Dataset.plane`), in which it is drawn. ``colour`` makes values in -1 to 1 [B] of outputs,
    ``labels`` makes int [B] of targets.
    """
    part, plane = dataset.val, dataset.plane
    if plane is None and (dataset.signature.kind, dataset.signature.shape) != ("vector", (2,)):
        return None
    where = part.inputs if plane is None else part.points
    assert where is not None and part.targets is not None
    there = where.isfinite().all(1)
    where, targets = where[there], part.targets[there]
    if not len(where):
        return None
    low, high = _reach(where)
    grid = places(low, high, SIDE)
    with _hidden(model) as seen:
        values = colour(model(grid if plane is None else plane.inputs(grid)))
    points = where[:POINTS].cpu().numpy()
    arrays: dict[str, np.ndarray | list[str] | str] = {
        "grid": _square(values),
        "extent": np.array([low[0], high[0], low[1], high[1]], dtype=np.float32),
        "points": points.astype(np.float32),
        "labels": labels(targets[:POINTS]).cpu().numpy().astype(np.int64),
    }
    if plane is not None:
        arrays["axes"] = list(plane.names)
    maps, names = _neurons(seen)
    if names:
        arrays |= {"neurons": maps, "names": names}
    return Picture("decision boundary", "boundary", arrays, words)


def painted(model: nn.Module, dataset: Dataset) -> Picture | None:
    """The picture that colours at places add up to: as it is, and as the model paints it.

    None where samples are not points of a plane, or targets are not three numbers in 0 to 1.
    """
    train, val = dataset.train, dataset.val
    if dataset.signature.shape != (2,) or dataset.signature.outputs != 3:
        return None
    assert train.targets is not None and val.targets is not None
    points = torch.cat((train.inputs, val.inputs))
    colours = torch.cat((train.targets, val.targets))
    side = round(len(points) ** 0.5)
    if side * side != len(points) or side > 512 or colours.min() < 0 or colours.max() > 1:
        return None
    # the places are those of a grid: from the top row by row, from the left
    order = torch.argsort(points[:, 0], stable=True)
    order = order[torch.argsort(-points[order, 1], stable=True)]
    made = torch.cat([model(part) for part in points[order].split(4096)]).clamp(0, 1)
    images = torch.stack((colours[order], made)).view(2, side, side, 3)
    return Picture(
        "painting",
        "images",
        {"images": images.cpu().numpy().astype(np.float32)},
        "as it is, and as the network paints it",
    )


def places(low: Tensor, high: Tensor, side: int) -> Tensor:
    """Points [side * side, 2] that fill a rectangle row by row, from its top left corner."""
    across, down = (
        torch.linspace(float(low[i]), float(high[i]), side, device=low.device) for i in (0, 1)
    )
    y, x = torch.meshgrid(down.flip(0), across, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), dim=1)


def _reach(points: Tensor) -> tuple[Tensor, Tensor]:
    low, high = points.amin(0), points.amax(0)
    margin = 0.1 * (high - low).clamp(min=1e-3)
    return low - margin, high + margin


def _square(values: Tensor) -> np.ndarray:
    grid: np.ndarray = values.clamp(-1, 1).float().view(SIDE, SIDE).cpu().numpy()
    return grid


def _neurons(seen: list[Tensor]) -> tuple[np.ndarray, list[str]]:
    maps, names = [], []
    for number, outputs in enumerate(seen, start=1):
        for unit in range(min(NEURONS, outputs.shape[1])):
            values = outputs[:, unit]
            scaled = values / values.abs().max().clamp(min=1e-12)
            maps.append(_square(scaled)[1::3, 1::3])
            names.append(f"layer {number}, unit {unit + 1}")
    return np.stack(maps) if maps else np.empty((0, 0, 0), dtype=np.float32), names


@contextmanager
def _hidden(model: nn.Module) -> Iterator[list[Tensor]]:
    """The outputs [B, units] of the first activations that a forward pass calls, in order."""
    seen: list[Tensor] = []

    def keep(module: nn.Module, inputs: object, output: Tensor) -> None:
        if len(seen) < LAYERS and output.ndim == 2:
            seen.append(output.detach())

    handles = [
        module.register_forward_hook(keep)
        for module in model.modules()
        if type(module).__module__ == "torch.nn.modules.activation"
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _batches(part: Part) -> Iterable[Batch]:
    return evaluation(part, 256)
