"""Held-out figures of a game: a distance that early stopping can judge by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.stats import wasserstein_distance

from tests.contracts.making import build_model, knobs, module
from tests.engine.recorder import trained
from tuiwb.base.errors import UserError
from tuiwb.base.signature import Signature
from tuiwb.data.batches import generator
from tuiwb.data.dataset import Dataset, Part
from tuiwb.engine.build import Session, build, load_data
from tuiwb.spec import resolve
from tuiwb.tasks.distance import Sliced
from tuiwb.tasks.judge import Judge, spoil

GLYPHS = ("data.samples=1000",)
SMALL = ("train.device=cpu", "train.threads=1", "data.samples=400", "model.hidden=[16]")


def _rows(count: int, features: int, key: int) -> torch.Tensor:
    return torch.randn(count, features, generator=generator(key))


def test_along_one_direction_it_is_scipys() -> None:
    ours, theirs = _rows(300, 1, 0), 2 * _rows(300, 1, 1) + 1
    expected = wasserstein_distance(ours[:, 0].numpy(), theirs[:, 0].numpy())
    assert float(Sliced(ours).to(theirs)) == pytest.approx(expected, rel=1e-5)


def test_it_is_the_mean_of_scipys_over_its_directions() -> None:
    ours, theirs = _rows(200, 3, 0), _rows(200, 3, 1) + torch.tensor([0.0, 1.0, 2.0])
    sliced = Sliced(ours, directions=7)
    along = sliced._directions
    torch.testing.assert_close(along.norm(dim=0), torch.ones(7))
    each = [wasserstein_distance((ours @ d).numpy(), (theirs @ d).numpy()) for d in along.unbind(1)]
    assert float(sliced.to(theirs)) == pytest.approx(sum(each) / 7, rel=1e-5)


def test_nothing_lies_between_a_set_and_itself_in_another_order() -> None:
    rows = _rows(50, 4, 0)
    assert float(Sliced(rows).to(rows.flip(0))) == pytest.approx(0, abs=1e-6)
    # a set and its half, of which every second one is thinned away
    assert float(Sliced(rows).to(rows.repeat_interleave(2, 0))) == pytest.approx(0, abs=1e-6)


def test_one_mode_of_two_is_further_than_both() -> None:
    sides = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    real = sides[torch.arange(400) % 2] + 0.05 * _rows(400, 2, 0)
    both = sides[torch.arange(400) % 2] + 0.05 * _rows(400, 2, 1)
    distance = Sliced(real)
    assert float(distance.to(sides[:1] + 0.05 * _rows(400, 2, 1))) > 10 * float(distance.to(both))


def test_an_evaluation_draws_nothing_from_the_global_generator() -> None:
    rows = _rows(40, 2, 0)
    part = Part(rows, torch.arange(40) % 2)
    dataset = Dataset(Signature("vector", (2,), 2), part, part, ("a", "b"), {}, "0" * 16)
    before = torch.get_rng_state()
    task = module("task", "adversarial").build(knobs("task", "adversarial"), None, dataset, False)
    assert torch.equal(torch.get_rng_state(), before)
    model: Any = build_model("gan", dataset.signature)
    before = torch.get_rng_state()
    with torch.no_grad():
        first = task.evaluate(model, iter([(rows, rows)]))
        assert torch.equal(torch.get_rng_state(), before)
        assert first == task.evaluate(model, iter([(rows, rows)]))
    assert task.baselines == {"training samples": 0}


def test_patience_ends_a_game_that_gets_worse_and_restores_its_best(tmp_path: Path) -> None:
    def ruin(session: Session) -> None:
        """From step 4 on the generator runs away: nothing after that is better."""
        discriminator, generator_turn = session.turns
        away = generator_turn.loss

        def loss(model: Any, batch: Any, step: int) -> Any:
            value, parts = away(model, batch, step)
            bias = model.generator.output.bias
            return (value if step < 4 else value - 1e3 * bias.sum()), parts

        turn = type(generator_turn)("generator", generator_turn.parameters, loss, lr=1.0)
        session.turns = (discriminator, turn)

    outcome, sink, session = trained(
        tmp_path,
        "gan-ring",
        *SMALL,
        "train.steps=60",
        "train.eval_every=2",
        "train.patience=3",
        "optim.lr=0.02",
        before=ruin,
    )
    assert session.step < 60 and outcome.reason.startswith("early stopping")
    losses = [metrics["val_loss"] for _, metrics, _ in sink.evaluations]
    assert outcome.metrics["val_loss"] == pytest.approx(min(losses), rel=1e-6)
    assert losses[-1] > min(losses)


@pytest.fixture(scope="module")
def glyphs() -> Dataset:
    return load_data(resolve("dcgan-glyphs", GLYPHS).spec)


@pytest.fixture(scope="module")
def judge(glyphs: Dataset) -> Judge:
    before = torch.get_rng_state()
    trained_on = Judge(glyphs)
    assert torch.equal(torch.get_rng_state(), before)
    return trained_on


@pytest.mark.slow
def test_the_judge_knows_held_out_digits_and_is_always_the_same(
    glyphs: Dataset, judge: Judge
) -> None:
    said = judge.classes(glyphs.val.inputs)
    assert glyphs.val.targets is not None
    assert float((said == glyphs.val.targets).float().mean()) > 0.9
    assert judge.judge(glyphs.val.inputs)["modes"] == 10
    torch.manual_seed(123)
    assert torch.equal(Judge(glyphs).classes(glyphs.val.inputs), said)


def test_the_judge_calls_fog_noise_and_blends_no_digit(glyphs: Dataset, judge: Judge) -> None:
    assert glyphs.val.targets is not None
    shape = glyphs.signature.shape
    blends = spoil(glyphs.val.inputs, glyphs.val.targets, 99)
    assert float((judge.classes(blends) == judge.count).float().mean()) > 0.9
    fog = glyphs.train.inputs.mean(0).expand(200, *shape)
    noise = torch.rand(200, *shape, generator=generator(0))
    for pictures in (fog, noise):
        assert judge.judge(pictures) == {"modes": 0, "quality": 0}


def test_the_judge_counts_what_it_sees(glyphs: Dataset, judge: Judge) -> None:
    assert glyphs.val.targets is not None
    said = judge.classes(glyphs.val.inputs)
    three = glyphs.val.inputs[(said < 3)]
    assert judge.judge(three) == {"modes": 3, "quality": 1}
    fog = glyphs.train.inputs.mean(0).expand(len(three), *glyphs.signature.shape)
    assert judge.judge(torch.cat((three, fog))) == {"modes": 3, "quality": 0.5}


def test_spoilt_pictures_are_a_function_of_their_step(glyphs: Dataset) -> None:
    pictures, targets = glyphs.train.inputs[:20], torch.arange(20) % 10
    assert torch.equal(spoil(pictures, targets, 1), spoil(pictures, targets, 1))
    assert not torch.equal(spoil(pictures, targets, 1), spoil(pictures, targets, 2))
    assert not len(spoil(pictures, torch.zeros(20), 1))  # there are no two of different classes


def test_a_net_judges_pictures_alone() -> None:
    with pytest.raises(UserError) as caught:
        build(resolve("gan-ring", ["task.judge=net"]).spec)
    assert caught.value.where == "task.judge"
