"""The gates of the rules that read layers: what is a symptom, and what only looks like one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.doctor.examples import healthy
from tuiwb.doctor.finding import Finding
from tuiwb.doctor.stuck import learned, stuck
from tuiwb.doctor.window import Facts, LayerFacts, Window

NAN = np.nan
FLAT: dict[str, Any] = {
    "columns": {"loss": 2.3 + 0.02 * np.random.default_rng(0).standard_normal(400)},
    "best_loss": 2.25,
}


def ask(name: str, window: Window) -> Finding | None:
    found: Finding | None = SYMPTOMS.load(name).rule(window)
    return found


def sick(name: str) -> Window:
    window: Window = SYMPTOMS.load(name).EXAMPLES()["sick"]
    return window


def with_spec(window: Window, **changed: Any) -> Window:
    spec = {**window.facts.spec, **{k.replace("__", "."): v for k, v in changed.items()}}
    return replace(window, facts=replace(window.facts, spec=spec))


def with_layers(window: Window, **columns: Any) -> Window:
    shape = window.layers["grad_norm"].shape
    new = {k: np.broadcast_to(np.asarray(v, float), shape) for k, v in columns.items()}
    return replace(window, layers={**window.layers, **new})


# stuck


def test_a_descent_a_converged_run_and_a_short_one_are_not_stuck() -> None:
    assert not stuck(healthy())
    done = np.full(400, 0.01)
    assert not stuck(healthy(columns={"loss": done}))
    assert stuck(healthy(**FLAT))
    assert not stuck(healthy(90, columns={"loss": 2.3}))
    assert learned(healthy()) > 0.8


def test_a_slow_start_that_gains_is_not_stuck() -> None:
    slow = 2.3 - 0.001 * np.arange(400)
    assert not stuck(healthy(columns={"loss": slow}))


def test_a_bad_beginning_does_not_count_as_learning() -> None:
    """From 40 down to guessing is nothing learned."""
    assert stuck(healthy(**FLAT, first_loss=40.0))


@pytest.mark.parametrize("task", ["adversarial", "energy", "perceptron"])
def test_a_loss_that_is_no_distance_says_nothing(task: str) -> None:
    assert not stuck(with_spec(healthy(**FLAT), task__name=task))


# vanishing-gradient


def test_gradients_that_shrink_alone_are_not_vanishing() -> None:
    """A head whose gradient is large makes all others small by comparison."""
    window = with_layers(sick("vanishing-gradient"), back_std=1e-3, act_std=1.0)
    assert ask("vanishing-gradient", window) is None


def test_either_signal_that_fades_will_do() -> None:
    """The default initialisation loses the signal forwards: hidden layers' gradients are alike."""
    window = sick("vanishing-gradient")
    fades = np.repeat(10.0 ** -np.arange(10), 2)
    ratios = np.where(np.arange(20) % 2, NAN, np.where(np.arange(20) < 18, 1e-9, 0.3))
    forwards = with_layers(window, grad_norm=ratios, back_std=1e-3, act_std=fades)
    finding = ask("vanishing-gradient", forwards)
    assert finding is not None
    assert finding.evidence["forward_left"] < 1e-2 < finding.evidence["backward_left"]
    assert finding.evidence["layers"] == ["0.linear", "1.linear", "2.linear"]


def test_what_biases_spread_behind_a_lost_signal_is_no_signal() -> None:
    window = sick("vanishing-gradient")
    fades = np.repeat(10.0 ** -np.arange(10), 2)
    back = np.where(np.arange(20) < 17, 0.0, 1e-3)  # and nothing comes back at all
    spread = np.where(np.arange(20) < 14, fades, 0.1)
    lost = with_layers(window, act_std=spread, back_std=back)
    finding = ask("vanishing-gradient", lost)
    assert finding is not None
    assert finding.evidence["forward_left"] < 1e-4
    assert finding.evidence["backward_left"] == 0


def test_layers_that_move_do_learn_unless_the_optimizer_rescales() -> None:
    window = with_layers(sick("vanishing-gradient"), update_ratio=1e-3)
    assert ask("vanishing-gradient", with_spec(window, optim__name="adam")) is not None
    assert ask("vanishing-gradient", with_spec(window, optim__name="sgd")) is None
    still = with_layers(window, update_ratio=1e-7)
    assert ask("vanishing-gradient", with_spec(still, optim__name="sgd")) is not None


def test_a_gradient_that_is_all_gone_has_vanished_too() -> None:
    window = sick("vanishing-gradient")
    gradient = window.layers["grad_norm"].copy()
    gradient[:, :10] *= 0
    assert ask("vanishing-gradient", with_layers(window, grad_norm=gradient)) is not None


def test_the_remedy_goes_by_what_the_net_is_made_of() -> None:
    window = with_spec(sick("vanishing-gradient"), init__name="xavier", model__skip="none")

    def change(activation: str, **spec: Any) -> Any:
        finding = ask("vanishing-gradient", with_spec(window, model__activation=activation, **spec))
        assert finding is not None and finding.remedy.tier == "restart"
        return finding.remedy.change

    assert change("sigmoid") == {"model.activation": "relu", "init.name": "he"}
    assert change("relu") == {"init.name": "he"}
    assert change("relu", init__name="he") == {"model.skip": "scaled"}
    assert change("tanh", model__skip="scaled", model__norm="none") == {"model.norm": "layer"}


# dead-units


def dead(share: float | np.ndarray, **changed: Any) -> Window:
    column = np.full((16, 5), NAN)
    column[:, 3] = share
    return healthy(**FLAT, layers={"act_dead": column}, **changed)


def test_how_much_is_dead_decides_how_loud() -> None:
    for share, severity in ((0.25, None), (0.4, None), (0.6, "warning"), (0.9, "alarm")):
        found = ask("dead-units", dead(share))
        assert (found.severity if found else None) == severity


def test_one_sample_is_not_enough_unless_it_is_all_there_is_and_all_is_dead() -> None:
    assert ask("dead-units", dead(np.where(np.arange(16) == 15, 1.0, 0.1))) is None
    for share, told in ((0.6, False), (0.95, True)):
        window = dead(share)
        first = {name: column[:1] for name, column in window.layers.items()}
        assert (ask("dead-units", replace(window, layers=first)) is not None) == told


def test_a_small_batch_cannot_tell_rare_from_dead() -> None:
    assert ask("dead-units", with_spec(dead(0.75), data__batch_size=10)) is None
    assert ask("dead-units", with_spec(dead(0.97), data__batch_size=10)) is not None


def test_what_was_dead_from_the_start_did_not_die() -> None:
    begun = {"act_dead": np.array([NAN, NAN, NAN, 0.6, NAN])}
    assert ask("dead-units", dead(0.65, first_layers=begun)) is None
    assert ask("dead-units", dead(0.95, first_layers=begun)) is not None


def test_behind_weights_of_zero_nothing_can_answer() -> None:
    """That is symmetry; the units are not to blame."""
    window = dead(1.0)
    assert ask("dead-units", window) is not None
    assert ask("dead-units", with_layers(window, weight_norm=[8, NAN, 0, NAN, 8])) is None
    assert ask("dead-units", with_layers(window, weight_norm=[0, NAN, 8, NAN, 8])) is not None


def test_where_the_signal_has_faded_units_are_not_to_blame() -> None:
    window = sick("vanishing-gradient")
    kinds = tuple(
        replace(layer, kind="ReLU") if layer.kind == "Sigmoid" else layer
        for layer in window.facts.layers
    )
    window = replace(window, facts=replace(window.facts, layers=kinds))
    last_dead = np.where(np.arange(20) == 19, 1.0, NAN)
    fades = np.repeat(10.0 ** -np.arange(10), 2)
    faded = with_layers(window, act_dead=last_dead, act_std=fades)
    assert ask("dead-units", faded) is None
    assert ask("vanishing-gradient", faded) is not None
    spread = with_layers(faded, act_std=np.where(np.arange(20) < 18, fades, 0.1))
    assert ask("dead-units", spread) is None
    reached = with_layers(window, act_dead=last_dead, act_std=0.1)
    assert ask("dead-units", reached) is not None
    assert ask("vanishing-gradient", reached) is None


def test_weights_of_zero_are_not_vanishing() -> None:
    window = with_layers(sick("vanishing-gradient"), weight_norm=0.0)
    assert ask("vanishing-gradient", window) is None


# saturation


def test_an_output_may_be_sure() -> None:
    window = sick("saturation")
    only_last = np.full(6, NAN)
    only_last[5] = 0.99
    assert ask("saturation", with_layers(window, act_saturated=only_last)) is None


def test_a_run_that_does_well_may_saturate_as_it_likes() -> None:
    window = sick("saturation")
    assert ask("saturation", replace(window, steps=healthy().steps)) is None
    early = {name: column[:90] for name, column in window.steps.items()}
    assert ask("saturation", replace(window, steps=early)) is None


def test_saturation_on_the_way_counts_where_the_run_is_stuck() -> None:
    window = replace(sick("saturation"), first_layers={})
    assert ask("saturation", window) is None
    loss = healthy(**FLAT).steps["loss"]
    stalled = replace(window, steps={**window.steps, "loss": loss})
    finding = ask("saturation", stalled)
    assert finding is not None and finding.severity == "alarm"


# symmetry


def test_zeros_in_a_hidden_layer_are_one_unit() -> None:
    zeros = healthy(layers={"weight_rank": [0, NAN, 0, NAN, 0], "weight_rows": 1 / 64})
    finding = ask("symmetry", zeros)
    assert finding is not None
    assert finding.evidence["layers"] == ["net.0", "net.2"]


def test_two_equal_units_are_alike_and_two_different_ones_are_not() -> None:
    rank = {"weight_rank": [1.0, NAN, 20, NAN, 5]}
    assert ask("symmetry", healthy(layers=rank | {"weight_rows": [0.5, NAN, 1, NAN, 1]}))
    assert ask("symmetry", healthy(layers=rank | {"weight_rows": [1, NAN, 1, NAN, 1]})) is None


def test_weights_that_begin_alike_have_time_to_part() -> None:
    window = sick("symmetry")
    steps = np.minimum(window.layers["step"], 10)
    assert ask("symmetry", replace(window, layers={**window.layers, "step": steps})) is None
    rows = window.layers["weight_rows"].copy()
    rows[-1] = 1.0
    assert ask("symmetry", with_layers(window, weight_rows=rows)) is None


def test_where_all_hidden_layers_are_alike_one_sample_says_it() -> None:
    every = {"weight_rows": [1 / 64, NAN, 1 / 64, NAN, 0.1], "weight_rank": [0, NAN, 1, NAN, 0]}
    some = {"weight_rows": [1 / 64, NAN, 1, NAN, 1], "weight_rank": [0, NAN, 20, NAN, 5]}
    for columns, told in ((every, True), (some, False)):
        window = healthy(layers=columns)
        first = {name: column[:1] for name, column in window.layers.items()}
        assert (ask("symmetry", replace(window, layers=first)) is not None) == told


def test_a_layer_frozen_at_zero_is_meant() -> None:
    window = sick("symmetry")
    layers = tuple(replace(layer, trainable=False) for layer in window.facts.layers)
    assert ask("symmetry", replace(window, facts=replace(window.facts, layers=layers))) is None


# frozen-parameter


def test_a_layer_without_a_gradient_is_named() -> None:
    window = healthy(
        layers={
            "grad_norm": [0.3, NAN, NAN, NAN, 0.3],
            "update_ratio": [1e-3, NAN, NAN, NAN, 1e-3],
        }
    )
    finding = ask("frozen-parameter", window)
    assert finding is not None
    assert finding.evidence["layers"] == ["net.2"]
    assert "no gradient" in finding.words


def test_layers_that_rest_on_purpose() -> None:
    window = with_spec(sick("frozen-parameter"), task__name="layerwise")
    assert ask("frozen-parameter", window) is None


def test_a_gradient_of_zero_is_cut_only_behind_one_that_is_not() -> None:
    def gone(*rows: int) -> Finding | None:
        gradient = np.array([0.3, NAN, 0.3, NAN, 0.3])
        gradient[list(rows)] = 0
        moved = np.where(gradient > 0, 1e-3, np.where(gradient == 0, 0.0, NAN))
        return ask(
            "frozen-parameter", healthy(layers={"grad_norm": gradient, "update_ratio": moved})
        )

    assert gone(0) is None  # lost on its way to the input
    assert gone(0, 2) is None
    finding = gone(2)
    assert finding is not None and "zero" in finding.words


def test_a_rate_of_zero_freezes_nothing() -> None:
    assert ask("frozen-parameter", healthy(layers={"update_ratio": 0.0})) is None


def test_an_update_that_is_lost_in_rounding_is_none_of_the_optimizer_s() -> None:
    window = sick("frozen-parameter")
    tiny = [0.3, NAN, 1e-9, NAN, 0.3]
    assert ask("frozen-parameter", with_layers(window, grad_norm=tiny)) is None


def test_samples_in_which_nothing_was_taken_show_nothing() -> None:
    assert ask("frozen-parameter", healthy(layers={"grad_norm": NAN, "update_ratio": NAN})) is None


def test_one_step_in_which_a_layer_moved_is_enough() -> None:
    window = sick("frozen-parameter")
    moved = window.layers["update_ratio"].copy()
    moved[-3, 2] = 1e-5
    assert ask("frozen-parameter", with_layers(window, update_ratio=moved)) is None


# all of them

LAYERED = ("vanishing-gradient", "dead-units", "saturation", "symmetry", "frozen-parameter")


@pytest.mark.parametrize("name", LAYERED)
def test_a_deep_net_is_looked_at_in_one_go(name: str) -> None:
    """Ten thousand layers, most figures not taken."""
    kinds = ("Linear", "ReLU", "Tanh", "Sigmoid")
    layers = tuple(LayerFacts(f"n{i}", kinds[i % 4], i % 2) for i in range(10_000))
    window = healthy(**FLAT, facts=replace(healthy().facts, layers=layers))
    shape = window.layers["grad_norm"].shape
    holes = np.random.default_rng(0).random(shape) < 0.9
    columns = {k: np.where(holes, NAN, v) for k, v in window.layers.items() if v.ndim == 2}
    found = ask(name, replace(window, layers={**window.layers, **columns}))
    assert found is None or len(found.evidence["layers"]) <= 20


@pytest.mark.parametrize("name", LAYERED)
@pytest.mark.parametrize("value", [NAN, np.inf, -np.inf, 0.0, 1e300, -1.0])
def test_odd_figures_are_survived(name: str, value: float) -> None:
    window = sick(name)
    columns = {k: np.full_like(v, value) for k, v in window.layers.items() if v.ndim == 2}
    ask(name, replace(window, layers={**window.layers, **columns}))


@pytest.mark.parametrize("name", LAYERED)
def test_a_table_of_other_layers_an_empty_one_and_none_are_silent(name: str) -> None:
    window = sick(name)
    empty = {k: v[:0] for k, v in window.layers.items()}
    assert ask(name, replace(window, layers=empty)) is None
    assert ask(name, replace(window, layers={})) is None
    other = replace(window.facts, layers=window.facts.layers[:-1])
    assert ask(name, replace(window, facts=other)) is None
    assert ask(name, replace(window, facts=Facts())) is None


def cut_off(gradients: list[float], first_loss: float = 15.0) -> Window:
    """A loss that fell from far above to a guess, where the first ReLU is dead."""
    norms = np.full((16, 5), np.nan)
    norms[:, ::2] = gradients
    layers = {"act_dead": [np.nan, 1.0, np.nan, 0.3, np.nan], "grad_norm": norms}
    facts = Facts(layers=healthy().facts.layers)  # of a user's own loop: no loss, no classes
    return healthy(**FLAT, layers=layers, facts=facts, first_loss=first_loss)


def test_dead_units_that_leave_no_way_back_are_told_whatever_the_loss_began_with() -> None:
    found = ask("dead-units", cut_off([0.0, 0.0, 0.1]))
    assert found is not None and found.severity == "alarm"
    assert found.evidence["layers"] == ["net.1"] and found.evidence["learned"] > 0.8
    assert ask("dead-units", cut_off([0.1, 0.0, 0.1])) is None  # there is another way
    assert ask("dead-units", cut_off([np.nan, 0.0, 0.0])) is None  # solved: nothing is asked
    assert ask("dead-units", cut_off([np.nan, np.nan, 0.1])) is None  # frozen on purpose
    falling = cut_off([0.0, 0.0, 0.1])
    falling.steps["loss"][:] = np.linspace(15, 1, len(falling))
    assert ask("dead-units", falling) is None


@pytest.mark.parametrize(("before", "speaks"), [(2.3, False), (1.0, True)])
def test_units_that_died_where_the_loss_was_as_high_already(before: float, speaks: bool) -> None:
    share = np.where(np.arange(16) < 8, 0.1, 0.7)
    column = np.full((16, 5), np.nan)
    column[:, 1] = share
    flat = dict(FLAT)
    loss = healthy(**FLAT).loss.copy()
    loss[:200] *= before / 2.3
    flat["columns"] = {"loss": loss}
    found = ask("dead-units", healthy(**flat, layers={"act_dead": column}))
    assert (found is not None) is speaks
