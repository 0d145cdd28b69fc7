"""Gates that planted faults and healthy presets have taught, each in the smallest window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tuiwb.doctor.course import solved
from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import LayerFacts, Window

STEP = np.arange(1, 1001)


def ask(name: str, window: Window) -> Finding | None:
    found: Finding | None = SYMPTOMS.load(name).rule(window)
    return found


def noise(size: int, scale: float, seed: int = 0) -> np.ndarray:
    return np.asarray(scale * np.random.default_rng(seed).standard_normal(size))


def with_baselines(window: Window, baselines: Mapping[str, float]) -> Window:
    return replace(window, facts=replace(window.facts, baselines=baselines))


def test_a_loss_that_cannot_double_leaps_by_what_had_been_learned() -> None:
    loss = 1.5 + noise(400, 0.03)
    for height, speaks in ((2.1, True), (1.75, False)):
        leapt = loss.copy()
        leapt[300:320] = height
        window = healthy(columns={"loss": leapt}, first_loss=2.3, best_loss=1.45)
        assert (ask("loss-spike", window) is not None) is speaks


def at_a_guess(loss: np.ndarray, **changed: Any) -> Window:
    evals = {"val_loss": 2.302, "val_accuracy": 0.1, "train_loss": 2.303}
    return healthy(len(loss), columns={"loss": loss}, evals=evals, best_loss=2.29, **changed)


def test_guessing_by_the_shares_of_classes_solves_nothing() -> None:
    window = at_a_guess(2.303 + noise(1000, 0.003))
    window = with_baselines(window, {"uniform guess": 2.3026, "class shares": 2.3024})
    assert not solved(window, 2.303)
    assert ask("underfit", window) is not None
    # what a model of the data reaches does
    known = with_baselines(window, {"training mean": 9.0, "least squares": 2.25})
    assert solved(known, 2.303) and not solved(with_baselines(window, {"least squares": 2.0}), 2.1)
    # or comes to in training, and is a little worse elsewhere
    assert solved(with_baselines(window, {"least squares": 2.0}), 1.99)


def test_a_creep_within_what_noise_lets_see_is_no_progress() -> None:
    # it falls beyond doubt, by a thousandth
    creeping = 2.3035 - 2e-6 * STEP + noise(1000, 1e-4)
    assert ask("underfit", at_a_guess(creeping)) is not None
    falling = 2.3 - 2e-4 * STEP + noise(1000, 1e-4)
    assert ask("underfit", at_a_guess(falling)) is None


def test_the_luckiest_of_ten_noisy_spans_is_no_gain() -> None:
    loss = np.concatenate((np.full(200, 2.3), np.full(800, 2.28))) + noise(1000, 0.25, 3)
    assert ask("underfit", at_a_guess(loss)) is not None


def test_a_run_that_comes_back_from_a_leap_is_no_plateau() -> None:
    low = 0.03 + noise(400, 0.002)
    back = np.concatenate((low, np.full(20, 60.0), np.linspace(2.2, 0.8, 380)))
    window = healthy(
        800,
        columns={"loss": back},
        evals={"val_loss": np.interp(np.arange(50, 801, 50), np.arange(800), back)},
        best_loss=0.03,
    )
    assert ask("plateau", window) is None


def test_long_strides_without_much_learning_are_a_rate_too_high() -> None:
    loss = 3.2 - 2e-4 * np.arange(400) + noise(400, 0.05)
    for ratio, first, speaks in ((0.03, 4.6, True), (0.008, 4.6, False), (0.03, 9.0, False)):
        window = healthy(
            columns={"loss": loss},
            layers={"update_ratio": ratio},
            first_loss=first,
            best_loss=3.1,
        )
        window = with_baselines(window, {"uniform guess": first})
        assert (ask("lr-too-high", window) is not None) is speaks
        # weights in front of a batch norm have no scale
        layers = (*window.facts.layers[:-1], LayerFacts("norm", "BatchNorm1d"))
        normed = replace(window, facts=replace(window.facts, layers=layers))
        assert ask("lr-too-high", normed) is None


def test_layers_that_are_trained_one_after_another_do_not_bounce() -> None:
    low = 0.1 + noise(400, 0.01)
    again = np.concatenate((low, 0.4 + noise(400, 0.15)))
    columns = {"loss": again}
    evals = {"val_accuracy": 0.5, "val_loss": 0.4}
    window = healthy(800, columns=columns, evals=evals, best_loss=0.1)
    assert ask("lr-too-high", window) is not None
    staged = replace(window, steps={**window.steps, "stage": np.zeros(800)})
    assert ask("lr-too-high", staged) is None


def test_layers_that_do_not_move_at_all_have_no_rate_to_blame() -> None:
    crawl = 2.303 - 1e-5 * np.arange(400) + noise(400, 1e-4)
    columns = {"loss": crawl}
    for others, speaks in ((1e-5, True), (0.0, False)):
        moved = {"update_ratio": [others, np.nan, others, np.nan, 1e-5]}
        window = healthy(columns=columns, layers=moved, best_loss=2.29)
        assert (ask("lr-too-low", window) is not None) is speaks


def test_statistics_that_catch_up_with_fast_weights_agree_in_the_end() -> None:
    # every 50 steps, in a run of 200: twice the loss and more in evaluation mode
    for modes, speaks in (((3.8, 3.8, 3.5, 1.4), False), ((3.8, 3.8, 3.5, 3.3), True)):
        loss = np.linspace(2.3, 0.6, 200)
        window = healthy(200, columns={"loss": loss}, evals={"eval_mode_loss": np.array(modes)})
        # the step after the last evaluation is not there yet
        later = healthy(201, columns={"loss": np.append(loss, 0.6)}, evals=window.evals)
        assert (ask("train-eval-disagreement", later) is not None) is speaks


def test_one_lucky_evaluation_is_no_level_to_fall_from() -> None:
    step = healthy().evals["step"]
    train = 0.4 * np.exp(-step / 200)
    for best, speaks in ((1, False), (3, True)):
        val = np.full(8, 0.37)
        val[2 : 2 + best] = 0.22
        evals = {"val_loss": val + 1e-4 * step, "train_loss": train}
        assert (ask("overfitting", healthy(evals=evals)) is not None) is speaks
