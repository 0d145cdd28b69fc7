"""Each check of the pre-flight finds what was planted for it, and lets sound specs pass."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.probes.test_studies import Wrong
from tuiwb.base.errors import UserError
from tuiwb.engine.build import Session, build
from tuiwb.engine.preflight import fitting, input_matters, modes_agree, overfit_one_batch
from tuiwb.engine.preflight.run import CHECKS, examined, preflight
from tuiwb.engine.preflight.trial import Trial
from tuiwb.probes.studies import gradient_check
from tuiwb.spec import resolve

QUICK = ("train.device=cpu", "train.threads=1")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps decide, not a busy machine's clock."""
    for module in (overfit_one_batch, input_matters, modes_agree):
        monkeypatch.setattr(module, "SECONDS", 300.0)
    monkeypatch.setattr(input_matters, "LOOKING", 300.0)
    monkeypatch.setattr(input_matters, "LONGER", 300.0)
    monkeypatch.setattr(fitting, "STEPS", 80)
    monkeypatch.setattr(modes_agree, "STEPS", 20)
    monkeypatch.setattr(gradient_check, "WEIGHTS", 24)


def session(preset: str, *overrides: str) -> Session:
    return build(resolve(preset, [*QUICK, *overrides]).spec)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {row["check"]: row["state"] for row in found["checks"]}


def failed(made: Session, *names: str) -> set[str]:
    found = states(examined(made, names=names))
    return {name for name, state in found.items() if state == "failed"}


def asked(made: Session, name: str) -> dict[str, Any]:
    """The answer of one check."""
    (row,) = examined(made, names=[name])["checks"]
    return dict(row)


def change_loss(made: Session, change: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Every turn's loss goes through ``change(loss, inputs)``."""

    def changed(turn: Any) -> Any:
        def loss(model: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, Tensor]]:
            value, parts = turn.loss(model, batch, step)
            return change(value, batch[0]), parts

        return dataclasses.replace(turn, loss=loss)

    made.turns = tuple(changed(turn) for turn in made.turns)


def linears(model: nn.Module) -> list[nn.Linear]:
    return [module for module in model.modules() if isinstance(module, nn.Linear)]


# what is sound


def test_a_sound_preset_passes_all_seven_with_numbers_beside_limits() -> None:
    found = examined(session("mlp-digits"))
    assert set(states(found).values()) == {"passed"} and found["passed"] == 7 == len(CHECKS.names())
    assert all(row["numbers"] and row["limits"].keys() <= row["numbers"].keys()
               for row in found["checks"])  # fmt: skip
    assert found["failed"] == 0


@pytest.mark.parametrize(
    ("preset", "more"),
    [
        ("mlp-digits", ("model.norm=batch", "regularize.dropout=0.3")),
        ("linreg-diabetes", ()),
        ("logreg-cancer", ()),
        ("copy-memory", ("model.width=32",)),
    ],
)
def test_no_sound_kind_of_task_fails(preset: str, more: tuple[str, ...]) -> None:
    found = examined(session(preset, *more))
    assert found["failed"] == 0, found
    assert found["passed"] == 7


@pytest.mark.parametrize(
    ("preset", "applies"),
    [
        ("gan-ring", {"batch-size", "gradient-reaches", "finite-differences", "modes-agree"}),
        ("rbm-digits", {"gradient-reaches", "modes-agree"}),
        ("perceptron-blobs", {"gradient-reaches", "modes-agree"}),
        ("vae-digits", set(CHECKS.names()) - {"input-matters"}),
        ("dbn-digits", set(CHECKS.names()) - {"input-matters", "overfit-one-batch"}),
    ],
)
def test_what_does_not_apply_says_why(preset: str, applies: set[str]) -> None:
    found = examined(session(preset))
    assert {name for name, state in states(found).items() if state == "passed"} == applies
    for row in found["checks"]:
        if row["check"] not in applies:
            assert row["state"] == "does not apply" and len(row["words"]) > 20


def test_the_session_is_left_as_it_was() -> None:
    made = session("mlp-digits", "model.norm=batch", "regularize.dropout=0.3")
    before = {name: value.clone() for name, value in made.model.state_dict().items()}
    drawn = torch.get_rng_state()
    examined(made)
    assert all(torch.equal(value, before[k]) for k, value in made.model.state_dict().items())
    assert torch.equal(drawn, torch.get_rng_state())
    assert all(parameter.grad is None for parameter in made.model.parameters())
    assert torch.get_default_dtype() == torch.float32


def test_each_check_is_told_before_and_after() -> None:
    told: list[tuple[str, str]] = []
    preflight(
        resolve("linreg-diabetes", QUICK).spec,
        lambda row: told.append((row["check"], row["state"])),
    )
    assert told[0] == ("", "running")
    assert told[1::2] == [(name, "running") for name, _ in told[2::2]]
    assert {name for name, _ in told[2::2]} == set(CHECKS.names())


# what is planted


def test_weights_that_begin_far_too_large_miss_the_first_loss() -> None:
    made = session("mlp-digits")
    with torch.no_grad():
        linears(made.model)[-1].weight.mul_(100)
    assert failed(made, "initial-loss")


def test_an_answer_among_the_inputs_is_too_good() -> None:
    made = session("mlp-digits")
    change_loss(made, lambda loss, inputs: loss / 10)
    assert failed(made, "initial-loss")


def test_softmax_twice_cannot_be_learned_by_heart() -> None:
    made = session("mlp-digits")
    made.model.register_forward_hook(lambda module, inputs, output: output.softmax(-1))
    row = asked(made, "overfit-one-batch")
    assert row["state"] == "failed"
    assert "probabilities" in row["causes"][0] and row["remedy"]


def test_a_learning_rate_is_told_from_a_network() -> None:
    row = asked(session("mlp-digits", "optim.name=sgd", "optim.lr=1e-7"), "overfit-one-batch")
    assert row["state"] == "failed" and "too low" in row["causes"][0]
    assert row["numbers"]["loss_with_adam"] < 0.5


def test_inputs_that_do_not_arrive() -> None:
    made = session("mlp-digits", "optim.lr=0.1")
    answers = nn.Parameter(torch.zeros(8, 10))

    def by_place(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        place = module.get_parameter("answers")
        return output * 0 + place.repeat(-(-len(output) // 8), 1)[: len(output)]

    made.model.register_parameter("answers", answers)
    made.model.register_forward_hook(by_place)
    made.turns = (dataclasses.replace(made.turns[0], parameters=tuple(made.model.parameters())),)
    assert failed(made, "input-matters")


def test_targets_of_other_inputs_are_learned_by_heart_and_help_with_nothing() -> None:
    made = session("mlp-digits", "data.batch_size=32")
    shifted = made.batches._targets
    assert shifted is not None
    made.batches._targets = shifted.flip(0)
    row = asked(made, "input-matters")
    assert row["state"] == "failed"
    assert "flipped" in row["causes"][0] and row["numbers"]["loss"] < row["numbers"]["held_out"]


def test_batch_normalisation_over_two_values() -> None:
    row = asked(session("mlp-digits", "model.norm=batch", "data.batch_size=2"), "modes-agree")
    assert row["state"] == "failed" and row["numbers"]["values"] == 2 and row["names"]


def test_running_statistics_that_never_follow() -> None:
    made = session("mlp-digits", "model.norm=batch")
    for module in made.model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 1e-4
    assert failed(made) == {"modes-agree"}


def test_a_forward_pass_that_asks_its_mode() -> None:
    made = session("mlp-digits")
    made.model.register_forward_hook(
        lambda module, inputs, output: output if module.training else output.roll(1, -1)
    )
    assert failed(made, "modes-agree")


def test_a_loss_summed_over_the_batch() -> None:
    made = session("mlp-digits")
    change_loss(made, lambda loss, inputs: loss * len(inputs) / 8)
    assert failed(made, "batch-size")


def test_samples_that_mix() -> None:
    made = session("mlp-digits")
    made.model.register_forward_hook(lambda module, inputs, output: output - output.mean(0))
    assert failed(made, "batch-size")


def test_a_detached_layer_is_named() -> None:
    made = session("mlp-digits")
    linears(made.model)[1].register_forward_hook(lambda module, inputs, output: output.detach())
    row = asked(made, "gradient-reaches")
    assert row["state"] == "failed" and row["numbers"]["without"] == 4
    assert row["names"] == [name for name, _ in list(made.model.named_parameters())[:4]]


def test_a_layer_that_begins_at_zero_is_no_fault() -> None:
    made = session("mlp-digits")
    with torch.no_grad():
        linears(made.model)[-1].weight.zero_()
    assert asked(made, "gradient-reaches")["state"] == "passed"


def test_a_backward_pass_that_errs() -> None:
    made = session("mlp-digits")
    change_loss(made, lambda loss, inputs: Wrong.apply(loss))  # type: ignore[no-untyped-call]
    assert failed(made) == {"finite-differences"}


def test_an_error_on_the_way_is_a_finding() -> None:
    made = session("mlp-digits")

    def breaks(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        if module.training:
            raise ValueError("no room")
        return output

    made.model.register_forward_hook(breaks)
    found = examined(made)
    assert found["failed"] >= 4
    assert any("ValueError: no room" in row["words"] for row in found["checks"])


def test_a_spec_that_cannot_be_built_is_the_user_s_error() -> None:
    with pytest.raises(UserError):
        preflight(resolve("mlp-digits", [*QUICK, "model.name=no_such_module:Net"]).spec)


def test_an_answer_that_is_the_same_for_all_is_only_where_learning_by_heart_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fitting, "STEPS", 150)
    made = session("lstm-adding", "data.length=10", "model.width=32")
    row = asked(made, "input-matters")
    assert row["state"] == "passed", row


def test_statistics_come_to_rest_in_a_norm_of_its_own_making() -> None:
    made = session("airbench", "model.size=xs", "data.samples=100", "data.batch_size=16")
    trial = Trial(made)
    model, batches = trial.model(), [trial.batch(i) for i in range(2)]
    fitting.rest(trial, model, batches)
    norms = [m for m in model.modules() if isinstance(m, fitting.BatchNorm)]
    assert norms and all(norm.running_mean.any() for norm in norms)
    assert all(norm.momentum == pytest.approx(0.4) for norm in norms)
    training = trial.value(copy.deepcopy(model).train(), batches[0])
    assert trial.value(model.eval(), batches[0]) == pytest.approx(training, rel=0.5)


def test_what_is_still_falling_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "STEPS", 120)
    slow = asked(session("mlp-digits", "optim.name=sgd", "optim.lr=0.001"), "overfit-one-batch")
    assert slow["numbers"]["loss"] > 0.2 * slow["numbers"]["first_loss"]
    assert slow["state"] == "passed" and "falls on" in slow["words"]
