"""Every preset, interrupted and resumed, is the run that was never interrupted, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.shrunk import shrunk
from tests.engine.twice import check_goes_on
from tuiwb.spec import presets
from tuiwb.spec.presets import PresetInfo

SHORT = (
    "train.steps=5",
    "train.eval_every=2",
    "schedule.warmup=3",
    "data.val_share=0.05",
    "train.device=cpu",
    "train.threads=1",
    "train.patience=5",
)
"""A checkpoint at 2, an evaluation at 4, within the warm-up and past it."""

SLOW = ("gpt-char", "m5-speech", "rbm-digits")


@pytest.mark.parametrize(
    "info",
    [pytest.param(i, marks=pytest.mark.slow) if i.name in SLOW else i for i in presets()],
    ids=lambda info: info.name,
)
def test_goes_on_bit_for_bit(info: PresetInfo, tmp_path: Path) -> None:
    check_goes_on(tmp_path, info.name, [*SHORT, *shrunk(info)])
