"""Averaged answers are what the formulas say, and members come back as their runs ended."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.contracts.making import module
from tests.engine.recorder import trained
from tuiwb.base.errors import UserError
from tuiwb.data.batches import generator
from tuiwb.engine.build import Session, load_data
from tuiwb.engine.ensemble import Member, ensemble
from tuiwb.spec import resolve

QUICK = ("train.steps=20", "train.eval_every=0", "train.device=cpu")


def classify(classes: int, single: bool = False) -> object:
    data = load_data(resolve("logreg-cancer" if classes == 2 else "softmax-digits").spec)
    spec = resolve("logreg-cancer" if single else "softmax-digits").spec
    loss = module("loss", spec.loss.name).build(spec.loss)
    return module("task", "classify").build(spec.task, loss, data, single)


@pytest.fixture
def answers() -> list[Tensor]:
    return [3 * torch.randn(6, 10, generator=generator(seed)) for seed in range(4)]


def test_probabilities_are_averaged(answers: list[Tensor]) -> None:
    together = classify(10).combined(answers)  # type: ignore[attr-defined]
    mean = torch.stack([answer.softmax(-1) for answer in answers]).mean(0)
    torch.testing.assert_close(together.exp(), mean)


def test_of_one_output_too(answers: list[Tensor]) -> None:
    logits = [answer[:, :1] for answer in answers]
    together = classify(2, single=True).combined(logits)  # type: ignore[attr-defined]
    mean = torch.stack([logit.sigmoid() for logit in logits]).mean(0)
    torch.testing.assert_close(together.sigmoid(), mean)


def member(folder: Path, session: Session, name: str) -> Member:
    newest = max((folder / "checkpoints").iterdir())
    return Member(name, session.spec, newest, session.dataset.fingerprint)


def test_members_answer_as_their_runs_ended(tmp_path: Path) -> None:
    members, ends = [], []
    for seed in (0, 1):
        # the second stops early: its weights are those of its best evaluation
        more = ("train.patience=1", "train.eval_every=5", "optim.lr=0.5") if seed else ()
        folder = tmp_path / str(seed)
        outcome, _, session = trained(folder, "softmax-digits", *QUICK, f"train.seed={seed}", *more)
        members.append(member(folder, session, str(seed)))
        ends.append(outcome.metrics)
    assert members[1].spec.train.patience
    facts = ensemble(members)
    assert [row["metrics"] for row in facts["members"]] == [pytest.approx(end) for end in ends]
    assert facts["mean"]["val_accuracy"] == pytest.approx(
        sum(end["val_accuracy"] for end in ends) / 2
    )
    # of convex losses the average is never worse than the mean (Jensen)
    assert facts["ensemble"]["val_loss"] <= facts["mean"]["val_loss"] + 1e-6
    assert facts["gain"]["val_loss"] == pytest.approx(
        facts["ensemble"]["val_loss"] - facts["mean"]["val_loss"]
    )


def test_a_run_with_itself_gains_nothing(tmp_path: Path) -> None:
    _, _, session = trained(tmp_path, "linreg-diabetes", *QUICK)
    one = member(tmp_path, session, "a")
    facts = ensemble([one, one])
    assert facts["gain"] == pytest.approx(dict.fromkeys(facts["mean"], 0.0), abs=1e-5)
    assert {"val_r2", "val_rmse"} <= set(facts["gain"])


def test_other_data_than_it_was_trained_on_is_refused(tmp_path: Path) -> None:
    _, _, session = trained(tmp_path, "softmax-digits", *QUICK)
    one = dataclasses.replace(member(tmp_path, session, "a"), fingerprint="0" * 16)
    with pytest.raises(UserError, match="not what a was trained on"):
        ensemble([one])


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    _, _, session = trained(tmp_path, "mlp-digits", *QUICK)
    other = resolve("mlp-digits", ["model.hidden=[8]"]).spec
    one = dataclasses.replace(member(tmp_path, session, "a"), spec=other)
    with pytest.raises(UserError, match="do not fit the network"):
        ensemble([one])
