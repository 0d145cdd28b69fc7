"""Samplers ask within the space, repeat themselves for a seed, and learn where they can."""

from __future__ import annotations

import math

import pytest

from tuiwb.base.errors import UserError
from tuiwb.search.samplers import SAMPLERS, Sampler, Trial
from tuiwb.search.space import parse
from tuiwb.spec import resolve

SPACE = parse(
    ["optim.lr=log:1e-4:1", "model.width=int:16:256:log", "init.name=he,xavier"], "mlp-digits"
)


FIRST, LAST = slice(0, 10), slice(30, 40)


def loss(trial: Trial) -> float:
    """Least at a learning rate of 0.01; the rest does not matter."""
    return (math.log10(value(trial, "optim.lr")) + 2) ** 2


def value(trial: Trial, key: str) -> float:
    (text,) = [text for text in trial.settings if text.startswith(f"{key}=")]
    return float(text.partition("=")[2])


def search(name: str, seed: int, trials: int = 18) -> list[Trial]:
    sampler = Sampler(name, SPACE, trials, seed, falling=True)
    asked = []
    for _ in range(sampler.size):
        asked.append(sampler.ask())
        sampler.tell(asked[-1], loss(asked[-1]))
    return asked


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLERS)
def test_one_seed_one_sequence_of_trials_that_a_preset_takes(name: str) -> None:
    trials = search(name, 3)
    assert trials == search(name, 3)
    assert trials != search(name, 4)
    assert [trial.number for trial in trials] == list(range(18))
    for trial in trials:
        spec = resolve("mlp-digits", trial.settings)
        assert 1e-4 <= spec.get("optim.lr") <= 1
        assert 16 <= spec.get("model.width") <= 256


def test_a_grid_has_each_of_its_points_once_in_any_order() -> None:
    points = {tuple(sorted(f"{k}={v}" for k, v in point.items())) for point in SPACE.grid(18)}
    for seed in range(2):
        asked = [tuple(sorted(trial.settings)) for trial in search("grid", seed, trials=20)]
        assert len(asked) == 18 and set(asked) == points


def test_tpe_learns_from_what_it_is_told() -> None:
    """Its later trials lie nearer to the best learning rate than its first, random ones."""
    searches = [[loss(trial) for trial in search("tpe", seed, trials=40)] for seed in range(5)]
    first, last = (sum(sum(found[part]) for found in searches) for part in (FIRST, LAST))
    assert last < first / 2


def test_it_looks_for_more_or_for_less_as_it_is_told() -> None:
    def mean(falling: bool) -> float:
        sampler = Sampler("tpe", SPACE, 40, 0, falling=falling)
        asked = []
        for _ in range(40):
            asked.append(sampler.ask())
            sampler.tell(asked[-1], value(asked[-1], "optim.lr"))
        return sum(math.log10(value(trial, "optim.lr")) for trial in asked[20:]) / 20

    assert mean(falling=True) < -2.5 < -1.5 < mean(falling=False)


@pytest.mark.parametrize("name", SAMPLERS)
def test_trials_that_came_to_nothing_are_no_results(name: str) -> None:
    sampler = Sampler(name, SPACE, 18, 0)
    for number in range(sampler.size):
        trial = sampler.ask()
        assert trial.number == number
        sampler.tell(trial, math.nan if number % 2 else None)


def test_an_unknown_sampler_says_which_there_are() -> None:
    with pytest.raises(UserError) as error:
        Sampler("ramdom", SPACE, 1, 0)
    assert error.value.nearest == "random" and "tpe" in error.value.allowed


def test_without_optuna_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(UserError) as error:
        Sampler("random", SPACE, 1, 0)
    assert "tuiwb[search]" in error.value.next
