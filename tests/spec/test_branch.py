"""What a fork may change: hot and branch knobs, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuiwb.base.errors import UserError
from tuiwb.spec import resolve
from tuiwb.spec.branch import branch_keys, branched, differences

SPEC = Path("runs/parent/spec.toml")


@pytest.mark.parametrize(
    "text", ["optim.lr=0.003", "data.batch_size=32", "train.steps=77", "schedule.name=cosine"]
)
def test_hot_and_branch_knobs_can_differ(text: str) -> None:
    base = resolve("mlp-digits")
    new = branched(base, [text], SPEC)
    key = text.partition("=")[0]
    assert key in differences(base.spec, new.spec)
    assert new.origins[key] == "command line"
    assert new.preset == base.preset


def test_another_optimiser_brings_its_own_knobs() -> None:
    base = resolve("mlp-digits")
    other = "sgd" if base.spec.optim.name != "sgd" else "adam"
    new = branched(base, [f"optim.name={other}"], SPEC)
    assert new.spec.optim.name == other
    assert all(key.startswith("optim.") for key in differences(base.spec, new.spec))


@pytest.mark.parametrize("text", ["train.seed=7", "init.name=zeros", "data.split_seed=3"])
def test_a_knob_that_a_run_begins_with_is_refused_and_says_what_to_do(text: str) -> None:
    with pytest.raises(UserError) as caught:
        branched(resolve("mlp-digits"), [text, "optim.lr=0.5"], SPEC)
    error = caught.value
    assert text.partition("=")[0] in error.what
    assert error.next == (
        f"begin anew with it: tuiwb run runs/parent/spec.toml -s {text} -s optim.lr=0.5"
    )


def test_a_knob_given_the_value_that_it_has_is_no_change() -> None:
    base = resolve("mlp-digits")
    assert branched(base, [f"train.seed={base.spec.train.seed}"], SPEC).spec == base.spec


@pytest.mark.parametrize("text", ["optim.lx=3", "optim.lr=-1", "optim.lr=high", "lr", "nope.x=1"])
def test_mistakes_are_told_as_anywhere(text: str) -> None:
    with pytest.raises(UserError) as caught:
        branched(resolve("mlp-digits"), [text], SPEC)
    assert caught.value.found


def test_the_keys_that_can_differ_are_the_keys_that_are_taken() -> None:
    base = resolve("mlp-digits")
    keys = branch_keys(base.spec)
    assert {"optim.lr", "optim.name", "schedule.name", "data.batch_size", "train.steps"} <= {*keys}
    assert not {"init.name", "model.name", "train.seed", "data.name"} & {*keys}
