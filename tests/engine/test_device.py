"""The device as a product with a name, and what its own memory has held."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tuiwb.engine import device
from tuiwb.engine.device import Device, processor

CPU = Device(torch.device("cpu"), None)
CUDA = Device(torch.device("cuda:0"), None)


def test_the_processor_has_a_name_and_no_memory_of_its_own() -> None:
    assert CPU.hardware == processor() != ""
    assert CPU.peak_memory() is None


def test_a_gpu_is_called_by_its_product_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda which: f"product of {which}")
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda which: 123)
    assert CUDA.hardware == "product of cuda:0"
    assert CUDA.peak_memory() == 123


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("processor : 0\nmodel name\t: Some CPU @ 3 GHz\n", "Some CPU @ 3 GHz"),
        ("processor : 0\nCPU implementer : 0x41\n", "machine"),
        (None, "machine"),
    ],
)
def test_a_system_that_does_not_tell_leaves_the_machine(
    told: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path, *arguments: object) -> str:
        if told is None:
            raise FileNotFoundError(path)
        return told

    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr(device.platform, "processor", lambda: "")
    monkeypatch.setattr(device.platform, "machine", lambda: "machine")
    assert processor() == name
