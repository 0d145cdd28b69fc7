"""Where the arithmetic happens and in which precision."""

from __future__ import annotations

import os
import platform
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from tuiwb.base.errors import UserError
from tuiwb.spec.sections import Train

SMALL = 5_000_000
"""Below this many parameters one CPU thread is as fast as several, and far steadier."""


@dataclass(frozen=True)
class Device:
    """A device with the precision its forward pass runs in."""

    device: torch.device
    autocast_to: torch.dtype | None

    def autocast(self) -> AbstractContextManager[object]:
        """The context of every forward pass."""
        if self.autocast_to is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.autocast_to)

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    @property
    def name(self) -> str:
        """``cpu``, or the GPU's product name."""
        return torch.cuda.get_device_name(self.device) if self.is_cuda else str(self.device)

    @property
    def hardware(self) -> str:
        """The product's name: the GPU's, else the processor's."""
        return self.name if self.is_cuda else processor()

    def peak_memory(self) -> int | None:
        """The most bytes of its own memory that tensors have taken; None where it has none."""
        return torch.cuda.max_memory_allocated(self.device) if self.is_cuda else None


def choose(train: Train, local: int | None = None) -> Device:
    """The device and precision that ``train.device`` and ``train.precision`` ask for.

    ``auto`` takes CUDA, then MPS, then the CPU. A device that is not there is a `UserError`. Of
    several processes on this machine, number ``local`` takes the GPU of that number.
    """
    device = _device(train.device) if local is None else _own_device(train.device, local)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32: 10 bits of mantissa, fp32's range
        torch.backends.cudnn.allow_tf32 = True
    return Device(device, _autocast(device, train.precision))


def _device(name: str) -> torch.device:
    there = available()
    if name == "auto":
        return torch.device(there[0])
    wanted = "cuda:0" if name == "cuda" else name
    if wanted not in there:
        raise UserError(
            f"there is no device {name!r} here",
            where="train.device",
            found=repr(name),
            allowed=", ".join(["auto", *there]),
            next="tuiwb info shows what torch sees",
        )
    return torch.device(wanted)


def _own_device(name: str, local: int) -> torch.device:
    """A device that no other process of the run takes."""
    gpus = torch.cuda.device_count()
    if name == "cpu" or (name == "auto" and not gpus):
        return torch.device("cpu")
    if name not in ("auto", "cuda"):
        raise UserError(
            "every process takes a device of its own",
            where="train.device",
            found=repr(name),
            allowed="auto, cpu or cuda",
        )
    if local >= gpus:
        raise UserError(
            f"process {local + 1} on this machine has no GPU of its own",
            where="--nproc",
            found=f"{gpus} {'GPU' if gpus == 1 else 'GPUs'}",
            allowed=f"--nproc {gpus}" if gpus else "train.device = cpu",
        )
    return torch.device(f"cuda:{local}")


def available() -> list[str]:
    """The devices that are here, best first; ``cpu`` is always the last."""
    cuda = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return [*cuda, *mps, "cpu"]


def _autocast(device: torch.device, precision: str) -> torch.dtype | None:
    if precision == "bfloat16":
        return torch.bfloat16
    safe = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if precision == "auto" and safe else None


def set_threads(train: Train, parameters: int, processes: int = 1) -> int:
    """Set and return the CPU threads inside one operation: ``train.threads``, or as fits, where so
    many ``processes`` share the cores."""
    fitting = 1 if parameters < SMALL else max(1, usable_cores() // processes)
    threads = train.threads or fitting
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine() or "unknown processor"


def usable_cores() -> int:
    """CPU cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
