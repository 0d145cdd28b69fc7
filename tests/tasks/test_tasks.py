"""Metrics against numbers worked out by hand, whatever the batches they come in."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.contracts.making import knobs, module
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.data.batches import generator
from tuiwb.data.dataset import Dataset, Part
from tuiwb.tasks.task import Task


class Lookup(nn.Module):
    """Answers sample number i with row i of a table."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table = table

    def forward(self, x: Tensor) -> Tensor:
        return self.table[x.long().flatten()].view(*x.shape, -1) if x.ndim > 1 else self.table[x]


def _dataset(targets: Tensor, classes: tuple[str, ...] = ()) -> Dataset:
    part = Part(torch.arange(len(targets)), targets)
    outputs = len(classes) or 1
    return Dataset(Signature("vector", (1,), outputs), part, part, classes, {}, "0" * 16)


def _task(name: str, loss: str, dataset: Dataset, **values: Any) -> Task:
    made = knobs("loss", loss, **values)
    built: Task = module("task", name).build(
        knobs("task", name), module("loss", loss).build(made), dataset, made.single
    )
    return built


def _batches(targets: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    rows = torch.arange(len(targets))
    return iter(list(zip(rows.split(size), targets.split(size), strict=True)))


@pytest.mark.parametrize("size", [1, 3, 4, 100])
def test_classify_weighs_every_sample_alike(size: int) -> None:
    logits = torch.randn(10, 3, generator=generator(0))
    targets = torch.randint(3, (10,), generator=generator(1))
    task = _task("classify", "cross-entropy", _dataset(targets, ("a", "b", "c")))
    metrics = task.evaluate(Lookup(logits), _batches(targets, size))
    assert metrics["accuracy"] == pytest.approx(float((logits.argmax(1) == targets).float().mean()))
    assert metrics["loss"] == pytest.approx(
        float(nn.functional.cross_entropy(logits, targets)), rel=1e-5
    )


@pytest.mark.parametrize("loss", ["bce", "squared"])
def test_one_output_tells_two_classes_apart_at_zero(loss: str) -> None:
    targets = torch.tensor([0, 1, 1, 0])
    task = _task("classify", loss, _dataset(targets, ("no", "yes")))
    outputs = torch.tensor([[-2.0], [0.5], [-0.1], [0.0]])
    assert task.evaluate(Lookup(outputs), _batches(targets, 3))["accuracy"] == 0.75


@pytest.mark.parametrize(
    ("loss", "guess"), [("cross-entropy", log(2)), ("bce", log(2)), ("squared", 0.5)]
)
def test_a_uniform_guess_is_in_the_losss_own_unit(loss: str, guess: float) -> None:
    task = _task("classify", loss, _dataset(torch.tensor([0, 1]), ("no", "yes")))
    assert task.baselines == {"uniform guess": pytest.approx(guess)}


@pytest.mark.parametrize(("loss", "holds"), [("cross-entropy", True), ("squared", False)])
def test_the_datas_baselines_are_kept_where_their_unit_is_the_losss(loss: str, holds: bool) -> None:
    data = module("data", "playground").load(knobs("data", "playground"))
    assert ("class shares" in _task("classify", loss, data).baselines) == holds
    data = module("data", "diabetes").load(knobs("data", "diabetes"))
    other = "mse" if holds else "huber"
    assert ("least squares" in _task("regress", other, data).baselines) == holds


def test_one_output_for_three_classes_is_an_error_of_the_user() -> None:
    with pytest.raises(UserError) as caught:
        _task("classify", "bce", _dataset(torch.tensor([0, 1, 2]), ("a", "b", "c")))
    assert caught.value.where == "loss.name"
    assert "3 classes" in caught.value.found


def test_an_evaluation_reports_the_loss_without_smoothing() -> None:
    logits, targets = torch.randn(6, 3, generator=generator(0)), torch.tensor([0, 1, 2] * 2)
    dataset = _dataset(targets, ("a", "b", "c"))
    smooth = _task("classify", "cross-entropy", dataset, label_smoothing=0.3)
    bare = _task("classify", "cross-entropy", dataset)
    model = Lookup(logits)
    assert smooth.evaluate(model, _batches(targets, 6)) == bare.evaluate(
        model, _batches(targets, 6)
    )
    batch = next(_batches(targets, 6))
    assert not torch.equal(smooth.loss(model, batch)[0], bare.loss(model, batch)[0])


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize("outputs", [1, 3])
def test_regress_against_scikit_learn(size: int, outputs: int) -> None:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    targets = 1000 + torch.randn(9, outputs, generator=generator(0))
    guesses = targets + 0.5 * torch.randn(9, outputs, generator=generator(1))
    task = _task("regress", "mse", _dataset(targets))
    metrics = task.evaluate(Lookup(guesses), _batches(targets, size))
    expected = {
        "loss": mean_squared_error(targets, guesses),
        "rmse": mean_squared_error(targets, guesses) ** 0.5,
        "mae": mean_absolute_error(targets, guesses),
        "r2": r2_score(targets, guesses)
        if outputs == 1
        else r2_score(targets, guesses, multioutput="variance_weighted"),
    }
    assert metrics == pytest.approx(expected, rel=1e-3)


def test_regress_without_variance_has_no_r2() -> None:
    targets = torch.full((4, 1), 2.5)
    task = _task("regress", "mse", _dataset(targets))
    metrics = task.evaluate(Lookup(targets + 1), _batches(targets, 2))
    assert metrics["r2"] != metrics["r2"]
    assert metrics["rmse"] == pytest.approx(1)


def test_the_training_mean_is_regressions_baseline() -> None:
    targets = torch.tensor([[1.0], [2.0], [6.0]])
    task = _task("regress", "mse", _dataset(targets))
    assert task.baselines == {"training mean": pytest.approx(float(targets.var(correction=0)))}


def test_language_counts_tokens_not_batches() -> None:
    table = torch.randn(5, 5, generator=generator(0))
    tokens = torch.randint(5, (23,), generator=generator(1))
    from tuiwb.data.batches import evaluation

    part = Part(tokens, None)
    data = Dataset(
        Signature("tokens", (4,), 5, 5),
        part,
        part,
        (),
        {"trigram": 1.0},
        "0" * 16,
        tuple("abcde"),
        4,
    )
    task = _task("language", "cross-entropy", data)
    metrics = task.evaluate(Lookup(table), evaluation(part, 3, 4))
    loss = float(nn.functional.cross_entropy(table[tokens[:-1]], tokens[1:]))
    right = float((table[tokens[:-1]].argmax(-1) == tokens[1:]).float().mean())
    assert metrics == pytest.approx(
        {"loss": loss, "perplexity": exp(loss), "bits": loss / log(2), "accuracy": right}, rel=1e-5
    )
    assert task.baselines == {"trigram": 1.0}


def test_a_hopeless_language_model_has_infinite_perplexity() -> None:
    tokens = torch.tensor([0, 1])
    part = Part(tokens, None)
    data = Dataset(Signature("tokens", (1,), 2, 2), part, part, (), {}, "0" * 16, ("a", "b"), 1)
    table = torch.tensor([[5000.0, 0.0], [0.0, 0.0]])
    batch = (tokens[:1][None], tokens[1:][None])
    metrics = _task("language", "cross-entropy", data).evaluate(Lookup(table), iter([batch]))
    assert metrics["perplexity"] == float("inf")


def test_nothing_to_evaluate_is_no_metrics() -> None:
    task = _task("classify", "cross-entropy", _dataset(torch.tensor([0, 1]), ("a", "b")))
    assert task.evaluate(nn.Identity(), iter(())) == {}
