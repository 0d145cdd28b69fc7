"""A race starts each trial as a run, and tells its samplers what has become of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.recorded import record
from tuiwb.base.errors import UserError
from tuiwb.search.race import Arm, starts
from tuiwb.search.samplers import Trial
from tuiwb.spec import resolve
from tuiwb.spec.lessons import Lesson, LessonAbout, LessonSearch


class Told:
    """A sampler that keeps what it is told."""

    size = 9

    def __init__(self) -> None:
        self.asked = 0
        self.told: list[tuple[int, float | None]] = []

    def ask(self) -> Trial:
        self.asked += 1
        return Trial(self.asked - 1, ())

    def tell(self, trial: Trial, value: float | None) -> None:
        self.told.append((trial.number, value))


def test_a_sampler_knows_of_every_trial_that_is_over(tmp_path: Path) -> None:
    states = ["finished", "training", "diverged", None, "finished"]
    sampler = Told()
    arm = Arm(sampler, "val_loss", lambda trial: record(tmp_path, state=states[trial.number]))  # type: ignore[arg-type]
    arm.start()
    assert sampler.told == []
    for _ in states[1:]:
        arm.start()
    # the second one trains until its worker is found to have died
    assert sampler.told == [(0, 0.1), (1, None), (2, None), (3, None)]


def lesson(space: Sequence[str], trials: int, samplers: Sequence[str] = ("grid", "tpe")) -> Lesson:
    search = LessonSearch(
        space=tuple(space),
        samplers=tuple(samplers),
        trials=trials,
        metric="val_accuracy",
        pick="highest",
    )
    about = LessonAbout(title="t", paper="p", story="s", look_at="l")
    return Lesson(about=about, overlay=(), asserts=(), search=search, preset="mlp-digits")


LR = "optim.lr=log:1e-4:1"


def test_a_lesson_s_trials_begin_in_the_order_of_its_labels(tmp_path: Path) -> None:
    what = lesson([LR, "init.name=he,xavier"], 4)
    seen: list[tuple[str, tuple[str, ...]]] = []

    def launch(origin: str, settings: Sequence[str]) -> Path:
        seen.append((origin, tuple(settings)))
        spec = resolve("mlp-digits", settings)
        assert spec.get("train.seed") == 3
        return record(tmp_path)

    for start in starts("mine", what, ["train.seed=3"], launch):
        start()
    assert [origin for origin, _ in seen] == [f"lesson mine, run {label}" for label in what.labels]
    assert what.labels[:5] == ("grid #1", "grid #2", "grid #3", "grid #4", "tpe #1")
    assert len({settings for _, settings in seen}) == 8


def test_each_seed_is_another_race() -> None:
    def settings(seed: int) -> list[tuple[str, ...]]:
        seen: list[tuple[str, ...]] = []

        def launch(origin: str, settings: Sequence[str]) -> Path:
            seen.append(tuple(settings)[1:])
            raise UserError("not started")

        start, *_ = starts("mine", lesson([LR], 4, ["random"]), [f"train.seed={seed}"], launch)
        with pytest.raises(UserError):
            start()
        return seen

    assert settings(0) == settings(0) != settings(1)


@pytest.mark.parametrize(
    ("space", "trials", "said"),
    [
        ([LR, "model.width=1,2"], 5, "no equal budget"),
        (["optim.lrr=0.1,1"], 2, "unknown key optim.lrr"),
        (["optim.lr=log:1:100000"], 2, "out of range"),
        (["init.name=he,xavier"], 1, "does not fit"),
        ([], 3, "nothing to search"),
    ],
)
def test_a_mistake_costs_no_training(space: Sequence[str], trials: int, said: str) -> None:
    def launch(origin: str, settings: Sequence[str]) -> Path:
        raise AssertionError("a run was started")

    with pytest.raises(UserError) as error:
        starts("mine", lesson(space, trials), (), launch)
    assert said in str(error.value)
