"""What a user's first batch tells of the data: how many samples, and on what scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from tuiwb.probes.inputs import VALUES, input_figures

SAMPLES = 1024
"""Of a batch that are looked at, at most."""
KINDS = {2: "vector", 4: "image"}
"""By the number of dimensions; of what else there is nobody knows which one holds the features."""
NO_INPUTS = ("label", "target", "mask", "weight")
"""Parts of names of what is handed over beside the inputs."""


def data_of(given: Any) -> dict[str, Any]:
    """The journal's event ``data`` of a batch: ``batch_size``, and ``inputs`` where the first of
    its tensors are numbers (`tuiwb.probes.inputs`); empty where it has no tensor."""
    tensor = next(_tensors(given), None)
    if tensor is None or not tensor.ndim or not len(tensor):
        return {}
    found: dict[str, Any] = {"batch_size": len(tensor)}
    if tensor.is_floating_point() and tensor.ndim > 1 and tensor.device.type != "meta":
        kind = KINDS.get(tensor.ndim)
        try:
            samples = _at_rest(tensor.detach()[: _most(tensor)])
        except RuntimeError:  # of a layout that has no rows
            return found
        found["inputs"] = input_figures(samples if kind else samples.reshape(-1, 1), kind or "")
    return found


def _tensors(given: Any) -> Iterator[torch.Tensor]:
    """Tensors in a nest, without what by its name is no input."""
    if isinstance(given, torch.Tensor):
        yield given
    elif isinstance(given, Mapping):
        for name, item in given.items():
            if not any(part in str(name).lower() for part in NO_INPUTS):
                yield from _tensors(item)
    elif isinstance(given, list | tuple):
        for item in given:
            yield from _tensors(item)


def _most(tensor: torch.Tensor) -> int:
    return max(1, min(SAMPLES, VALUES * len(tensor) // max(tensor.numel(), 1)))


def _at_rest(samples: torch.Tensor) -> torch.Tensor:
    """On the host. This waits for a device, once a run, also where waiting is forbidden."""
    if not samples.is_cuda:
        return samples.to("cpu", torch.float64)
    mode = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode(0)
    try:
        return samples.to("cpu", torch.float64)
    finally:
        torch.cuda.set_sync_debug_mode(mode)
