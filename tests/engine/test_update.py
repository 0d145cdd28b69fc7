"""A batch that is read in parts is the same step: of any task, by any optimiser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.recorder import MemorySink, Script
from tuiwb.base.errors import UserError
from tuiwb.engine.build import build
from tuiwb.engine.loop import Loop
from tuiwb.engine.rolling import Checkpoints
from tuiwb.engine.update import split
from tuiwb.spec import resolve

# so large a norm clips nothing, and is taken in every step
FEW = ("probe.budget=1", "train.clip_norm=1000")


def steps(folder: Path, count: int, preset: str, *settings: str) -> MemorySink:
    """What so many steps have told, without the evaluation at the end."""
    session, sink = build(resolve(preset, (*FEW, *settings)).spec), MemorySink()
    loop = Loop(session, sink, Script(), Checkpoints(folder))
    for _ in range(count):
        loop.step()
    loop.close()
    return sink


def figures(sink: MemorySink) -> Tensor:
    """What every step has told: loss, parts of the loss, gradient norm."""
    return torch.tensor([(row.loss, *row.parts, row.grad_norm) for row in sink.rows]).double()


@pytest.mark.parametrize(
    ("preset", "parts", "settings"),
    [
        ("mlp-digits", 3, ("optim.name=sgd", "optim.momentum=0.9", "train.clip_norm=0.5")),
        ("mlp-digits", 5, ("optim.name=adam", "regularize.l2=0.01")),
        ("lbfgs-digits", 3, ()),
        ("gan-ring", 4, ()),
        ("gpt-char", 3, ("data.batch_size=8", "model.size=xs")),
    ],
)
def test_any_number_of_parts_is_the_same_step(
    tmp_path: Path, preset: str, parts: int, settings: tuple[str, ...]
) -> None:
    together = steps(tmp_path, 6, preset, *settings)
    in_parts = steps(tmp_path, 6, preset, *settings, f"train.accumulate={parts}")
    assert len(in_parts.rows) == len(together.rows) == 6
    one, other = figures(together), figures(in_parts)
    torch.testing.assert_close(other[:, :-1], one[:, :-1], rtol=0, atol=1e-6)
    torch.testing.assert_close(other[:, -1], one[:, -1], rtol=1e-4, atol=0)
    # the layers show the gradients of the whole batch, whichever part is looked at
    assert together.begun is not None
    at = together.begun[1].index("grad_norm")
    (step, layers), (same, again) = together.layer_rows[0], in_parts.layer_rows[0]
    assert step == same
    np.testing.assert_allclose(again[at], layers[at], rtol=1e-3)


@pytest.mark.parametrize(("parts", "rows"), [(1, [64]), (4, [16] * 4), (3, [22, 21, 21])])
def test_the_parts_are_the_batch_in_order_and_one_is_the_batch_itself(
    tmp_path: Path, parts: int, rows: list[int]
) -> None:
    session = build(resolve("mlp-digits", [f"train.accumulate={parts}"]).spec)
    seen: list[Tensor] = []
    session.model.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    Loop(session, MemorySink(), Script(), Checkpoints(tmp_path)).step()
    assert [len(part) for part in seen] == rows
    assert torch.equal(torch.cat(seen), session.batches.at(0)[0])


def test_a_part_too_many_has_less_and_none_is_empty() -> None:
    batch = torch.arange(10), torch.arange(10)
    for count in range(1, 11):
        pieces = split(batch, count)
        assert len(pieces) == count
        assert torch.equal(torch.cat([inputs for inputs, _ in pieces]), batch[0])
        sizes = {len(inputs) for inputs, _ in pieces}
        assert max(sizes) - min(sizes) <= 1 and min(sizes) > 0


def test_more_parts_than_the_data_fill_a_batch_with_are_refused() -> None:
    with pytest.raises(UserError, match="more parts than it has samples") as caught:
        build(resolve("logreg-cancer", ["data.batch_size=4096", "train.accumulate=4000"]).spec)
    assert caught.value.where == "train.accumulate" and "4000" in (caught.value.found or "")
