"""Figures come back in order, each once. The CUDA ring is tested where there is a GPU."""

from __future__ import annotations

import pytest
import torch

from tuiwb.engine.readback import Immediate, ReadBack, Ring

KINDS = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device here"))]  # fmt: skip


def reader(kind: str) -> ReadBack[int]:
    return Immediate() if kind == "cpu" else Ring(torch.device("cuda"), slots=4)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_pushed_comes_back_once_and_in_order(kind: str) -> None:
    figures = reader(kind)
    seen: list[tuple[int, list[float]]] = []
    for note in range(50):
        figures.push(note, torch.tensor([float(note), -float(note)], device=kind))
        seen += [(note, values.tolist()) for note, values in figures.ready()]
    seen += [(note, values.tolist()) for note, values in figures.flush()]
    assert seen == [(note, [float(note), -float(note)]) for note in range(50)]
    assert list(figures.flush()) == []
