"""Whatever a stranger's log holds, it converts, opens and is diagnosed without a hitch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tuiwb.api import open_run
from tuiwb.client.diagnose import diagnose
from tuiwb.interop.convert import convert
from tuiwb.interop.log import Series, Spread, Writer

TAGS = ("loss", "val/loss", "val_acc", "lr", "grad_norm", "other/thing")
HISTOGRAMS = (
    "fc1.weight", "fc1.weight.grad", "fc1.bias.grad", "act/relu", "grads/fc2", "tanh/output",
)  # fmt: skip
ODD = (0.0, 1.0, -1.0, 1e-30, 1e300, -1e300, float("nan"), float("inf"), -float("inf"))


def series(random: np.random.Generator, spread: bool) -> Series:
    """Up to 300 points in any order, some of them odd."""
    found = Series()
    odd = random.choice(ODD, 3)
    for at in range(int(random.integers(1, 300))):
        step = at if random.integers(20) else int(random.integers(-5, 600))
        value = float(odd[at % 3] if not random.integers(9) else random.normal())
        point = Spread(int(random.choice([0, 1, 64])), *[value] * 3) if spread else value
        found.add(step, 1.7e9 + step, point)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_any_log_is_diagnosed(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    scalars = {tag: series(random, False) for tag in TAGS if random.integers(3)}
    histograms = {tag: series(random, True) for tag in HISTOGRAMS if random.integers(3)}
    view = open_run(convert([Writer("", scalars, histograms)], "log", "here", tmp_path).path)
    assert view.table("steps").rows == (len(scalars["loss"]) if "loss" in scalars else 0)
    assert not view.problems
    for finding in diagnose(view):
        json.dumps(finding.as_dict(), allow_nan=False)
