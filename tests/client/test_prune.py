"""What would be deleted, and what never."""

from __future__ import annotations

from pathlib import Path

from tuiwb.client.prune import Rules, plan
from tuiwb.client.select import wanted
from tuiwb.run.kept import RunSummary
from tuiwb.run.weight import Weight

NOW, DAY = 1e9, 86_400.0


def run(name: str, state: str, days: float, *tags: str) -> RunSummary:
    then = NOW - days * DAY
    ended = None if state == "training" else then
    return RunSummary(name, state, started=then - 60, ended=ended, tags=tags, place="/runs")


RUNS = [
    run("live", "training", 90),
    run("new", "finished", 1),
    run("failed", "failed", 31),
    run("kept", "failed", 40, "keep"),
    run("old", "finished", 50, "good"),
    run("newer-version", "unreadable", 60),
]
SIZES = {"live": 9000, "new": 10, "failed": 500, "kept": 9000, "old": 3000, "checkpoints": 7}


def weighing(path: Path) -> Weight:
    return Weight(own=SIZES.get(path.name, 0))


def chosen(**rules: object) -> list[str]:
    made = plan(RUNS, Rules(**rules), NOW, weighing)  # type: ignore[arg-type]
    return [run.id for run, _ in made.runs]


def test_all_that_is_asked_must_hold() -> None:
    assert chosen(older=30 * DAY) == ["failed", "old"]
    assert chosen(larger=500) == ["old"]
    assert chosen(wanted=wanted(["failed,crashed"])) == ["failed"]
    assert chosen(older=30 * DAY, larger=400, wanted=wanted(["failed"])) == ["failed"]
    assert chosen(keep=3) == ["old"]
    assert chosen(wanted=wanted(tags=["good"]), keep=0) == ["old"]


def test_what_never_goes_is_counted() -> None:
    made = plan(RUNS, Rules(keep=2), NOW, weighing)
    assert made.passed == {
        "live": 1, "among the newest 2": 1, "tagged keep": 1, "unreadable": 1
    }  # fmt: skip
    assert made.bytes == 3500


def test_only_checkpoints_are_weighed_where_only_they_go() -> None:
    made = plan(RUNS, Rules(older=0.0, checkpoints=True), NOW, weighing)
    assert [(run.id, weight.bytes) for run, weight in made.runs] == [
        ("new", 7), ("failed", 7), ("old", 7)
    ]  # fmt: skip
    nothing = plan(RUNS, Rules(older=0.0, checkpoints=True), NOW, lambda path: Weight())
    assert nothing.runs == []


def test_rules_that_say_nothing_are_none() -> None:
    assert not Rules() and not Rules(checkpoints=True)
    assert Rules(keep=0) and Rules(older=0.0) and Rules(wanted=wanted(["failed"]))
