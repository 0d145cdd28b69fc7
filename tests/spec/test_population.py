"""In what members of a population may differ."""

from __future__ import annotations

import pytest

from tuiwb.base.errors import UserError
from tuiwb.spec import resolve
from tuiwb.spec.population import check_population, own_keys


def specs(*settings: str) -> list:
    return [resolve("mlp-digits").spec, resolve("mlp-digits", settings).spec]


@pytest.mark.parametrize(
    "setting",
    ["optim.lr=0.1", "optim.beta1=0.5", "train.seed=3", "init.name=zeros", "schedule.name=cosine",
     "regularize.dropout=0.5", "train.clip_norm=1", "data.augment_shift=1", "train.eval_every=7"],
)  # fmt: skip
def test_what_one_program_can_keep_apart_may_differ(setting: str) -> None:
    check_population(specs(setting))
    assert setting.partition("=")[0] in own_keys(resolve("mlp-digits").spec)


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("model.hidden=[8]", "tier restart"),
        ("data.split_seed=1", "tier restart"),
        ("loss.label_smoothing=0.1", "one program"),
        ("train.steps=3", "the same steps"),
        ("optim.name=sgd", "the same steps"),
        ("probe.budget=0.1", "watched as one"),
    ],
)
def test_what_it_cannot_is_refused_with_the_reason(setting: str, why: str) -> None:
    with pytest.raises(UserError) as refused:
        check_population(specs(setting))
    assert why in str(refused.value) and refused.value.where == "member 2"
    assert "optim.lr" in refused.value.allowed
