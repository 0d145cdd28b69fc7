"""What a spec comes to, asked of a worker: layers, shapes, parameters, FLOPs, memory."""

from __future__ import annotations

from typing import Any

from tuiwb.client.asking import ask
from tuiwb.client.process import Command
from tuiwb.spec import Resolved, to_toml


def describe(resolved: Resolved, command: Command | None = None) -> dict[str, Any]:
    """``{layers: [{name, kind, output_shape, parameters, flops}], parameters, trainable,
    memory_bytes, ...}`` from a worker that is started for it (seconds: it imports torch).

    Raises the worker's `UserError` (a shape that cannot work), `WorkerFailed` where it broke.
    """
    return ask("--describe", to_toml(resolved), "description", command)
