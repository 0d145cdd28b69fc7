"""A model of a user's own that does what the file ``do`` beside it says, one word a line.

Tests copy it into a folder of theirs and train it in a real worker.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

ORDERS = Path(__file__).with_name("do")
CUDA = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB of "
    "which 1.21 GiB is free. Process 4711 has 14.56 GiB memory in use."
)


def told() -> list[str]:
    return ORDERS.read_text().splitlines() if ORDERS.is_file() else []


def hang(net: Net) -> None:
    while told():
        time.sleep(0.05)


def be_impatient(net: Net) -> None:
    """The bounds of a hang, for who cannot wait for half a minute."""
    from tuiwb.doctor.symptoms import stall

    stall.QUIET = stall.BEGINNING = 1.0


def hang_in_a_library(net: Net) -> None:
    mutex = ctypes.create_string_buffer(64)
    for _ in range(2):
        ctypes.CDLL(None).pthread_mutex_lock(mutex)


def evaluate_slowly(net: Net) -> None:
    if not net.training:
        time.sleep(2)


def fail(net: Net) -> None:
    raise KeyError("no such \x1b[31mthing")


def leave(net: Net) -> None:
    sys.exit("enough")


def fault(net: Net) -> None:
    ctypes.string_at(0)


def take_all_memory(net: Net) -> None:
    torch.ones(1 << 32)  # 17 GB


def take_all_of_the_card(net: Net) -> None:
    raise torch.OutOfMemoryError(CUDA)


def write_checkpoints_slowly(net: Net) -> None:
    if torch.save.__name__ != "slowly":
        save = torch.save

        def slowly(*given: object) -> None:
            time.sleep(2)
            save(*given)  # type: ignore[arg-type]

        torch.save = slowly  # type: ignore[assignment]


def grow(net: Net) -> None:
    if not hasattr(net, "fat"):
        net.register_buffer("fat", torch.zeros(1 << 20))  # 4 MB in every checkpoint


def give_up_privileges() -> None:
    """To root no folder is read-only: let this thread, and those that it starts, be like others."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)())


ACTS: dict[str, Callable[[Net], None]] = {
    act.__name__: act
    for act in (
        be_impatient, hang, hang_in_a_library, evaluate_slowly, fail, leave, fault, grow,
        take_all_memory, take_all_of_the_card, write_checkpoints_slowly,
    )
}  # fmt: skip


class Net(nn.Module):
    def __init__(self, shape: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        if "build_slowly" in told():
            time.sleep(600)
        if "without_privileges" in told():
            give_up_privileges()
        self.flatten = nn.Flatten()
        self.out = nn.Linear(shape[0] * shape[1] * shape[2], outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name in told():
            if name in ACTS:
                ACTS[name](self)
        return self.out(self.flatten(x))  # type: ignore[no-any-return]
