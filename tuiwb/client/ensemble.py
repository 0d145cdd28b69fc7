"""Finished runs evaluated as one: checked here, from their folders alone; done by a worker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tuiwb.base.errors import UserError
from tuiwb.client.asking import ask
from tuiwb.client.process import Command
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView
from tuiwb.spec.own import is_own
from tuiwb.spec.sections import Spec

TASKS = ("classify", "regress")
"""Those whose answers can be averaged."""


def ensemble(views: Sequence[RunView], command: Command | None = None) -> dict[str, Any]:
    """What `engine.ensemble` gives for these runs. Runs that do not belong together, or that left
    no weights, are a `UserError` before any worker is started."""
    check(views)
    folders = [str(view.path) for view in views]
    return ask("--ensemble", json.dumps(folders), "answer", command)


def check(views: Sequence[RunView]) -> None:
    """Raise a `UserError` for the first reason against averaging these runs."""
    if len(views) < 2:
        raise UserError(
            "an ensemble has at least two runs",
            found=", ".join(view.id for view in views) or "none",
            allowed="tuiwb ensemble RUN RUN ...",
            next="tuiwb ls lists the runs",
        )
    twice = {view.id for view in views if sum(v.path == view.path for v in views) > 1}
    if twice:
        raise UserError("a run is named twice", found=", ".join(sorted(twice)))
    specs = [_spec(view) for view in views]
    for view, spec in zip(views, specs, strict=True):
        _check_one(view, spec)
    _check_same("tasks", "task.name", views, [spec.task.name for spec in specs])
    _check_same(
        "data, or another split of it",
        "[data]",
        views,
        [f"{s.data.name} {v.data.get('fingerprint')}" for v, s in zip(views, specs, strict=True)],
    )


def _check_one(view: RunView, spec: Spec) -> None:
    if not view.status.ended_now:
        raise UserError(
            f"{view.id} has not ended",
            where=str(view.path),
            found=view.status.words,
            next=f"tuiwb ctl {view.id} stop ends it, with a checkpoint",
        )
    if spec.task.name not in TASKS:
        raise UserError(
            f"the answers of the task {spec.task.name!r} cannot be averaged",
            where=f"{view.id}, task.name",
            found=spec.task.name,
            allowed=f"runs of {' or '.join(TASKS)}",
        )
    if is_own(spec.model.name):
        # opening a run's folder must not execute a module that somebody's spec names
        raise UserError(
            "a run with a network of one's own cannot be in an ensemble",
            where=f"{view.id}, model.name",
            found=spec.model.name,
            allowed="runs of architectures that come with the program",
        )
    folder = RunPaths(view.path).checkpoints
    if not folder.is_dir() or not any(f.name.isdigit() for f in folder.iterdir()):
        raise UserError(
            f"{view.id} left no checkpoint",
            where=str(folder),
            found=view.status.words,
            allowed="runs that have been evaluated at least once",
        )


def _spec(view: RunView) -> Spec:
    if view.spec is None:
        raise UserError(
            f"{view.id} has no spec that can be read",
            where=str(RunPaths(view.path).spec),
            found="; ".join(view.problems),
        )
    return view.spec.spec


def _check_same(noun: str, where: str, views: Sequence[RunView], values: Sequence[str]) -> None:
    if len(set(values)) > 1:
        pairs = zip(views, values, strict=True)
        raise UserError(
            f"these runs have different {noun}",
            where=where,
            found=", ".join(f"{view.id}: {value}" for view, value in pairs),
            allowed="runs of one task on one data set, split and scaled alike",
            next="runs that differ in train.seed, [model], [optim] or [regularize] alone",
        )
