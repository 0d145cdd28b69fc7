"""A course starts its runs in turn and judges each check once its runs are over."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from tuiwb.base.errors import UserError
from tuiwb.client.commands import send
from tuiwb.client.course import Course, Progress, labels_of
from tuiwb.client.launch import launch
from tuiwb.spec.lessons import Lesson, lesson

Fake = Callable[[str], list[str]]
TAUGHT = {
    "preset": "mlp-digits",
    "overlay": ["loss"],
    "about": {"title": "t", "paper": "p", "story": "s", "look_at": "l"},
    "runs": [{"label": "a"}, {"label": "b", "set": ["optim.lr=0.5"]}, {"label": "c"}],
    "asserts": [
        {"check": "state", "run": "a", "state": "finished", "reason": "it ends"},
        {"check": "gap", "run": "a", "over": "b", "metric": "loss", "at_most": 0, "reason": "same"},
        {"check": "state", "run": "c", "state": "diverged", "reason": "it does not"},
    ],
}


@pytest.fixture
def taught() -> Lesson:
    return msgspec.convert(TAUGHT, Lesson)


@pytest.fixture
def workers(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def behave(mode: str) -> None:
        started = partial(launch, command=fake(mode))
        monkeypatch.setattr("tuiwb.client.course.launch", started)

    return behave


def beats(course: Course, until: Callable[[Progress], object]) -> list[Progress]:
    """Beat until something is true; a hang shows as a failure."""
    seen = []
    for _ in range(3000):
        seen.append(course.beat())
        if until(seen[-1]):
            return seen
        time.sleep(0.01)
    raise AssertionError("it did not come about")


def test_runs_one_after_the_other_and_checks_as_they_come(
    tmp_path: Path, taught: Lesson, workers: Callable[[str], None]
) -> None:
    workers("short")
    course = Course("mine", taught, tmp_path)
    seen = beats(course, lambda progress: progress.over)
    for progress in seen:
        assert sum(not view.status.ended_now for view in progress.views.values()) <= 1
    assert any(p.ended == 1 and p.verdicts[0].final and not p.verdicts[2].final for p in seen)
    last = seen[-1]
    assert list(last.views) == ["a", "b", "c"] and last.ended == last.runs == 3
    assert [verdict.final for verdict in last.verdicts] == [True] * 3
    assert [verdict.judged and verdict.judged.met for verdict in last.verdicts] == [
        True, True, False,
    ]  # fmt: skip
    assert last.met == 2
    assert course.beat() is last, "nothing new is nothing new"
    assert last.views["b"].spec is not None and last.views["b"].spec.get("optim.lr") == 0.5
    course.close()


def test_two_at_once(tmp_path: Path, taught: Lesson, workers: Callable[[str], None]) -> None:
    workers("long")
    course = Course("mine", taught, tmp_path, jobs=2)
    progress = beats(course, lambda p: len(p.views) == 2)[-1]
    assert set(progress.views) == {"a", "b"} and course.beat().ended == 0
    course.leave_out()
    for view in progress.views.values():
        send(view.path, "stop")
    last = beats(course, lambda p: p.over)[-1]
    assert last.left_out and len(last.views) == 2 and not last.verdicts[2].final
    course.close()


def test_what_cannot_start_is_told_and_nothing_else_is_started(
    tmp_path: Path, taught: Lesson
) -> None:
    (tmp_path / "file").write_text("in the way")
    course = Course("mine", taught, tmp_path / "file" / "runs")
    progress = course.beat()
    assert isinstance(progress.error, UserError) and progress.over and not progress.views


def test_a_mistake_costs_no_training(tmp_path: Path, taught: Lesson) -> None:
    broken = msgspec.structs.replace(taught, set=("optim.lrr=1",))
    with pytest.raises(UserError, match="unknown key"):
        Course("mine", broken, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_check_waits_for_every_run_that_it_names() -> None:
    named = {labels_of(check) for check in lesson("ensemble").asserts}
    assert ("seed 0", "seed 1", "seed 2", "seed 3", "seed 4") in named


def test_a_lesson_without_runs_of_its_own_says_where_it_is_taken(tmp_path: Path) -> None:
    searching = SimpleNamespace(runs=(), asserts=(), search=object())
    with pytest.raises(UserError, match="a search"):
        Course("race", searching, tmp_path)  # type: ignore[arg-type]


SEARCH = {
    **TAUGHT,
    "runs": [],
    "overlay": ["lowest.val_loss"],
    "search": {
        "space": ["optim.lr=0.1,0.01"],
        "samplers": ["grid", "random"],
        "trials": 2,
        "metric": "val_loss",
        "pick": "lowest",
    },
    "asserts": [
        {"check": "trials", "run": "grid", "over": "random", "metric": "loss", "pick": "median",
         "at_most": 0, "reason": "they train the same"},
    ],
}  # fmt: skip


def chosen(
    name: str, lesson: Lesson, overrides: object, launch: Callable[[str, list[str]], Path]
) -> list[Callable[[], Path]]:
    """Trials without a sampler."""
    rates = ("0.1", "0.01", "0.1", "0.01")
    return [partial(launch, f"lesson {name}", [f"optim.lr={rate}"]) for rate in rates]


def test_a_search_s_trials_are_its_runs(tmp_path: Path, workers: Callable[[str], None]) -> None:
    workers("short")
    course = Course("race", msgspec.convert(SEARCH, Lesson), tmp_path, trials=chosen)
    last = beats(course, lambda progress: progress.over)[-1]
    assert list(last.views) == ["grid #1", "grid #2", "random #1", "random #2"]
    rates = [view.spec.get("optim.lr") for view in last.views.values() if view.spec is not None]
    assert rates == [0.1, 0.01, 0.1, 0.01]
    assert last.met == 1 and last.verdicts[0].final
    assert course.beat() is last  # no file of theirs is looked at again
    course.close()
