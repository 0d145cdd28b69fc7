"""Figures of the training part: right, cheap, and without a trace in any random state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tuiwb.base.signature import Kind, Signature
from tuiwb.data.dataset import Dataset, Part
from tuiwb.data.statistics import class_counts, input_statistics
from tuiwb.engine.build import load_data
from tuiwb.probes.inputs import SAMPLES, VALUES, _thinned
from tuiwb.spec import resolve


def of(inputs: torch.Tensor, kind: Kind = "vector", targets: torch.Tensor | None = None) -> Dataset:
    targets = torch.zeros(len(inputs), dtype=torch.int64) if targets is None else targets
    part = Part(inputs, targets)
    signature = Signature(kind, tuple(inputs.shape[1:]), 2)
    return Dataset(signature, part, part, ("a", "b"), {}, "mark")


def test_a_table_s_figures_are_numpy_s() -> None:
    random = np.random.default_rng(0)
    table = random.standard_normal((500, 3)) @ np.diag([0.1, 1.0, 50.0]) + [3.0, 0.0, -20.0]
    found = input_statistics(of(torch.from_numpy(table).float()))
    std = table.std(0)
    assert found["mean"] == pytest.approx(table.mean(), rel=1e-4)
    assert found["std"] == pytest.approx(table.std(), rel=1e-4)
    assert found["offset"] == pytest.approx((abs(table.mean(0)) / std).max(), rel=1e-4)
    assert found["narrowest"] == pytest.approx(std.min(), rel=1e-4)
    assert found["widest"] == pytest.approx(std.max(), rel=1e-4)
    assert found["largest"] == pytest.approx(np.sqrt((table**2).mean(0)).max(), rel=1e-4)
    powers = np.linalg.eigvalsh(np.cov(table.T))
    assert found["condition"] == pytest.approx(powers[-1] / powers[0], rel=1e-3)


def test_the_known_conditions_of_wine() -> None:
    """The catalogue's: 1.5e7 raw, 45 standardised."""
    keys = ["data.name=wine", "loss.name=cross-entropy"]
    raw, scaled = (
        input_statistics(load_data(resolve("logreg-cancer", [*keys, f"data.scaling={how}"]).spec))
        for how in ("none", "standard")
    )
    assert raw["condition"] == pytest.approx(1.5e7, rel=0.1)
    assert scaled["condition"] == pytest.approx(45, rel=0.1)
    assert raw["largest"] > 500
    assert scaled["largest"] == pytest.approx(1, rel=1e-3)


def test_a_picture_s_features_are_its_channels_and_a_series_s_its_columns() -> None:
    picture = torch.randn(64, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    picture[:, 1] *= 7
    found = input_statistics(of(picture, "image"))
    assert found["features"] == 3
    assert found["widest"] == pytest.approx(float(picture[:, 1].std()), rel=1e-3)
    assert "condition" not in found
    assert input_statistics(of(picture[:, :2, 0], "sequence"))["features"] == 5
    assert input_statistics(of(picture[:, :1, 0], "wave"))["features"] == 1


def test_constant_features_and_values_that_are_no_numbers_are_left_out() -> None:
    table = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    table[:, 0] = 40.0
    table[7, 1] = torch.nan
    found = input_statistics(of(table))
    assert found["offset"] < 1
    assert found["largest"] == pytest.approx(40)
    assert all(np.isfinite(value) for value in found.values())
    constant = input_statistics(of(torch.ones(10, 2)))
    assert constant["largest"] == 1 and "widest" not in constant
    assert input_statistics(of(torch.full((4, 2), torch.nan))) == {}


def test_a_dependent_column_leaves_the_condition_finite() -> None:
    table = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    table = torch.cat((table, table.sum(1, keepdim=True)), 1)
    assert input_statistics(of(table))["condition"] < 1e15


def test_tokens_have_no_figures() -> None:
    tokens = torch.arange(50)
    signature = Signature("tokens", (10,), 50, 50)
    dataset = Dataset(signature, Part(tokens, None), Part(tokens, None), (), {}, "mark")
    assert input_statistics(dataset) == {}
    assert class_counts(dataset) == ()


def test_counts_hold_classes_without_a_sample() -> None:
    dataset = of(torch.zeros(5, 1), targets=torch.tensor([0, 2, 2, 0, 2]))
    dataset = replace(dataset, classes=("a", "b", "c", "d"))
    assert class_counts(dataset) == (2, 0, 3, 0)
    boxes = of(torch.zeros(5, 1), targets=torch.zeros(5, 4))
    assert class_counts(boxes) == ()


@pytest.mark.parametrize("shape", [(3, 2), (100_000, 2), (5000, 1, 64, 64), (1, 7)])
def test_few_values_are_looked_at_and_spread_over_all(shape: tuple[int, ...]) -> None:
    rows = torch.arange(shape[0]).float().view(-1, *[1] * (len(shape) - 1)).expand(shape)
    taken = _thinned(rows)
    assert len(taken) <= SAMPLES
    assert taken.numel() <= max(VALUES, rows[0].numel())
    assert taken.flatten()[0] == 0 and taken.flatten()[-1] == shape[0] - 1


def test_no_random_number_is_drawn_and_nothing_is_changed() -> None:
    dataset = load_data(resolve("mlp-digits").spec)
    before, inputs = torch.get_rng_state(), dataset.train.inputs.clone()
    input_statistics(dataset)
    class_counts(dataset)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(dataset.train.inputs, inputs)
