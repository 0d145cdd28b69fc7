"""Knobs being turned: values, errors at their fields, the difference, the command."""

from __future__ import annotations

import pytest

from tuiwb.base.errors import UserError
from tuiwb.spec import presets, resolve
from tuiwb.spec.declarations import SHELVES
from tuiwb.tui.form import WORDS, Form, Knob, shown, stepped


def knob(form: Form, key: str) -> Knob:
    return next(k for k in form.knobs() if k.key == key)


@pytest.fixture
def form() -> Form:
    return Form(resolve("cnn-digits"))


@pytest.mark.parametrize("preset", [p.name for p in presets()])
def test_every_knob_of_every_preset_is_a_field(preset: str) -> None:
    form = Form(resolve(preset))
    knobs = form.knobs()
    assert {k.section for k in knobs} == set(WORDS)
    assert all(k.info.help for k in knobs)
    assert not any(k.changed or k.error for k in knobs)
    assert form.difference() == []


def test_a_value_that_holds_is_taken_and_marked(form: Form) -> None:
    assert form.set("optim.lr", "0.01")
    assert form.resolved.spec.optim.lr == 0.01
    assert knob(form, "optim.lr").changed
    assert form.difference() == [("optim.lr", "0.002", "0.01")]
    assert form.resolved.command() == "tuiwb run cnn-digits -s optim.lr=0.01"


@pytest.mark.parametrize(
    ("key", "text", "word"),
    [
        ("optim.lr", "-1", "> 0"),
        ("optim.lr", "fast", "number"),
        ("data.batch_size", "1.5", "whole number"),
        ("train.steps", "0", ">= 1"),
        ("schedule.warmup", "9999", "warm-up"),
    ],
)
def test_a_value_that_does_not_hold_is_an_error_at_its_field(
    form: Form, key: str, text: str, word: str
) -> None:
    before = form.resolved
    assert not form.set(key, text)
    assert word in knob(form, key).error
    assert knob(form, key).text == text
    assert form.resolved == before
    assert form.set(key, shown(before.get(key)))
    assert not form.errors


def test_an_error_does_not_lose_what_is_right_beside_it(form: Form) -> None:
    form.set("optim.lr", "zero")
    assert not form.set("train.seed", "7")  # not all holds yet
    assert form.resolved.spec.train.seed == 7
    assert form.set("optim.lr", "0.1")
    assert form.resolved.spec.optim.lr == 0.1 and form.resolved.spec.train.seed == 7


def test_contradictions_leave_with_whichever_side_is_put_right(form: Form) -> None:
    assert not form.set("schedule.warmup", "700")
    assert form.set("train.steps", "2000")
    assert form.resolved.spec.schedule.warmup == 700


def test_the_presets_own_value_is_no_change(form: Form) -> None:
    form.set("optim.lr", "0.01")
    form.set("optim.lr", "2e-3")
    assert form.difference() == [] and form.resolved.changed() == {}


def test_reset_takes_value_and_error_away(form: Form) -> None:
    form.set("optim.lr", "0.01")
    form.set("data.batch_size", "no")
    form.reset("optim.lr")
    form.reset("data.batch_size")
    assert not form.errors and form.resolved.changed() == {}


def test_another_component_brings_its_own_knobs(form: Form) -> None:
    form.set("optim.beta1", "0.8")
    assert form.set("optim.name", "sgd")
    keys = {k.key for k in form.knobs()}
    assert "optim.momentum" in keys and "optim.beta1" not in keys
    assert form.set("optim.name", "adam")
    assert knob(form, "optim.beta1").value == form.base.spec.optim.beta1  # type: ignore[attr-defined]


def test_names_are_choices_from_their_shelf(form: Form) -> None:
    assert knob(form, "optim.name").info.choices == SHELVES["optim"].names()
    assert form.step("optim.name", 1)
    assert form.resolved.spec.optim.name != "adam"


def test_a_shape_that_cannot_work_stands_at_its_knob(form: Form) -> None:
    error = UserError("the kernel is larger than its image", where="model.kernel", found="99")
    assert form.refuse(error) == "model.kernel"
    assert "larger" in knob(form, "model.kernel").error
    assert form.refuse(UserError("no such device", where="somewhere")) is None


@pytest.mark.parametrize("preset", [p.name for p in presets()])
@pytest.mark.parametrize("direction", [-1, 1])
def test_every_step_stays_inside_the_range(preset: str, direction: int) -> None:
    for k in Form(resolve(preset)).knobs():
        value = k.value
        for _ in range(40):
            text = stepped(k.info, value, direction)
            if text is None:
                break
            if k.info.kind in ("choice", "bool"):
                break
            number = float(text)
            assert k.info.low is None or number > k.info.low or not k.info.open_low, k.key
            assert k.info.low is None or number >= k.info.low, k.key
            assert k.info.high is None or number <= k.info.high, k.key
            value = int(text) if k.info.kind == "int" else number


def test_log_knobs_climb_one_two_five(form: Form) -> None:
    info = knob(form, "optim.lr").info
    seen, value = [], 0.001
    for _ in range(4):
        value = float(stepped(info, value, 1) or "nan")
        seen.append(value)
    assert seen == [0.002, 0.005, 0.01, 0.02]
