"""Who keeps checkpoints hears of what the doctor finds, once for each finding that is told."""

from __future__ import annotations

import math

from tests.worker.test_outcomes import Run


def test_each_finding_is_told_with_the_step_that_it_began_at() -> None:
    run = Run()
    heard: list[int] = []
    run.rounds.heed = heard.append
    run.train(100, 1.0)
    assert heard == [event["step"] for event in run.events if event["kind"] == "finding"]
    before = len(heard)
    run.train(1, math.nan)
    found = [event for event in run.events if event["kind"] == "finding"]
    assert "non-finite" in {event["symptom"] for event in found}
    assert heard == [event["step"] for event in found] and len(heard) > before
    told = len(heard)
    run.train(1, math.nan)
    assert len(heard) == told, "the same finding is not told twice"
