"""Losses against their formulas."""

from __future__ import annotations

from math import log

import pytest
import torch
from torch import Tensor

from tests.contracts.making import knobs, module
from tuiwb.data.batches import generator
from tuiwb.tasks.task import Loss, plain


def _loss(name: str, **values: float) -> Loss:
    built: Loss = module("loss", name).build(knobs("loss", name, **values))
    return built


def _logits(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator(0))


@pytest.mark.parametrize("classes", [2, 10])
def test_a_uniform_guess_costs_ln_k(classes: int) -> None:
    targets = torch.arange(classes)
    assert float(_loss("cross-entropy")(torch.zeros(classes, classes), targets)) == pytest.approx(
        log(classes)
    )


def test_label_smoothing_is_its_formula_and_stays_out_of_evaluations() -> None:
    logits, targets = _logits(6, 4), torch.tensor([0, 1, 2, 3, 0, 1])
    smooth = _loss("cross-entropy", label_smoothing=0.2)
    logp = logits.log_softmax(-1)
    onehot = torch.eye(4)[targets]
    by_hand = -((0.8 * onehot + 0.2 / 4) * logp).sum(-1).mean()
    torch.testing.assert_close(smooth(logits, targets), by_hand)
    bare = -logp.gather(1, targets[:, None]).mean()
    torch.testing.assert_close(plain(smooth)(logits, targets), bare)


def test_label_smoothing_obeys_while_training() -> None:
    loss = module("loss", "cross-entropy").build(knobs("loss", "cross-entropy"))
    logits, targets = _logits(6, 4), torch.zeros(6, dtype=torch.int64)
    before = loss(logits, targets)
    loss.label_smoothing = 0.5
    assert not torch.equal(loss(logits, targets), before)


def test_binary_cross_entropy_is_softmax_with_one_logit_fixed() -> None:
    logit, targets = _logits(8, 1), torch.tensor([0, 1] * 4)
    two = torch.cat((torch.zeros(8, 1), logit), dim=1)
    torch.testing.assert_close(_loss("bce")(logit, targets), _loss("cross-entropy")(two, targets))


def test_squared_is_playgrounds() -> None:
    outputs, targets = torch.tensor([[0.0], [100.0], [100.0]]), torch.tensor([1, 1, 0])
    assert float(_loss("squared")(outputs, targets)) == pytest.approx((0.5 + 0 + 2) / 3)


def test_squared_keeps_its_precision_under_bfloat16() -> None:
    outputs = torch.tensor([[3.0]], dtype=torch.bfloat16)
    loss = _loss("squared")(outputs, torch.tensor([1]))
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(float((1 - torch.tensor(3.0).tanh()) ** 2 / 2), rel=1e-3)


def test_huber_turns_from_squared_to_absolute() -> None:
    outputs, targets = torch.tensor([[0.5], [4.0]]), torch.zeros(2, 1)
    loss = _loss("huber", delta=2.0)
    assert float(loss(outputs[:1], targets[:1])) == pytest.approx(0.125)
    assert float(loss(outputs[1:], targets[1:])) == pytest.approx(2 * (4 - 1))


def test_mse() -> None:
    outputs, targets = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]])
    assert float(_loss("mse")(outputs, targets)) == pytest.approx(2.5)
