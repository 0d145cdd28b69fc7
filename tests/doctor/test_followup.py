"""After a remedy: helped, no effect, worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding, Remedy
from tuiwb.doctor.followup import judge, since
from tuiwb.doctor.games import game
from tuiwb.doctor.window import Window

AT = 300


def found(symptom: str, step: int = 200, until: int = AT) -> Finding:
    return Finding(symptom, "warning", step, until, {}, ("cause",), Remedy("hot", {}), "source")


def halves(loss: np.ndarray, **columns: object) -> tuple[Window, Window]:
    """A run of 500 steps, cut at step 300 and at its end."""
    run = healthy(len(loss), columns={"loss": loss, **columns})
    first = {name: values[:AT] for name, values in run.steps.items()}
    return replace(run, steps=first, now=float(first["time"][-1])), run


def noise(seed: int = 0, size: int = 500, scale: float = 0.05) -> np.ndarray:
    return scale * np.random.default_rng(seed).standard_normal(size)


STEP = np.arange(1, 501)


def course(before: float, after: float) -> np.ndarray:
    return np.asarray(np.where(STEP <= AT, before, after) + noise())


def test_a_lower_loss_helped_a_higher_one_is_worse_and_the_same_is_no_effect() -> None:
    plateau = found("plateau", step=1, until=1000)
    assert judge(*halves(course(1.0, 0.6)), plateau) == "helped"
    assert judge(*halves(course(1.0, 1.0)), plateau) == "no effect"
    assert judge(*halves(course(1.0, 1.5)), plateau) == "worse"


@given(
    st.sampled_from([(1.0, 0.6, "helped"), (1.0, 1.0, "no effect"), (1.0, 1.6, "worse")]),
    st.floats(1e-3, 1e4),
    st.integers(0, 50),
)
def test_units_of_the_loss_do_not_matter(
    case: tuple[float, float, str], unit: float, seed: int
) -> None:
    before, after, verdict = case
    loss = np.where(STEP <= AT, before, after) + noise(seed)
    assert judge(*halves(unit * loss), found("plateau", 1, 1000)) == verdict


def test_losses_below_zero_compare_as_well() -> None:
    assert judge(*halves(course(-3.0, -4.0)), found("plateau", 1, 1000)) == "helped"
    assert judge(*halves(course(-3.0, -2.0)), found("plateau", 1, 1000)) == "worse"


def test_what_was_falling_anyway_was_not_helped_by_falling_on() -> None:
    falling = 3.0 - 0.002 * STEP + noise(scale=0.02)
    steeper = falling - np.where(STEP > AT, 0.005 * (STEP - AT), 0)
    slow = found("lr-too-low", 1, 1000)
    assert judge(*halves(falling), slow) == "no effect"
    assert judge(*halves(steeper), slow) == "helped"


def test_a_run_that_is_lost_is_worse_and_one_that_stays_lost_saw_no_effect() -> None:
    loss = course(1.0, np.nan)
    assert judge(*halves(loss), found("lr-too-low")) == "worse"
    assert judge(*halves(loss), found("non-finite")) == "no effect"


def test_a_run_that_is_finite_again_was_helped() -> None:
    loss = np.where((STEP > 280) & (STEP <= AT), np.nan, 1.0 + noise())
    assert judge(*halves(loss), found("non-finite", 281, AT)) == "helped"


def test_a_symptom_that_is_still_there_saw_no_effect() -> None:
    climb = np.where(STEP > 200, 0.3 * 1.006 ** (STEP - 200.0), 0.3) + noise(scale=0.01)
    again = climb.copy()
    before, after = halves(again)
    # the rule speaks about the new rows alone, and the loss is higher: worse
    assert judge(before, after, found("divergence")) == "worse"
    flat = healthy(500, layers={"act_dead": 0.9}, columns={"loss": 2.3 + noise()}, best_loss=2.2)
    sick = SYMPTOMS.load("dead-units").rule(flat)
    assert sick is not None
    earlier = replace(flat, steps={k: v[:AT] for k, v in flat.steps.items()})
    earlier = replace(earlier, now=float(earlier.steps["time"][-1]))
    assert judge(earlier, flat, sick) == "no effect"


def test_a_symptom_that_has_not_come_back_in_its_own_time_was_helped() -> None:
    loss = course(1.0, 1.0)
    assert judge(*halves(loss), found("exploding-gradient", 250, AT)) == "helped"
    # too early to tell: it took 400 steps to be seen, and 200 have passed
    assert judge(*halves(loss), found("exploding-gradient", 1, 400)) == "no effect"


def test_overfitting_is_judged_by_the_held_out_loss() -> None:
    run = healthy(500, columns={"loss": course(0.1, 0.4)})
    val = np.where(run.evals["step"] <= AT, 0.9, 0.5)
    run = replace(run, evals={**run.evals, "val_loss": val})
    before = replace(
        run,
        steps={k: v[:AT] for k, v in run.steps.items()},
        evals={k: v[:6] for k, v in run.evals.items()},
        now=float(run.steps["time"][AT - 1]),
    )
    # dropout has raised the training loss, as it does
    assert judge(before, run, found("overfitting", 100, AT)) == "helped"
    assert judge(before, run, found("lr-too-high", 100, AT)) == "worse"


def test_a_game_is_judged_by_its_samples() -> None:
    modes, quality = np.array([1] * 6 + [8] * 6), np.array([0.1] * 6 + [0.8] * 6)
    run = game(0.6, 1.0, modes, quality)
    before = replace(
        run,
        steps={k: v[:AT] for k, v in run.steps.items()},
        evals={k: v[:6] for k, v in run.evals.items()},
        now=float(run.steps["time"][AT - 1]),
    )
    assert judge(before, run, found("mode-collapse", 1, 1000)) == "helped"
    turned = replace(run, evals={**run.evals, "val_modes": modes[::-1], "val_quality": quality})
    old = replace(before, evals={k: v[:6] for k, v in turned.evals.items()})
    assert judge(old, turned, found("mode-collapse", 1, 1000)) == "worse"


def test_too_few_steps_tell_nothing() -> None:
    before, after = halves(course(1.0, 0.1))
    short = replace(after, steps={k: v[: AT + 10] for k, v in after.steps.items()})
    assert judge(before, short, found("plateau")) == "no effect"
    assert judge(before, before, found("plateau")) == "no effect"


def test_a_branch_counts_by_time_not_by_step() -> None:
    before, after = halves(course(1.0, 0.5))
    branch = replace(
        after,
        steps={
            **{k: v[AT:] for k, v in after.steps.items()},
            "step": np.arange(100.0, 300.0),
        },
    )
    assert len(since(branch, before)) == 200
    assert judge(before, branch, found("plateau", 1, 1000)) == "helped"


@pytest.mark.parametrize("name", SYMPTOMS.names())
def test_every_symptom_can_be_followed_up(name: str) -> None:
    sick = SYMPTOMS.load(name).EXAMPLES()["sick"]
    finding = SYMPTOMS.load(name).rule(sick)
    assert finding is not None
    assert judge(sick, sick, finding) == "no effect"  # nothing has happened since
    empty = Window({})
    assert judge(empty, empty, finding) == "no effect"


def test_a_loss_that_came_down_and_stays_again_was_helped() -> None:
    size = 1600
    step = np.arange(1, size + 1)
    # down from the start, flat at 1.0, at step 300 down again, and flat at 0.6
    loss = np.where(step <= AT, 1.0 + 1.5 * np.exp(-step / 10), 0.6) + noise(size=size)
    run = healthy(size, columns={"loss": loss}, evals={"val_loss": 0.6}, best_loss=0.55)
    first = {name: values[:AT] for name, values in run.steps.items()}
    before = replace(run, steps=first, now=float(first["time"][-1]))
    again = SYMPTOMS.load("plateau").rule(since(run, before))
    assert again is not None and again.symptom == "plateau"
    assert judge(before, run, found("plateau", 1, AT)) == "helped"
