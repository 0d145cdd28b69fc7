"""``--weights``: the weights of a checkpoint into a safetensors file. A JSON object in, one out.

Format (https://huggingface.co/docs/safetensors): a length as u64, little endian; a JSON header of
that many bytes: name -> dtype, shape and place of each tensor, and texts as ``__metadata__``; then
the tensors' bytes, one after another. No code, and no name that could be one, is in such a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tuiwb.base.errors import UserError, WorkerFailed
from tuiwb.base.plain import create_private
from tuiwb.engine.checkpoint import load

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
_ALIGN = 8


def weights_once(text: str) -> int:
    """Answer ``{"ok": {tensors, bytes, left}}`` or ``{"error": {...}}``; returns the status."""
    asked = json.loads(text)
    try:
        state = load(Path(asked["checkpoint"])).get("model")
        if not isinstance(state, dict):
            raise UserError("a checkpoint without a model", where=asked["checkpoint"])
        answer: dict[str, Any] = {"ok": save(state, Path(asked["out"]), asked["about"])}
    except UserError as error:
        answer = {"error": error.as_dict()}
    except OSError as error:
        told = UserError(f"cannot write: {error.strerror or error}", where=asked["out"])
        answer = {"error": told.as_dict()}
    except Exception as error:
        failed = WorkerFailed(f"cannot export these weights: {type(error).__name__}: {error}")
        answer = {"error": failed.as_dict()}
    print(json.dumps(answer), flush=True)
    return int(answer["error"]["exit_code"]) if "error" in answer else 0


def save(state: Mapping[str, Any], out: Path, about: Mapping[str, str]) -> dict[str, int]:
    """Write the dense tensors of ``state`` (CPU) to a new file; how many, their bytes, and how many
    entries are left out. Raises OSError."""
    kept = {
        name: tensor
        for name, tensor in sorted(state.items())
        if isinstance(tensor, torch.Tensor)
        and tensor.layout == torch.strided
        and tensor.dtype in NAMES
    }
    header: dict[str, Any] = {"__metadata__": {"format": "pt", **about}}
    end = 0
    for name, tensor in kept.items():
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end],
        }  # fmt: skip
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % _ALIGN)
    with os.fdopen(create_private(out), "wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        for tensor in kept.values():
            flat = tensor.detach().contiguous().reshape(-1)
            if flat.numel():
                file.write(flat.view(torch.uint8).numpy().data)
        file.flush()
        os.fsync(file.fileno())
    return {"tensors": len(kept), "bytes": end, "left": len(state) - len(kept)}
