"""The benchmark of learning rates counts right, and measures what it says it does."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.benchmarks.lr_find import (
    Measured,
    RateTest,
    good,
    key,
    measure,
    median,
    supervised,
    table,
)
from tests.search.test_suggestions import RATES, slope
from tuiwb.search.suggestions import RULES


def row(losses: dict[str, float], preset: str = "mlp-digits") -> Measured:
    """The best of the sweep is 1; rules' losses are ``losses``."""
    made = Measured(preset, 120, 1e-3, [RateTest(RATES.tolist(), slope(-4, -1).tolist(), [])])
    made.trained = {key(lr): [1.0 + i] for i, lr in enumerate(made.rates())}
    made.trained |= {key(made.suggested()[rule]): [loss] for rule, loss in losses.items()}
    return made


def test_a_rule_is_good_within_ten_percent_of_the_best() -> None:
    rows = [row({"valley": ratio, "steep": math.inf, "minimum": 5.0}) for ratio in (1.0, 1.1, 1.2)]
    assert good(rows, "valley") == 2 and good(rows, "steep") == 0
    assert median(rows, "valley") == 1.1 and median(rows, "minimum") == 5.0
    assert rows[0].edge() and "*" in table(rows)
    assert "2 of 3" in table(rows) and all(rule in table(rows) for rule in RULES)


def test_the_sweep_is_twelve_rates_around_the_preset_s_own() -> None:
    rates = row({}).rates()
    assert len(rates) == 12 and rates[0] == pytest.approx(1e-3 / 30)
    assert rates[-1] == pytest.approx(30e-3)


def test_a_preset_is_trained_at_every_rate_and_what_is_known_is_not_trained_again(
    tmp_path: Path,
) -> None:
    first = measure("linreg-diabetes", 3, 1, None, tmp_path)
    wanted = {key(lr) for lr in [*first.rates(), *first.suggested().values()]}
    assert set(first.trained) == wanted and first.steps == 3
    assert len({loss for (loss,) in first.trained.values()}) > 6  # rates do differ
    again = measure("linreg-diabetes", 3, 1, first, tmp_path)
    assert again.trained == first.trained
    first.trained = {lr: [7.0] for lr in first.trained}
    kept = measure("linreg-diabetes", 3, 2, first, tmp_path).trained
    assert all(losses[0] == 7.0 != losses[1] for losses in kept.values())  # another seed
    longer = measure("linreg-diabetes", 4, 1, first, tmp_path).trained
    assert all(losses != [7.0] for losses in longer.values())


def test_seeds_are_averaged_as_ratios_and_their_spread_is_told() -> None:
    made = row({})
    made.trained[key(made.rates()[0])] = [0.5, 2.0]
    assert made.loss(made.rates()[0]) == pytest.approx(1.0)
    assert made.best()[1] == pytest.approx(1.0) and made.spread() == 4.0
    made.trained[key(made.rates()[0])] = [0.5, math.inf]
    assert made.loss(made.rates()[0]) == math.inf and made.best()[1] == 2.0


def test_a_test_and_a_sweep_of_one_seed_are_judged_by_the_others() -> None:
    made = row({})
    valley, rates = key(made.suggested()["valley"]), made.rates()
    made.tests = [made.tests[0], RateTest([1.0], [1.0], [])]  # the second suggests nothing
    made.trained = {key(lr): [2.0, 2.0] for lr in rates} | {valley: [0.1, 3.0]}
    made.trained[key(rates[0])] = [1.0, 4.0]  # best with the first seed alone
    assert made.by_others(0) == (1.5, 2.0)
    assert made.by_others(1) == (math.inf, 2.0)
    assert "its test on 0 of 2, the best of its own 12 runs on 0" in table([made])
    assert "judged by the runs of the others" not in table([row({"valley": 1.0})])


def test_with_more_seeds_there_are_more_tests(tmp_path: Path) -> None:
    made = measure("linreg-diabetes", 3, 2, None, tmp_path)
    assert len(made.tests) == 2 and made.tests[0].losses != made.tests[1].losses
    for test in made.tests:
        valley = test.suggested().get("valley")
        assert valley is None or len(made.trained[key(valley)]) == 2


def test_what_has_targets_is_in_it() -> None:
    names = supervised()
    assert {"mlp-digits", "gpt-char", "lenet5", "linreg-diabetes"} <= set(names)
    assert not {"gan-ring", "perceptron-blobs", "gpt2-124m", "rbm-digits"} & set(names)
