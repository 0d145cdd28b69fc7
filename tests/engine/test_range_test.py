"""The range test: its rates, what it follows, where it ends, and that nothing is left of it."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import numpy as np
import pytest
import torch

from tuiwb.base.rates import shares
from tuiwb.engine.build import Session, build
from tuiwb.engine.loop import Loop
from tuiwb.engine.range_test import HOPELESS, range_test, silent
from tuiwb.engine.state import state_of
from tuiwb.spec import resolve, to_toml
from tuiwb.worker.range_test import range_test_once

QUICK = ("train.device=cpu", "train.threads=1")


def session(preset: str, *overrides: str) -> Session:
    return build(resolve(preset, [*QUICK, *overrides]).spec)


def bits(value: Any) -> Any:
    """Everything in ``value``, tensors as bytes: equal where all bits are."""
    if isinstance(value, torch.Tensor):
        return (str(value.dtype), tuple(value.shape), value.detach().cpu().numpy().tobytes())
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [bits(item) for item in value]
    return value


def all_of(made: Session, loop: Loop) -> Any:
    """What the next step depends on, and what it would be trained with."""
    groups = [[{k: v for k, v in g.items() if k != "params"} for g in o.param_groups]
              for o in made.optimizers]  # fmt: skip
    clocks = ("spec", "pictures", "watch")  # the loop's own, which go on
    state = {key: value for key, value in state_of(loop).items() if key not in clocks}
    modes = [module.training for module in made.model.modules()]
    gradients = [p.grad is None for p in made.model.parameters()]
    drawn = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
    return bits([state, groups, modes, gradients, drawn])


@pytest.mark.parametrize(
    ("preset", "more"),
    [
        ("mlp-digits", ("regularize.dropout=0.3", "model.norm=batch")),
        ("gan-ring", ("optim.name=adam", "task.critic_steps=2", "task.critic_lr=3")),
        ("lbfgs-digits", ("optim.iterations=2",)),
        ("logreg-cancer", ("optim.momentum=0.9", "train.clip_norm=1")),
        ("rbm-digits", ("task.chains=persistent", "task.judged=0", "task.fantasy=0")),
        ("dbn-digits", ()),
        ("linreg-diabetes", ("regularize.l1=0.01", "optim.name=adamw")),
    ],
)
@pytest.mark.parametrize("steps", [6, 70])
@pytest.mark.parametrize("trained", [0, 3])
def test_every_bit_is_as_it_was(
    preset: str, more: tuple[str, ...], trained: int, steps: int, tmp_path: Any
) -> None:
    made = session(preset, "probe.budget=0", *more)
    loop = silent(made, tmp_path)
    made.model.train()
    for _ in range(trained):
        loop.step()
    made.model.eval() if trained else made.model.train()
    before = all_of(made, loop)
    curves = range_test(made, 1e-4, 1.0, steps)
    alone = len(made.turns) == 1
    for curve in curves:
        assert curve.ended or len(curve.lrs) == (shares(steps)[0] if alone else steps)
        assert not curve.runs or (alone and steps == 70)
    assert all_of(made, loop) == before
    made.model.train()
    loop.step()
    assert all_of(made, loop) != before  # what is compared does see a step
    loop.close()


def test_rates_grow_by_one_factor_from_low_to_high() -> None:
    (curve,) = range_test(session("mlp-digits"), 1e-5, 1e-2, 31)
    assert curve.turn == "" and curve.factor == 1 and curve.ended == ""
    assert curve.lrs == pytest.approx([1e-5 * 10 ** (i / 10) for i in range(31)])
    assert np.mean(curve.losses[-5:]) < 0.8 * curve.losses[0]


def test_each_network_of_a_game_has_its_own_curve_and_the_other_keeps_its_rate() -> None:
    made = session("gan-ring", "task.critic_lr=2")
    used: dict[str, list[tuple[float, ...]]] = {}
    for turn, optimizer in zip(made.turns, made.optimizers, strict=True):
        used[turn.name] = []
        optimizer.register_step_pre_hook(
            lambda o, *_, name=turn.name: used[name].append((o.param_groups[0]["lr"],))
        )
    critic, maker = range_test(made, 1e-4, 1e-2, 5)
    assert (critic.turn, critic.factor) == ("discriminator", 2.0)
    assert (maker.turn, maker.factor) == ("generator", 1.0)
    climb = pytest.approx([1e-4 * 10 ** (i / 2) for i in range(5)])
    own = made.spec.optim.lr
    assert [lr for (lr,) in used["discriminator"]] == [*critic.lrs, *[2 * own] * 5]
    assert [lr for (lr,) in used["generator"]] == [*[own] * 5, *maker.lrs]
    assert critic.lrs == climb and maker.lrs == climb


def test_it_ends_where_the_loss_is_lost() -> None:
    (curve,) = range_test(session("linreg-diabetes"), 1e-3, 100.0, 100)
    assert len(curve.lrs) < 100
    assert f"grown {HOPELESS:g} times" in curve.ended or "not finite" in curve.ended


def test_a_loss_that_is_no_number_ends_it_at_once() -> None:
    made = session("linreg-diabetes")
    with torch.no_grad():
        next(made.model.parameters()).fill_(math.nan)
    (curve,) = range_test(made, 1e-3, 1.0, 30)
    assert len(curve.lrs) == 1
    assert curve.ended == "the loss was not finite at a learning rate of 0.001"


def test_a_machine_is_followed_by_its_reconstruction() -> None:
    """Its loss hovers about zero whatever it learns."""
    (curve,) = range_test(session("rbm-digits", "task.judged=0"), 1e-3, 0.5, 40)
    assert all(0 < loss < 0.5 for loss in curve.losses)
    assert np.mean(curve.losses[-5:]) < 0.9 * np.mean(curve.losses[:5])


def test_stages_are_over() -> None:
    """A net that begins without labels is tested on the loss that it ends with."""
    (curve,) = range_test(session("dbn-digits", "task.pretrain=3"), 1e-4, 1e-3, 8)
    assert curve.losses == pytest.approx([math.log(10)] * 8, rel=0.3)


# the worker's life


def answered(capsys: pytest.CaptureFixture[str], toml: str, **asked: Any) -> tuple[int, list[Any]]:
    code = range_test_once(json.dumps(asked) + "\n" + toml)
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_worker_tells_each_step_and_then_the_curves(capsys: pytest.CaptureFixture[str]) -> None:
    toml = to_toml(resolve("linreg-diabetes", QUICK))
    code, lines = answered(capsys, toml, low=1e-4, high=1e-2, steps=5)
    assert code == 0
    (curve,) = lines[-1]["ok"]["curves"]
    assert [line["step"]["lr"] for line in lines[:-1]] == curve["lrs"]
    assert [line["step"]["loss"] for line in lines[:-1]] == curve["losses"]
    assert len(curve["lrs"]) == 5


def test_the_worker_answers_in_words_where_it_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    toml = to_toml(resolve("mlp-digits", [*QUICK, "model.name=no_such_module:Net"]))
    code, lines = answered(capsys, toml, low=1e-4, high=1e-2, steps=5)
    assert code == 2 and "error" in lines[-1]
    code, lines = answered(capsys, "[[", low=1e-4, high=1e-2, steps=5)
    assert code == 2
