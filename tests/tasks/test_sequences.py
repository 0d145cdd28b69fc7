"""Metrics and pictures of the tasks on sequences, against numbers worked out by hand."""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.contracts.making import build_model, knobs, module
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.data.batches import evaluation, generator
from tuiwb.data.dataset import Dataset, Part
from tuiwb.tasks.groups import GROUPS


def _tokens(inputs: Tensor, targets: Tensor | None, vocabulary: str, context: int = 0) -> Dataset:
    part = Part(inputs, targets)
    size = len(vocabulary)
    signature = Signature("tokens", (context or inputs.shape[1],), size, size)
    baselines = {"unigram": 2.0}
    return Dataset(
        signature,
        part,
        part,
        (),
        baselines,
        "0" * 16,
        vocabulary=tuple(vocabulary),
        context=context,
    )


def _task(name: str, dataset: Dataset, loss: str = "cross-entropy", **values: Any) -> Any:
    built = module("loss", loss).build(knobs("loss", loss))
    return module("task", name).build(knobs("task", name, **values), built, dataset, False)


class Says(nn.Module):
    """Answers the tokens it was told to, forced or alone, with a margin."""

    def __init__(self, answers: Tensor, size: int, margin: float = 3.0) -> None:
        super().__init__()
        self.logits = F.one_hot(answers, size).float() * margin

    def forward(self, inputs: Tensor, forced: Tensor | None = None) -> Tensor:
        return self.logits[: len(inputs)]


def test_sequence_counts_places_sequences_and_what_is_not_blank() -> None:
    targets = torch.tensor([[0, 0, 1, 2], [0, 0, 2, 2]])
    guesses = torch.tensor([[0, 0, 1, 2], [0, 1, 2, 1]])
    data = _tokens(targets, targets, "·ab")
    metrics = _task("sequence", data).evaluate(Says(guesses, 3), iter([(targets, targets)]))
    assert metrics["accuracy"] == pytest.approx(6 / 8)
    assert metrics["whole"] == pytest.approx(1 / 2)
    assert metrics["recall"] == pytest.approx(3 / 4)
    right = log(exp(3) + 2) - 3
    assert metrics["loss"] == pytest.approx((6 * right + 2 * (right + 3)) / 8, rel=1e-5)


@pytest.mark.parametrize("name", ["sequence", "seq2seq"])
def test_what_is_not_asked_for_counts_for_nothing(name: str) -> None:
    targets = torch.tensor([[1, -100], [0, -100], [0, 1]])
    data = _tokens(torch.zeros(3, 2, dtype=torch.int64), targets, "ab")
    guesses = torch.tensor([[1, 1], [0, 1], [0, 0]])
    metrics = _task(name, data).evaluate(Says(guesses, 2), evaluation(data.val, 3))
    assert metrics["accuracy"] == pytest.approx(3 / 4)
    assert metrics["whole"] == pytest.approx(2 / 3)
    assert "recall" not in metrics


def test_batches_of_another_size_give_the_same_metrics() -> None:
    inputs = torch.randint(11, (10, 8), generator=generator(0))
    targets = inputs.flip(1)
    data = _tokens(inputs, targets, "abcdefghijk")
    model = build_model("seq2seq", data.signature).eval()
    task = _task("seq2seq", data)
    with torch.no_grad():
        whole, parts = (task.evaluate(model, evaluation(data.val, n)) for n in (10, 3))
    assert whole == pytest.approx(parts, rel=1e-5)


def _series(season: int = 2) -> Dataset:
    random = generator(3)
    series = torch.randn(50, 6, 1, generator=random)
    targets = torch.randn(50, 4, generator=random)
    part = Part(series, targets)
    return Dataset(Signature("sequence", (6, 1), 4), part, part, (), {}, "0" * 16)


class SeasonalNaive(nn.Module):
    """The value two steps before."""

    def forward(self, series: Tensor) -> Tensor:
        return torch.cat((series[:, -2:, 0], series[:, -2:, 0]), dim=1)


def test_the_seasonal_naive_forecast_has_a_mase_of_one() -> None:
    data = _series()
    task = _task("series", data, "mse", season=2)
    metrics = task.evaluate(SeasonalNaive(), evaluation(data.val, 7))
    assert metrics["mase"] == pytest.approx(1.0, rel=1e-5)
    assert metrics["loss"] == pytest.approx(task.baselines["seasonal naive"], rel=1e-5)
    last = data.val.inputs[:, -1:, 0].expand(-1, 4)
    assert data.val.targets is not None
    expected = float(F.mse_loss(last, data.val.targets))
    assert task.baselines["naive"] == pytest.approx(expected, rel=1e-5)


def test_a_season_longer_than_what_is_seen_is_an_error_of_the_user() -> None:
    with pytest.raises(UserError) as caught:
        _task("series", _series(), "mse", season=7)
    assert caught.value.where == "task.season" and caught.value.allowed == "at most 6"


def test_without_a_season_there_is_no_mase() -> None:
    data = _series()
    metrics = _task("series", data, "mse").evaluate(SeasonalNaive(), evaluation(data.val, 7))
    assert "mase" not in metrics


class Filler(nn.Module):
    """Knows the whole text by heart: token i stands at place i. Keeps what it was shown."""

    mask = 7

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Tensor] = []

    def encode(self, tokens: Tensor) -> Tensor:
        self.shown.append(tokens)
        return F.one_hot(torch.arange(7), 7).float().expand(len(tokens), -1, -1) * 9

    def answer(self, vectors: Tensor) -> Tensor:
        return vectors


def test_an_evaluation_masks_every_token_exactly_once() -> None:
    text = torch.arange(7).repeat(4)
    data = _tokens(text, None, "abcdefg", context=7)
    model = Filler()
    before = torch.get_rng_state()
    metrics = _task("masked", data, share=0.3).evaluate(model, [(text.view(4, 7), text.view(4, 7))])
    assert torch.equal(torch.get_rng_state(), before)
    assert metrics["accuracy"] == 1 and metrics["perplexity"] == pytest.approx(exp(metrics["loss"]))
    masked = torch.stack([shown == Filler.mask for shown in model.shown]).sum(0)
    assert (masked == 1).all()


def test_training_asks_for_the_share_of_tokens_and_shows_eight_of_ten_as_the_mask() -> None:
    text = torch.arange(7).repeat(400).view(-1, 7)
    model = Filler()
    torch.manual_seed(0)
    loss, _ = _task("masked", _tokens(text, None, "abcdefg"), share=0.43).loss(model, (text, text))
    assert float(loss) < 0.01, "the right tokens are asked for"
    (shown,) = model.shown
    masked = shown == Filler.mask
    assert float(masked.float().mean()) == pytest.approx(3 / 7 * 0.8, abs=0.03)
    others = (shown != text) & ~masked
    assert float(others.float().mean()) == pytest.approx(3 / 7 * 0.1 * 6 / 7, abs=0.015)


def _words(count: int = 30) -> Dataset:
    text = torch.randint(9, (count * 10,), generator=generator(5)).sort().values
    return _tokens(text, None, "abcdefghi", context=10)


def test_negative_sampling_by_hand() -> None:
    data = _words()
    task = _task("embed", data, "own", window=2, negatives=3, frequent=1.0)
    model = build_model("word2vec", data.signature, width=4)
    with torch.no_grad():
        model.contexts.weight.normal_(generator=generator(1))
    words = data.train.inputs[7:12][None]
    torch.manual_seed(0)
    loss, _ = task.loss(model, (words, words))
    torch.manual_seed(0)
    drawn = torch.searchsorted(task._edges, torch.rand(1, 5, 3))
    v, c = model.centres.weight, model.contexts.weight
    total = weights = 0.0
    for i in range(5):
        for j in range(5):
            if i == j or abs(i - j) > 2:
                continue
            weight = (3 - abs(i - j)) / 2
            mine, other = int(words[0, i]), int(words[0, j])
            each = -F.logsigmoid(v[mine] @ c[other]) - sum(
                F.logsigmoid(-v[mine] @ c[int(n)]) for n in drawn[0, i]
            )
            total += weight * float(each.detach())
            weights += weight
    assert float(loss.detach()) == pytest.approx(total / weights, rel=1e-4)


def test_words_that_nothing_is_known_of_cost_what_the_baseline_says() -> None:
    data = _words()
    task = _task("embed", data, "own", negatives=5)
    assert task.baselines["no idea"] == pytest.approx(log(6) + 5 * log(6 / 5))
    assert task.baselines["word frequencies"] <= task.baselines["no idea"] + 0.05
    assert "unigram" not in task.baselines, "nats per token are not nats per pair"


def test_an_evaluation_of_word_vectors_draws_nothing() -> None:
    data = _words()
    model = build_model("word2vec", data.signature)
    task = _task("embed", data, "own")
    before = torch.get_rng_state()
    first, second = (task.evaluate(model, evaluation(data.val, 3, 10)) for _ in range(2))
    assert first == second and torch.equal(torch.get_rng_state(), before)


def test_vectors_that_lie_in_their_groups_are_pure() -> None:
    words = [word for group in GROUPS.values() for word in group]
    assert len(set(words)) == len(words), "a word belongs to one group"
    data = _tokens(torch.arange(len(words)), None, "x" * len(words), context=10)
    data = Dataset(**{**vars(data), "vocabulary": tuple(words)})
    task = _task("embed", data, "own")
    model = build_model("word2vec", data.signature, width=len(GROUPS))
    rows = [i for i, group in enumerate(GROUPS.values()) for _ in group]
    with torch.no_grad():
        model.centres.weight.copy_(F.one_hot(torch.tensor(rows)).float())
    metrics = task.evaluate(model, evaluation(data.val, 3, 10))
    assert metrics["purity"] == 1 and 0.05 < metrics["chance"] < 0.2


@pytest.mark.parametrize(
    ("task", "model", "loss", "kinds"),
    [
        ("sequence", "encoder", "cross-entropy", {"text", "matrix"}),
        ("sequence", "char-rnn", "cross-entropy", {"text", "matrix"}),
        ("seq2seq", "seq2seq", "cross-entropy", {"text", "matrix"}),
        ("masked", "bert", "cross-entropy", {"text", "matrix"}),
        ("language", "char-rnn", "cross-entropy", {"text", "matrix"}),
        ("series", "recurrent", "mse", {"lines", "matrix"}),
    ],
)
def test_pictures_have_what_their_kind_asks_for(
    task: str, model: str, loss: str, kinds: set[str]
) -> None:
    windows = task in ("masked", "language")
    if task == "series":
        data, values = _series(), {"season": 2}
    else:
        tokens = torch.randint(11, (20, 8), generator=generator(0))
        data = _tokens(tokens.flatten() if windows else tokens, None if windows else tokens.flip(1),
                       "abcdefghijk", 8 if windows else 0)  # fmt: skip
        values = {}
    net = build_model(model, data.signature).eval()
    with torch.no_grad():
        shown = list(_task(task, data, loss, **values).pictures(net, data))
    assert kinds == {picture.kind for picture in shown}
    assert len({picture.name for picture in shown}) == len(shown)
    for picture in shown:
        arrays = picture.plain()
        assert all(array.dtype != object for array in arrays.values())
        if picture.kind == "matrix":
            rows, columns = arrays["values"].shape
            assert len(arrays["rows"]) == rows and len(arrays["columns"]) == columns
        elif picture.kind == "lines":
            lines, points = arrays["values"].shape
            assert len(arrays["names"]) == lines and arrays["x"].shape == (points,)
        if picture.name.startswith("attention"):
            assert np.allclose(arrays["values"].sum(1), 1, atol=1e-5)
