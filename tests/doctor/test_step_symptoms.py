"""Gates of the rules on steps and evaluations: schedules, solved tasks, units, negative losses."""

from __future__ import annotations

from dataclasses import replace
from math import cos, e, log, pi
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doctor.asking import MINE, ask, spoken, with_spec
from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.window import Facts, Window


def noise(size: int, scale: float = 0.03, seed: int = 0) -> np.ndarray:
    return np.asarray(scale * np.random.default_rng(seed).standard_normal(size))


def regression(loss: np.ndarray, unit: float = 1.0) -> Window:
    """A run that minimises squared errors, in a unit of its own."""
    every = np.arange(50, len(loss) + 1, 50)
    smooth = np.array([np.median(loss[k - 50 : k]) for k in every])
    window = healthy(
        len(loss),
        columns={"loss": unit * loss},
        evals={
            "train_loss": unit * smooth,
            "val_loss": unit * 1.02 * smooth,
            "val_accuracy": np.nan,
            "eval_mode_loss": unit * smooth,
        },
        first_loss=float(unit * loss[0]),
        best_loss=float(unit * smooth.min()),
    )
    facts = Facts(
        spec={**window.facts.spec, "task.name": "regress", "loss.name": "mse"},
        layers=window.facts.layers,
        baselines={"training mean": unit * float(loss[0])},
        steps_per_epoch=20.0,
    )
    return replace(window, facts=facts)


STEP = np.arange(1, 1001)


@given(st.floats(1e-6, 1e6), st.integers(0, 20))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_a_solved_regression_in_any_unit_is_healthy(unit: float, seed: int) -> None:
    # down to a floor of noise, where it lies for 800 steps
    loss = 0.02 + 1.5 * np.exp(-STEP / 40.0) + np.abs(noise(1000, 0.005, seed))
    assert spoken(regression(loss, unit)) == []


@given(st.floats(1e-6, 1e6))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_units_do_not_hide_a_divergence(unit: float) -> None:
    loss = 1.0 + np.where(STEP > 500, 0.01 * (STEP - 500.0), 0) + noise(1000)
    assert "divergence" in spoken(regression(loss, unit))


def test_a_loss_at_exactly_zero_is_no_plateau() -> None:
    loss = np.where(STEP > 60, 0.0, 1.0)
    assert spoken(regression(loss)) == []


def test_as_good_as_least_squares_is_no_plateau() -> None:
    loss = 0.5 + 0.6 * np.exp(-STEP / 20.0) + noise(1000)
    window = regression(loss)
    assert spoken(window) == ["plateau"]
    known = {"training mean": 1.1, "least squares": 0.5}
    assert spoken(replace(window, facts=replace(window.facts, baselines=known))) == []


@pytest.mark.parametrize("task", ["adversarial", "energy", "perceptron"])
def test_a_loss_that_is_no_distance_may_do_as_it_likes(task: str) -> None:
    for loss in (-2 + 0.01 * STEP + noise(1000), noise(1000, 0.5), -np.exp(STEP / 200.0)):
        window = with_spec(regression(loss), {"task.name": task, "loss.name": "own"})
        assert spoken(window) == []


def test_a_loss_that_changes_on_the_way_is_judged_by_its_last_stage() -> None:
    later = 2.3 * np.exp(-np.maximum(STEP - 800, 0) / 100.0)
    loss = np.where(STEP <= 600, 0.05, later) + np.abs(noise(1000))
    window = healthy(1000, columns={"loss": loss, "stage": STEP > 600}, best_loss=0.03)
    assert ask("divergence", window) is None
    assert ask("lr-too-high", window) is None
    one = healthy(1000, columns={"loss": loss}, best_loss=0.03, evals={"val_accuracy": 0.3})
    cut = replace(one, steps={k: v[:750] for k, v in one.steps.items()})
    assert ask("divergence", cut) is not None


def schedule(kind: str, size: int = 1000) -> np.ndarray:
    share = np.arange(size) / size
    if kind == "cosine":
        return np.array([1e-3 * (1 + cos(pi * s)) / 2 for s in share])
    if kind == "one-cycle":
        return 1e-3 * np.where(share < 0.3, 0.04 + 0.96 * share / 0.3, (1 - share) / 0.7)
    return 1e-3 * np.minimum(np.arange(1, size + 1) / 900, 1.0)  # a long warm-up


@pytest.mark.parametrize("kind", ["cosine", "one-cycle", "warm-up"])
def test_a_rate_that_is_low_on_purpose_is_neither_too_low_nor_a_plateau(kind: str) -> None:
    # nothing is gained, at updates of one in a thousand where the rate is at its peak
    lr = schedule(kind)
    loss = 1.0 + 1.3 * np.exp(-STEP / 30.0) + noise(1000)
    window = healthy(1000, columns={"loss": loss, "lr": lr}, best_loss=0.98,
                     evals={"val_loss": 1.02, "val_accuracy": 0.6})  # fmt: skip
    at = lr[window.layers["step"].astype(int) - 1]
    ratio = np.where(np.isnan(window.layer("update_ratio")), np.nan, at[:, None])
    window = replace(window, layers={**window.layers, "update_ratio": ratio})
    window = with_spec(window, {"schedule.warmup": 900 if kind == "warm-up" else 0})
    assert spoken(window) == []


def creeping(lr: np.ndarray, ratio: float) -> Window:
    loss = 2.3 - 1e-4 * np.cumsum(lr / lr.max()) + noise(1000, 0.01)
    window = healthy(1000, columns={"loss": loss, "lr": lr}, best_loss=2.2,
                     evals={"val_loss": 2.3, "val_accuracy": 0.12})  # fmt: skip
    at = lr[window.layers["step"].astype(int) - 1] / 1e-3
    moved = np.where(np.isnan(window.layer("update_ratio")), np.nan, ratio * at[:, None])
    return replace(window, layers={**window.layers, "update_ratio": moved})


@pytest.mark.parametrize("kind", ["cosine", "one-cycle"])
def test_a_rate_that_is_too_low_is_found_under_a_schedule_too(kind: str) -> None:
    found = ask("lr-too-low", creeping(schedule(kind), 4e-6))
    assert found is not None
    assert found.remedy.tier == "hot"
    assert 1e-2 < found.remedy.change["optim.lr"] <= 1.0  # by 250, towards one in a thousand


def test_small_updates_that_learn_are_not_too_small() -> None:
    window = creeping(np.full(1000, 1e-3), 4e-6)
    learns = 2.3 * np.exp(-STEP / 300.0) + np.abs(noise(1000, 0.01))
    learning = replace(window, steps={**window.steps, "loss": learns}, best_loss=0.08)
    assert ask("lr-too-low", window) is not None
    assert ask("lr-too-low", learning) is None


def test_a_gradient_that_is_gone_is_no_matter_of_the_rate() -> None:
    window = creeping(np.full(1000, 1e-3), 4e-6)
    fading = {**window.steps, "grad_norm": np.exp(-STEP / 100.0)}
    assert ask("lr-too-low", replace(window, steps=fading)) is None


def language(loss: np.ndarray, **changed: Any) -> Window:
    window = healthy(
        len(loss),
        columns={"loss": loss},
        evals={"val_accuracy": 0.5, **changed},
        first_loss=float(loss[0]),
        best_loss=float(loss.min()),
    )
    spec = {**window.facts.spec, "task.name": "language"}
    baselines = {"uniform guess": log(100), "unigram": 3.2, "trigram": 1.7}
    facts = replace(window.facts, spec=spec, classes=0, vocabulary=100, baselines=baselines)
    return replace(window, facts=facts)


def test_a_language_model_that_gains_slowly_has_no_plateau() -> None:
    slow = 1.9 + 2.7 * np.exp(-STEP / 60.0) - 2e-4 * STEP + noise(1000)
    every = np.arange(50, 1001, 50)
    val = 1.95 + 2.7 * np.exp(-every / 60.0) - 2e-4 * every
    assert spoken(language(slow, val_loss=val, eval_mode_loss=val, train_loss=val)) == []


def test_a_language_model_that_hangs_above_its_baselines_has_one() -> None:
    hangs = 2.6 + 2.0 * np.exp(-STEP / 30.0) + noise(1000)
    every = np.arange(50, 1001, 50)
    val = 2.65 + 2.0 * np.exp(-every / 30.0)
    assert spoken(language(hangs, val_loss=val, eval_mode_loss=val, train_loss=val)) == ["plateau"]


def test_a_wait_before_the_fall_is_no_plateau() -> None:
    # the adding problem rests at its guess for 300 steps
    waits = np.where(STEP > 320, 0.17 * np.exp(-(STEP - 320) / 60.0), 0.17) + noise(1000, 0.01)
    for upto in (200, 320, 400, 1000):
        assert spoken(regression(np.maximum(waits, 1e-3)[:upto])) == []


def test_a_loss_with_the_wrong_sign_is_found_at_once() -> None:
    flipped = healthy(10, columns={"loss": -np.linspace(2.3, 9, 10)}, first_loss=-2.3)
    found = ask("divergence", flipped)
    assert found is not None and "sign" in found.words
    assert spoken(flipped) == ["divergence"]
    # one that may be negative is none
    own = with_spec(flipped, {"loss.name": "own"})
    assert spoken(own) == []


def test_an_ascent_is_a_divergence_and_not_a_rate_that_is_too_high() -> None:
    window = healthy(80, columns={"loss": 2.3 * np.exp(np.arange(80) / 20.0)}, best_loss=2.3)
    assert spoken(window) == ["divergence"]


def test_a_leap_by_enormous_updates_is_a_rate_that_is_too_high() -> None:
    loss = np.where(np.arange(60) < 2, 2.3, 9.0 + noise(60, 2.0))
    window = healthy(60, columns={"loss": loss}, layers={"update_ratio": 0.6}, best_loss=2.3)
    assert "lr-too-high" in spoken(window)
    small = healthy(60, columns={"loss": loss}, best_loss=2.3)
    assert "lr-too-high" not in spoken(small)


def test_a_doubled_softmax_is_told_from_a_hard_task() -> None:
    floor = log(e + 9) - 1
    stays = floor * (1.01 + np.abs(noise(400, 0.02)))
    window = healthy(columns={"loss": stays}, evals={"val_accuracy": 0.97, "val_loss": 1.48})
    found = ask("plateau", window)
    assert found is not None and "softmax" in found.causes[0]
    hard = healthy(columns={"loss": stays}, evals={"val_accuracy": 0.45, "val_loss": 1.48})
    assert ask("plateau", hard) is None
    scattered = stays + noise(400, 0.1)
    loose = healthy(columns={"loss": scattered}, evals={"val_accuracy": 0.97, "val_loss": 1.48})
    assert ask("plateau", loose) is None


def test_a_spike_that_heals_in_a_few_steps_is_none_and_one_that_lasts_is_named() -> None:
    for steps, speaks in ((4, False), (8, False), (15, True), (60, True)):
        loss = healthy().loss
        loss[250 : 250 + steps] *= 6
        found = ask("loss-spike", healthy(columns={"loss": loss}))
        assert (found is not None) is speaks
        assert found is None or (found.step, found.until) == (251, 250 + steps)


def test_spikes_of_a_solved_task_are_none() -> None:
    loss = 1e-3 + 2.3 * np.exp(-STEP / 30.0)
    loss[700:720] *= 50
    assert ask("loss-spike", healthy(1000, columns={"loss": loss}, best_loss=1e-3)) is None


def test_gradients_that_grow_while_the_loss_falls_do_not_explode() -> None:
    grown = np.where(np.arange(400) > 330, 80.0, 1.0)
    assert ask("exploding-gradient", healthy(columns={"grad_norm": grown})) is None
    up = np.where(np.arange(400) > 330, 3.0, healthy().loss)
    found = ask("exploding-gradient", healthy(columns={"grad_norm": grown, "loss": up}))
    assert found is not None and found.step == 332
    # a loop of the user's own knows no such knob: words alone
    bare = replace(healthy(columns={"grad_norm": grown, "loss": up}), facts=Facts())
    told = ask("exploding-gradient", bare)
    assert told is not None and not told.remedy.change and told.remedy.words


def test_clipping_all_steps_of_a_run_that_learns_is_healthy() -> None:
    window = healthy(columns={"grad_norm": 60.0, "clipped": 1})
    clipped = with_spec(window, {"train.clip_norm": 1.0})
    assert ask("exploding-gradient", clipped) is None
    stuck = replace(clipped, steps={**clipped.steps, "loss": np.full(400, 2.31)})
    assert ask("exploding-gradient", stuck) is not None


def test_a_first_gradient_that_dwarfs_the_weights_explodes_at_once() -> None:
    loss = np.full(20, np.nan)
    loss[0] = 1e12
    norms = np.where(np.arange(20) < 1, 6e13, np.nan)
    columns = {"loss": loss, "grad_norm": norms, "lr": 0.01, "nonfinite": np.isnan(loss)}
    # the weights are measured after an update that was longer than they by far
    blown = {"weight_norm": np.full(5, 3e11), "update_ratio": np.full(5, 4e10)}
    window = healthy(20, columns=columns, first_loss=1e12, first_layers=blown)
    assert {"exploding-gradient", "non-finite"} <= set(spoken(window))
    # a rate that is too high takes long steps along gradients of ordinary size
    ordinary = {**columns, "grad_norm": np.where(np.arange(20) < 1, 5.0, np.nan), "lr": 100.0}
    thrown = {"weight_norm": np.full(5, 400.0), "update_ratio": np.full(5, 30.0)}
    window = healthy(20, columns=ordinary, first_loss=1e12, first_layers=thrown)
    assert ask("exploding-gradient", window) is None


def test_a_run_worse_than_a_guess_does_not_overfit() -> None:
    sick = SYMPTOMS.load("overfitting").EXAMPLES()["sick"]
    assert ask("overfitting", sick) is not None
    wild = {name: 100 * sick.evals[name] for name in ("val_loss", "train_loss")}
    assert ask("overfitting", replace(sick, evals={**sick.evals, **wild})) is None


def test_wrong_answers_tell_of_overfitting_before_the_loss_does() -> None:
    step = healthy().evals["step"]
    val = np.where(step > 150, 0.52, np.where(step > 100, 0.5, 1.0))
    train = 0.4 * np.exp(-step / 200)
    for lost, speaks in ((0.06, True), (0.0, False)):
        right = np.where(step > 150, 0.92 - lost, 0.92)
        evals = {"val_loss": val + 1e-4 * step, "train_loss": train, "val_accuracy": right}
        assert (ask("overfitting", healthy(evals=evals)) is not None) is speaks


def test_dropout_makes_training_the_worse_mode_which_is_healthy() -> None:
    evals = healthy().evals
    drops = {"eval_mode_loss": 0.3 * evals["eval_mode_loss"], "val_loss": 0.6 * evals["val_loss"]}
    assert ask("train-eval-disagreement", healthy(evals=drops)) is None


def test_early_epochs_and_noisy_training_labels_are_no_leak() -> None:
    evals = healthy().evals
    third = {"val_loss": evals["eval_mode_loss"] / 3}
    window = healthy(evals=third)
    assert ask("suspicious-validation", window) is not None
    slow = replace(window, facts=replace(window.facts, steps_per_epoch=200.0))
    assert ask("suspicious-validation", slow) is None
    for key in ("data.label_noise", "data.augment_shift"):
        assert ask("suspicious-validation", with_spec(window, {key: 1})) is None


def test_the_first_layer_to_go_is_named_by_what_came_forwards_first() -> None:
    base = healthy()
    loss = base.loss
    loss[120:] = np.nan
    std, back = base.layer("act_std").copy(), base.layer("back_std").copy()
    std[5:, 2:] = np.nan
    back[5:, :] = np.nan
    window = healthy(columns={"loss": loss}, layers={"act_std": std, "back_std": back})
    found = ask("non-finite", window)
    assert found is not None and found.evidence["layers"] == ["net.2"]
    # on the way back the last one goes first
    only = ask("non-finite", healthy(columns={"loss": loss}, layers={"back_std": back}))
    assert only is not None and only.evidence["layers"] == ["net.4"]
    # what a layer never had is not what it lost
    none = ask("non-finite", healthy(columns={"loss": loss}))
    assert none is not None and none.evidence["layers"] == []


@given(st.sets(st.sampled_from(["loss", "lr", "grad_norm", "clipped", "nonfinite"])),
       st.sets(st.sampled_from(["val_loss", "train_loss", "eval_mode_loss", "val_accuracy"])),
       st.booleans(), st.integers(0, 120))  # fmt: skip
@settings(max_examples=20, deadline=None)
def test_rules_survive_tables_with_holes(
    columns: set[str], evals: set[str], layers: bool, rows: int
) -> None:
    window = healthy(columns=dict.fromkeys(columns, np.nan), evals=dict.fromkeys(evals, np.nan))
    short = {name: values[:rows] for name, values in window.steps.items() if name not in columns}
    for table in (short, window.steps):
        holed = replace(
            window,
            steps={"step": window.step[:rows] if table is short else window.step, **table},
            evals={k: v for k, v in window.evals.items() if k not in evals},
            layers=window.layers if layers else {},
            first_loss=np.nan,
            best_loss=np.inf,
            first_layers={},
            facts=window.facts if layers else Facts(),
        )
        for name in MINE:
            ask(name, holed)


def test_held_out_records_show_that_it_is_no_plateau() -> None:
    # nats that nothing can save: gains are a thousandth of the loss
    loss = 24.0 + 20.0 * np.exp(-STEP / 30.0) + noise(1000, 0.4)
    every = np.arange(50, 1001, 50)
    still = 24.3 + 20.0 * np.exp(-every / 30.0)
    gains = still - 6e-4 * every
    for val, speaks in ((still, True), (gains, False)):
        window = regression(loss)
        evals = {**window.evals, "val_loss": val}
        window = replace(window, evals=evals, facts=replace(window.facts, baselines={}))
        assert (spoken(window) == ["plateau"]) is speaks
        assert speaks or spoken(window) == []
