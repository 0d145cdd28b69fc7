"""Short trainings: the second sample follows the first at once."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_cold_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiwb.probes.budget.WARM", 1)
