"""Hot knobs: set in a running loop they hold from the next step on, each of them, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.contracts.making import build_model, signature_of
from tests.engine.recorder import Ask, MemorySink, every_checkpoint, trained
from tuiwb.engine import loop
from tuiwb.engine.checkpoint import load, steps_in
from tuiwb.optim.schedule import learning_rate
from tuiwb.spec import KnobInfo, fields, resolve
from tuiwb.spec.declarations import SHELVES, declared
from tuiwb.spec.hot import hot_keys
from tuiwb.spec.resolve import SECTIONS

AT, STEPS = 6, 16
BASE = (f"train.steps={STEPS}", "train.eval_every=0", "probe.budget=0")

PRESETS = {
    ("loss", "focal"): ("logreg-cancer", ("loss.name=focal",)),
    ("loss", "huber"): ("linreg-diabetes", ("loss.name=huber",)),
    ("loss", "cross-entropy"): ("mlp-digits", ()),
    ("task", "adversarial"): ("gan-ring", ()),
}
"""What a component trains with where mlp-digits with its name does not."""
VALUES: dict[str, Any] = {
    "train.eval_every": 4,
    "train.patience": 1,
    "train.stop_when": "val_loss < 1000",
    "train.clip_norm": 1e-3,
    "train.checkpoint_space": 0,
    "probe.budget": 1.0,
    "optim.eps": 0.5,
}
MORE = {
    "train.patience": ("train.eval_every=2", "optim.name=sgd", "optim.lr=100"),
    "train.stop_when": ("train.eval_every=2",),
    "train.checkpoint_space": ("train.checkpoint_every=3",),
    "optim.momentum": ("optim.momentum=0.5",),
}
"""What a knob needs besides, so that its effect can be seen."""


def declarations() -> list[tuple[str, str, KnobInfo]]:
    """Every hot knob: of each component of every shelf, and of the plain sections. What all data
    sources share stands once."""
    found: dict[tuple[str, str, str], tuple[str, str, KnobInfo]] = {}
    plain = resolve("mlp-digits").spec
    for section in SECTIONS:
        if section not in SHELVES:
            owned = [("", fields(type(getattr(plain, section))))]
        else:
            names = SHELVES[section].names()
            owned = [(name, fields(declared(section, name))) for name in names]
            if section == "data":
                owned.sort(key=lambda one: one[0] != "digits")
        for name, infos in owned:
            for info in infos:
                if info.tier == "hot":
                    key = ("" if section == "data" else name, section, info.name)
                    found.setdefault(key, (section, name, info))
    return list(found.values())


HOT = declarations()


def setting(section: str, name: str, info: KnobInfo) -> tuple[str, tuple[str, ...], str, Any]:
    """A preset, overrides, and a key with a value that is not its own."""
    key = f"{section}.{info.name}"
    own = (f"{section}.name={name}",) if name else ()
    preset, overrides = PRESETS.get((section, name), ("mlp-digits", own))
    overrides = (*BASE, *overrides, *MORE.get(key, ()))
    now = resolve(preset, overrides).get(key)
    if key in VALUES:
        return preset, overrides, key, VALUES[key]
    if info.kind == "int":
        return preset, overrides, key, now + 2
    low, high = info.low or 0.0, info.high if info.high is not None else 1.0
    return preset, overrides, key, now / 4 if now > 0 else min(low + 0.3, high)


def seen(folder: Path, preset: str, overrides: tuple[str, ...], *script: tuple[int, Ask]) -> Any:
    """All that a training shows: losses, rates, norms, evaluations, samples of layers, its end; and
    what it leaves behind, but for the checkpoint before knobs are set."""
    with every_checkpoint():
        outcome, sink, _ = trained(folder, preset, *overrides, at=dict(script))
    left = [step for step in steps_in(folder / "checkpoints") if step != AT]
    rows = [(row.step, row.loss, row.lr, row.clipped, *row.parts) for row in sink.rows]
    taken = [step for step, _ in sink.layer_rows if step > AT]
    return repr((rows, sink.evaluations, bool(taken), outcome, left))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "name", "info"), HOT, ids=[f"{s}.{i.name}-{n}".strip("-") for s, n, i in HOT]
)
def test_every_hot_knob_takes_effect(
    tmp_path: Path, section: str, name: str, info: KnobInfo
) -> None:
    preset, overrides, key, value = setting(section, name, info)
    ask = Ask("set", {key: value})
    changed = seen(tmp_path / "a", preset, overrides, (AT, ask))
    assert ask.refused is None and ask.accepted == AT
    assert changed != seen(tmp_path / "b", preset, overrides)


def test_there_are_hot_knobs_to_try() -> None:
    keys = {f"{section}.{info.name}" for section, _, info in HOT}
    assert keys >= {
        "optim.lr", "optim.momentum", "optim.beta1", "regularize.dropout", "regularize.l2",
        "data.augment_shift", "loss.label_smoothing", "task.critic_lr", "train.patience",
        "probe.budget",
    }  # fmt: skip


def lost(before: float, after: float, monkeypatch: pytest.MonkeyPatch, folder: Path) -> MemorySink:
    """A training whose rate was ``after`` from step `AT` on, by the schedule itself."""

    def rate(step: int, total: int, knobs: Any, peak: float) -> float:
        return learning_rate(step, total, knobs, before if step < AT else after)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "learning_rate", rate)
        return trained(folder, "mlp-digits", *BASE, *COSINE)[1]


COSINE = ("schedule.name=cosine", "schedule.warmup=3", "optim.lr=0.01")


def test_a_rate_set_at_a_step_is_that_rate_from_there_on_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Ask("set", {"optim.lr": 0.002})
    _, told, session = trained(tmp_path / "a", "mlp-digits", *BASE, *COSINE, at={AT: ask})
    wanted = lost(0.01, 0.002, monkeypatch, tmp_path / "b")
    assert told.losses == wanted.losses
    assert [row.lr for row in told.rows] == [row.lr for row in wanted.rows]
    assert told.rows[AT].lr < told.rows[AT - 1].lr / 4  # the peak changed, the shape went on
    assert session.spec.optim.lr == 0.002


def test_several_are_set_together_or_none_is(tmp_path: Path) -> None:
    good = Ask("set", {"optim.lr": 0.02, "regularize.weight_decay": 0.1})
    bad = Ask("set", {"optim.lr": 0.5, "regularize.l2": 0.1})
    _, _, session = trained(tmp_path, "mlp-digits", *BASE, at={AT: good, AT + 2: bad})
    assert good.accepted == AT and bad.accepted is None
    assert "two kinds of weight decay" in (bad.refused or "")
    assert session.spec.optim.lr == 0.02 and session.spec.regularize.l2 == 0
    assert session.regularizer.weight_decay == 0.1 and session.regularizer.l2 == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "nothing to set"),
        ({"optim.lr": -1}, "optim.lr is out of range"),
        ({"optim.lr": "fast"}, "optim.lr has the wrong type"),
        ({"optim.lr": {"a": 1}}, "optim.lr"),
        ({"optim.lrr": 1}, "did you mean lr?"),
        ({"optimm.lr": 1}, "did you mean optim.lr?"),
        ({"about.title": "x"}, "unknown setting"),
        ({"model.hidden": [9]}, "fixed once it trains"),
        ({"data.batch_size": 9}, "rebuild from a checkpoint"),
        ({"optim.name": "sgd"}, "-s 'optim.name="),
        ({"train.patience": 2}, "early stopping needs evaluations"),
        ({"train.stop_when": "nonsense", "train.eval_every": 5}, "no condition"),
        ({"train.stop_when": "val_speed < 1", "train.eval_every": 5}, "does not report val_speed"),
    ],
)
def test_what_cannot_be_set_is_refused_with_the_reason(
    tmp_path: Path, args: dict[str, Any], words: str
) -> None:
    ask = Ask("set", args)
    _, sink, session = trained(tmp_path / "a", "mlp-digits", *BASE, at={AT: ask})
    assert ask.accepted is None and words in (ask.refused or ""), ask.refused
    assert session.spec == resolve("mlp-digits", BASE).spec
    assert sink.losses == trained(tmp_path / "b", "mlp-digits", *BASE)[1].losses


@pytest.mark.parametrize(
    "name",
    [n for n in SHELVES["model"].names() if declared("model", n).has_dropout],  # type: ignore[attr-defined]
)
def test_dropout_of_share_0_is_there_to_be_turned_up(name: str) -> None:
    kind = declared("model", name).takes[-1]  # type: ignore[attr-defined]
    signature = signature_of(name, kind)
    model = build_model(name, signature)
    held = [m for m in model.modules() if isinstance(m, nn.Dropout)]
    assert held and all(m.p == 0.0 for m in held)


def test_momentum_that_was_off_comes_back_without_old_velocity(tmp_path: Path) -> None:
    off, on = Ask("set", {"optim.momentum": 0.0}), Ask("set", {"optim.momentum": 0.9})
    base = (*BASE, "optim.name=sgd", "optim.lr=0.05", "optim.momentum=0.9")
    kept: list[Any] = []

    class Look(Ask):
        def refuse(self, step: int, reason: str) -> None:
            kept.append(len(session[0].optimizers[0].state[weight]))

    session: list[Any] = []
    weight = torch.zeros(0)

    def before(made: Any) -> None:
        nonlocal weight
        session.append(made)
        weight = next(made.model.parameters())

    script = {AT: off, AT + 1: Look("look"), AT + 3: on}
    trained(tmp_path, "mlp-digits", *base, at=script, before=before)
    assert off.accepted == AT and on.accepted == AT + 3 and kept == [0]
    assert "momentum_buffer" in session[0].optimizers[0].state[weight]


def test_a_checkpoint_holds_the_spec_in_force(tmp_path: Path) -> None:
    ask = Ask("set", {"optim.lr": 0.02})
    trained(tmp_path, "mlp-digits", *BASE, at={AT: ask})
    state = load(tmp_path / "checkpoints" / f"{STEPS:08d}")
    assert state["spec"]["optim"]["lr"] == 0.02
    assert state["optimizers"][0]["param_groups"][0]["lr"] == 0.02


def test_patience_turned_off_keeps_no_weights_of_another_time(tmp_path: Path) -> None:
    off = Ask("set", {"train.patience": 0})
    overrides = (*BASE[:1], "train.eval_every=2", "train.patience=50", "probe.budget=0")
    outcome, _, _ = trained(tmp_path, "mlp-digits", *overrides, at={AT: off})
    assert off.accepted == AT and "restored" not in outcome.reason


def test_only_hot_keys_are_offered() -> None:
    keys = hot_keys(resolve("mlp-digits").spec)
    assert "optim.lr" in keys and "train.steps" not in keys and "model.hidden" not in keys
