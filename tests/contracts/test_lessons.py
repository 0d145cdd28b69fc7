"""What every lesson promises, whichever it is; two quick ones are trained."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.engine.recorder import MemorySink, Script
from tuiwb.api import open_run
from tuiwb.client.lessons import judge
from tuiwb.client.overlay import BY_TRIAL
from tuiwb.doctor.examine import SYMPTOMS
from tuiwb.engine.build import build
from tuiwb.engine.loop import train
from tuiwb.run.create import create
from tuiwb.search.race import starts
from tuiwb.spec import Resolved, presets, to_toml
from tuiwb.spec.lessons import (
    EnsembleCheck,
    FindingCheck,
    GapCheck,
    LayerCheck,
    Lesson,
    LessonRun,
    MetricCheck,
    ReachCheck,
    TrialsCheck,
    lesson,
    paths,
    resolve_run,
)
from tuiwb.worker.work import work

NAMES = sorted(paths())
STEP_COLUMNS = {"loss", "grad_norm", "lr"}
SHORT = (
    "train.device=cpu", "train.threads=1", "train.steps=1", "train.eval_every=0",
    "schedule.warmup=0", "train.patience=0",
)  # fmt: skip


def runs_of(what: Lesson) -> tuple[LessonRun, ...]:
    """Its runs; those of a search are all like the first, with knobs of their own."""
    return what.runs or (LessonRun(label=what.labels[0]),)


def never(origin: str, settings: Sequence[str]) -> Path:
    raise AssertionError("a trial was started")


def resolved(name: str) -> dict[str, Resolved]:
    what = lesson(name)
    return {run.label: resolve_run(name, what, run, ()) for run in runs_of(what)}


@cache
def there(name: str) -> MemorySink:
    """What a lesson's runs say of themselves, seen on one step of its first run."""
    what, kept = lesson(name), MemorySink()
    spec = resolve_run(name, what, runs_of(what)[0], SHORT).spec
    train(build(spec), kept, Script(), Path("/nonexistent"))
    return kept


@pytest.fixture(autouse=True)
def no_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuiwb.engine.loop.Loop.checkpoint", lambda *args, **more: None)


def test_lessons_are_not_listed_as_presets() -> None:
    assert NAMES
    assert not {info.path for info in presets()} & set(paths().values())


@pytest.mark.parametrize("name", NAMES)
def test_tells_its_story(name: str) -> None:
    about = lesson(name).about
    assert about.title and about.paper and about.measured
    assert len(about.story) > 150 and len(about.look_at) > 40


@pytest.mark.parametrize("name", NAMES)
def test_its_runs_resolve_and_differ(name: str) -> None:
    specs = [to_toml(spec) for spec in resolved(name).values()]
    assert len(set(specs)) == len(specs)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_its_asserts_speak_of_every_run_and_of_columns_that_exist(name: str) -> None:
    what, kept = lesson(name), there(name)
    assert kept.begun is not None
    parts, columns, _ = kept.begun
    metrics = {*kept.evaluations[-1][1], *parts} | STEP_COLUMNS
    for check in what.asserts:
        assert len(check.reason) > 3
        match check:
            case TrialsCheck() | MetricCheck() | GapCheck() | ReachCheck() | EnsembleCheck():
                assert check.metric in metrics
            case LayerCheck():
                assert check.column in columns
            case FindingCheck():
                assert check.symptom in SYMPTOMS.names()
    for column in what.overlay:
        if column.startswith(BY_TRIAL):
            assert what.search is not None and column.partition(".")[2] in metrics
            continue
        layered = column.startswith("layers.")
        column = column.removeprefix("layers.").partition("@")[0]
        assert column in (columns if layered else metrics)
    if what.search is not None:
        assert what.search.metric in metrics
        assert len(starts(name, what, (), never)) == len(what.labels) - len(what.runs)
    named = {
        label
        for check in what.asserts
        for label in (check.run, getattr(check, "over", ""), *getattr(check, "beside", ()))
    }
    assert {run.label for run in what.runs} <= named, "a run that shows nothing"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zero-init", "divergence"])
def test_is_met(name: str, tmp_path: Path) -> None:
    what: Lesson = lesson(name)
    views = {}
    for run in what.runs:
        path = create(tmp_path, resolve_run(name, what, run, SHORT[:2]))
        work(str(path))
        views[run.label] = open_run(path)
    judged = judge(what, views)
    assert all(check.met for check in judged), [check for check in judged if not check.met]
