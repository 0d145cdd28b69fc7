"""Several processes make the steps that one would make, obey at the same step, and end together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.ranked import ranked
from tests.engine.recorder import Ask, AtSteps, MemorySink
from tuiwb.base.errors import UserError
from tuiwb.engine.build import Session, build
from tuiwb.engine.costs import Costs
from tuiwb.engine.interfaces import Stopped
from tuiwb.engine.loop import HOPELESS, Outcome, train
from tuiwb.engine.ranks import ALONE, Ranks
from tuiwb.engine.replicated import some_rest
from tuiwb.engine.shared import Many, refuse
from tuiwb.spec import resolve
from tuiwb.tasks.task import turns_of

Told = tuple[Outcome, list[tuple[Any, ...]], list[torch.Tensor]]
FEW = ("train.steps=12", "train.eval_every=0", "probe.budget=0")


def trained(
    ranks: Ranks,
    folder: Path,
    preset: str,
    *settings: str,
    at: Mapping[int, Ask] | None = None,
    before: Callable[[Session], None] = lambda session: None,
    sink: MemorySink | None = None,
) -> Told:
    """One rank's training: how it ended, what every step told, the weights in the end. Only rank 0
    hears what is asked."""
    session = build(resolve(preset, settings).spec, ranks)
    before(session)
    sink = sink or MemorySink()
    controls = AtSteps(at or {} if ranks.leads else {})
    outcome = train(session, sink, controls, folder / str(getattr(ranks, "rank", "alone")))
    rows = [(row.step, row.loss, row.lr, *row.parts) for row in sink.rows]
    return outcome, rows, [w.detach().clone() for w in session.model.state_dict().values()]


@pytest.mark.parametrize(
    ("preset", "world", "settings"),
    [
        ("mlp-digits", 2, ("train.clip_norm=0.5", "regularize.weight_decay=0.01")),
        ("mlp-digits", 3, ("optim.name=sgd", "optim.momentum=0.9", "train.accumulate=4")),
        ("lbfgs-digits", 2, ("train.eval_every=5",)),
        ("ae-digits", 2, ("train.accumulate=2",)),
    ],
)
def test_many_processes_make_the_steps_of_one(
    tmp_path: Path, preset: str, world: int, settings: tuple[str, ...]
) -> None:
    _, alone, weights = trained(ALONE, tmp_path, preset, *FEW, *settings)
    told = ranked(
        tmp_path / "ranks",
        world,
        lambda ranks: trained(ranks, tmp_path, preset, *FEW, *settings),
    )
    for outcome, rows, own in told:
        assert outcome.state == "finished"
        np.testing.assert_allclose(np.array(rows), np.array(alone), rtol=0, atol=1e-6)
        for mine, first, one in zip(own, told[0][2], weights, strict=True):
            assert torch.equal(mine, first)  # the ranks do not drift apart
            torch.testing.assert_close(mine, one, rtol=1e-4, atol=1e-5)


def test_what_rank_0_is_asked_all_ranks_obey_at_the_same_step(tmp_path: Path) -> None:
    settings = ("train.steps=30", "train.eval_every=0", "probe.budget=0", "optim.name=sgd")

    def asked() -> dict[int, Ask]:
        return {5: Ask("set", {"optim.lr": 0.5}), 9: Ask("stpo"), 17: Ask("stop")}

    told = ranked(
        tmp_path / "ranks",
        2,
        lambda ranks: trained(ranks, tmp_path, "mlp-digits", *settings, at=asked()),
    )
    mine = asked()
    _, alone, _ = trained(ALONE, tmp_path, "mlp-digits", *settings, at=mine)
    assert (mine[5].accepted, mine[17].accepted) == (5, 17) and mine[9].refused
    for outcome, rows, _ in told:
        assert outcome.state == "stopped" and len(rows) == 17
        assert [row[2] for row in rows] == [row[2] for row in alone]


def test_a_pause_holds_all_ranks_and_steps_are_taken_by_all(tmp_path: Path) -> None:
    class Slowly:
        """One command a look, in order, from step 4 on."""

        def __init__(self) -> None:
            self.left = [Ask("pause"), Ask("step", {"steps": 2}), Ask("resume"), Ask("stop")]

        def take(self, step: int) -> list[Ask]:
            return [self.left.pop(0)] if step >= 4 and self.left else []

    def work(ranks: Many) -> list[int]:
        session = build(resolve("mlp-digits", FEW).spec, ranks)
        sink = MemorySink()
        controls = Slowly() if ranks.leads else AtSteps({})
        train(session, sink, controls, tmp_path / str(ranks.rank))
        return [row.step for row in sink.rows]

    first, second = ranked(tmp_path / "ranks", 2, work)
    assert first == second == list(range(1, len(first) + 1)) and len(first) < 12


@pytest.mark.parametrize("why", ["hopeless", "found"])
def test_an_end_that_rank_0_sees_is_the_end_of_all(tmp_path: Path, why: str) -> None:
    class Doctor(MemorySink):
        def steps(self, rows: Any) -> None:
            super().steps(rows)
            if rows[-1].step >= 5:
                raise Stopped("the doctor found something")

    def poison(session: Session) -> None:
        with torch.no_grad():
            next(session.model.parameters()).fill_(math.nan)

    def work(ranks: Many) -> tuple[str, str, int]:
        sink = Doctor() if why == "found" and ranks.leads else MemorySink()
        before = poison if why == "hopeless" else lambda session: None
        outcome, rows, _ = trained(
            ranks, tmp_path, "mlp-digits", "train.steps=100", before=before, sink=sink
        )
        return outcome.state, outcome.reason, len(rows)

    first, second = ranked(tmp_path / "ranks", 2, work)
    assert first == second
    assert first[0] == ("diverged" if why == "hopeless" else "stopped")
    assert (HOPELESS if why == "hopeless" else 5) <= first[2] < 100


def test_layers_that_rest_at_a_stage_rest_on_all_ranks(tmp_path: Path) -> None:
    settings = ("task.pretrain=3", "train.steps=10", "train.eval_every=0", "model.hidden=[16,16]")
    told = ranked(
        tmp_path / "ranks",
        2,
        lambda ranks: trained(ranks, tmp_path, "dbn-digits", *settings),
    )
    (_, rows, weights), (_, others, copies) = told
    assert [row[3] for row in rows] == [0] * 3 + [1] * 3 + [2] * 4
    assert rows == others and all(map(torch.equal, weights, copies))


def test_ranks_that_are_left_take_no_more_rows_at_once_than_before(tmp_path: Path) -> None:
    def work(ranks: Many) -> tuple[list[int], list[tuple[Any, ...]]]:
        seen: list[int] = []

        def note(session: Session) -> None:
            session.model.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))

        rows = trained(ranks, tmp_path, "mlp-digits", *FEW, before=note)[1]
        return seen[:12], rows

    # a batch of 64 on two ranks of the four that were planned: 16 rows at once, as on four
    (seen, rows), _ = ranked(tmp_path / "ranks", 2, work, planned=4)
    assert max(seen[2:]) == 16
    alone = trained(ALONE, tmp_path, "mlp-digits", *FEW)[1]
    np.testing.assert_allclose(np.array(rows), np.array(alone), rtol=0, atol=1e-6)


def test_each_rank_draws_other_numbers_for_dropout(tmp_path: Path) -> None:
    def work(ranks: Many) -> list[float]:
        session = build(resolve("mlp-digits", FEW).spec, ranks)
        ranks.begin(session)
        return torch.rand(4).tolist()

    first, second = ranked(tmp_path / "ranks", 2, work)
    assert first != second


def test_what_a_step_costs_is_known_of_every_rank(tmp_path: Path) -> None:
    def work(ranks: Many) -> list[float]:
        trained(ranks, tmp_path, "mlp-digits", *FEW)
        told = ranks.costs.take()
        assert told is not None and ranks.costs.take() is None
        return told.tolist()

    first, second = ranked(tmp_path / "ranks", 2, work)
    assert first == second and len(first) == 2 and min(first) > 0


def test_costs_are_means_over_the_steps_that_count() -> None:
    costs = Costs(2)
    for seconds in ([1.0, math.nan], [3.0, 5.0], [math.nan, 7.0]):
        costs.add(np.array(seconds))
    told = costs.take()
    assert told is not None and told.tolist() == [2.0, 6.0]


class Fake:
    """Ranks of which only the number counts."""

    world = 65


def test_what_several_processes_cannot_train_is_refused_in_words() -> None:
    ranks: Any = Fake()
    with pytest.raises(UserError, match="'adversarial' is not trained by several") as caught:
        refuse(build(resolve("gan-ring").spec), ranks)
    assert "discriminator, generator" in (caught.value.found or "")
    with pytest.raises(UserError, match="more processes than samples"):
        refuse(build(resolve("mlp-digits").spec), ranks)


def test_whether_a_loss_reaches_every_weight_is_seen_without_a_trace() -> None:
    session = build(resolve("cnn-digits", ["model.norm=batch"]).spec)
    before = [buffer.clone() for buffer in session.model.buffers()]
    drawn = torch.get_rng_state()
    assert not some_rest(session)
    assert all(map(torch.equal, session.model.buffers(), before))
    assert torch.equal(torch.get_rng_state(), drawn)
    session.model.register_parameter("idle", torch.nn.Parameter(torch.zeros(3)))
    session.turns = turns_of(session.task, session.model)
    assert some_rest(session)
