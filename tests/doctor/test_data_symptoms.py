"""The gates of the rules that read data and the system."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.facts import flat
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.window import LayerFacts, Window
from tuiwb.spec import resolve
from tuiwb.spec.toml import literal

NAN = np.nan


def ask(name: str, window: Window) -> Finding | None:
    found: Finding | None = SYMPTOMS.load(name).rule(window)
    return found


def with_facts(**changed: Any) -> Window:
    return healthy(facts=replace(healthy().facts, **changed))


# unscaled-input


@given(st.floats(-5, 5), st.floats(0.1, 5))
def test_features_near_one_are_no_symptom(mean: float, std: float) -> None:
    inputs = {"mean": mean, "std": std, "widest": std, "narrowest": std, "features": 4.0}
    assert ask("unscaled-input", with_facts(inputs=inputs)) is None


@given(st.floats(25, 1e12), st.booleans())
def test_a_feature_that_is_far_off_or_wide_is_one(size: float, off: bool) -> None:
    inputs = {"mean": size if off else 0.0, "std": 1.0 if off else size, "largest": size}
    assert ask("unscaled-input", with_facts(inputs=inputs)) is not None


def test_a_table_of_next_to_nothing_is_one_and_a_quiet_wave_is_not() -> None:
    tiny = {"mean": 0.0, "std": 0.01, "largest": 0.01}
    assert ask("unscaled-input", with_facts(inputs=tiny | {"features": 10.0})) is not None
    assert ask("unscaled-input", with_facts(inputs=tiny | {"features": 1.0})) is None


def test_a_network_that_normalises_its_inputs_takes_any() -> None:
    window = SYMPTOMS.load("unscaled-input").EXAMPLES()["sick"]
    layers = (LayerFacts("norm", "BatchNorm1d", 26), *window.facts.layers)
    normal = replace(window, facts=replace(window.facts, layers=layers))
    assert ask("unscaled-input", normal) is None


def test_tokens_have_no_scale() -> None:
    assert ask("unscaled-input", with_facts(inputs={})) is None


# class-imbalance


@pytest.mark.parametrize(
    ("counts", "sick"),
    [((100, 10), False), ((101, 10), True), ((50, 0), True), ((0, 0), False), ((7,), False),
     ((), False)],
)  # fmt: skip
def test_ten_to_one_is_the_limit(counts: tuple[int, ...], sick: bool) -> None:
    assert (ask("class-imbalance", with_facts(class_counts=counts)) is not None) == sick


@pytest.mark.parametrize(
    "spec",
    [{"task.name": "reconstruct"}, {"loss.name": "focal"},
     {"loss.name": "weighted-cross-entropy", "loss.weights": [1, 9]}],
)  # fmt: skip
def test_who_tells_no_classes_apart_or_weighs_them_is_left_alone(spec: dict[str, Any]) -> None:
    base = healthy().facts
    facts = replace(base, class_counts=(990, 10), spec={**base.spec, **spec})
    assert ask("class-imbalance", healthy(facts=facts)) is None


def test_equal_weights_weigh_nothing() -> None:
    base = healthy().facts
    spec = {"loss.name": "weighted-cross-entropy", "loss.weights": []}
    facts = replace(base, class_counts=(1600, 100), spec={**base.spec, **spec})
    finding = ask("class-imbalance", healthy(facts=facts))
    assert finding is not None
    assert finding.remedy.change == {"loss.weights": [1.0, 4.0]}


# data-starved


def test_a_third_of_a_step_is_the_limit() -> None:
    assert ask("data-starved", healthy(columns={"wait_s": 2.9e-3})) is None
    finding = ask("data-starved", healthy(columns={"wait_s": 3.5e-3}))
    assert finding is not None
    assert finding.evidence["share"] == pytest.approx(0.35, abs=0.01)


def test_steps_of_a_moment_wait_moments() -> None:
    time = 1000 + 1e-4 * np.arange(400)
    assert ask("data-starved", healthy(columns={"time": time, "wait_s": 9e-5})) is None


def test_evaluations_between_steps_are_not_waiting() -> None:
    step = np.arange(400)
    time = 1000 + 0.01 * step + 30 * (step // 10)
    assert ask("data-starved", healthy(columns={"time": time, "wait_s": 1e-4})) is None


@pytest.mark.parametrize("column", ["wait_s", "time"])
def test_what_was_not_taken_says_nothing(column: str) -> None:
    assert ask("data-starved", healthy(columns={"wait_s": 6e-3} | {column: NAN})) is None


# memory-creep


def memory(values: Any, column: str = "rss") -> Window:
    values = np.asarray(values, dtype=float)
    rows = np.arange(float(len(values)))
    system = {"time": 1000 + rows, "step": rows, "rss": np.full(len(rows), 3e8), column: values}
    return replace(healthy(), system=system)


@given(st.integers(0, 1000), st.floats(1e6, 1e8))
def test_a_leak_is_found_through_noise(seed: int, slope: float) -> None:
    random = np.random.default_rng(seed)
    leak = 1e9 + slope * np.arange(300) + 0.2 * slope * random.standard_normal(300)
    assert ask("memory-creep", memory(leak)) is not None
    assert ask("memory-creep", memory(leak, "gpu_memory")) is not None


@given(st.integers(0, 1000), st.floats(0, 5e7))
def test_memory_that_comes_and_goes_is_no_leak(seed: int, size: float) -> None:
    values = 1e9 + size * np.random.default_rng(seed).standard_normal(300)
    assert ask("memory-creep", memory(values)) is None


@given(st.floats(5, 60), st.floats(1e8, 1e10))
def test_a_cache_that_fills_up_is_no_leak(life: float, size: float) -> None:
    cache = 3e8 + size * (1 - np.exp(-np.arange(600) / life))
    assert ask("memory-creep", memory(cache)) is None


def test_a_jump_a_saw_and_a_short_look_are_no_leak() -> None:
    row = np.arange(300)
    assert ask("memory-creep", memory(np.where(row > 150, 2e9, 1e9))) is None
    assert ask("memory-creep", memory(1e9 + 4e6 * (row % 70))) is None
    assert ask("memory-creep", memory(1e9 + 1e7 * row[:100])) is None
    assert ask("memory-creep", memory(np.full(300, NAN), "gpu_memory")) is None


# stall


@given(st.floats(0.001, 60), st.floats(0, 1e5))
def test_patience_is_half_a_minute_and_twenty_steps(each: float, quiet: float) -> None:
    time = 1000 + each * np.arange(100)
    window = healthy(100, columns={"time": time}, now=float(time[-1]) + quiet)
    patience = max(30, 20 * each)
    if abs(quiet - patience) > 1e-3:
        assert (ask("stall", window) is not None) == (quiet > patience)


def test_before_twenty_steps_patience_is_longer() -> None:
    few = healthy(5)
    last = float(few.steps["time"][-1])
    assert ask("stall", replace(few, now=last + 299)) is None
    assert ask("stall", replace(few, now=last + 301)) is not None


def test_a_run_that_has_ended_and_a_clock_that_went_back_are_silent() -> None:
    window = healthy()
    last = float(window.steps["time"][-1])
    for now in (last, last - 1000, NAN):
        assert ask("stall", replace(window, now=now)) is None
    nothing = replace(window, steps={}, system={}, now=1e9)
    assert ask("stall", nothing) is None


# all of them

NAMES = ("vanishing-gradient", "dead-units", "saturation", "symmetry", "frozen-parameter",
         "unscaled-input", "class-imbalance", "data-starved", "memory-creep", "stall")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_remedy_is_one_that_the_spec_takes(name: str) -> None:
    window = SYMPTOMS.load(name).EXAMPLES()["sick"]
    real = flat(msgspec.to_builtins(resolve("mlp-digits").spec))
    known = {key: value for key, value in window.facts.spec.items() if key in real}
    facts = replace(window.facts, spec={**real, **known})
    finding = ask(name, replace(window, facts=facts))
    assert finding is not None
    change = finding.remedy.change
    resolved = resolve("mlp-digits", [f"{key}={literal(value)}" for key, value in change.items()])
    for key, value in change.items():
        taken = resolved.get(key)
        assert (list(taken) if isinstance(taken, tuple) else taken) == value
        assert facts.spec.get(key) != value


@pytest.mark.parametrize("name", NAMES)
def test_a_loop_of_the_user_s_own_has_words_for_a_remedy(name: str) -> None:
    """No spec: nothing to change, and something to say."""
    window = SYMPTOMS.load(name).EXAMPLES()["sick"]
    finding = ask(name, replace(window, facts=replace(window.facts, spec={})))
    if finding is not None:
        assert finding.remedy.change == {}
        assert finding.remedy.words
