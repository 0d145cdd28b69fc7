"""Values that are each allowed and cannot stand together, found before torch is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from tuiwb.base.errors import UserError, nearest
from tuiwb.base.registry import Shelf
from tuiwb.spec.declarations import SHELVES, STUDIES, declared
from tuiwb.spec.sections import Spec

SYMPTOMS = Shelf("doctor/symptoms", "symptom", declares="\ndef rule(")
"""Their names only: the folder is listed, nothing of the doctor is imported."""


def check(spec: Spec, where: str) -> None:
    """Raise a `UserError` for the first contradiction in ``spec``."""
    for error in _contradictions(spec):
        error.where = error.where or where
        error.next = error.next or "change one of them: -s section.key=value, or in the form"
        raise error


def _contradictions(spec: Spec) -> Iterator[UserError]:
    task, data, model, loss = spec.task, spec.data, spec.model, spec.loss
    served = {task.name, task.like} - {""}
    # a task that reads no targets asks nothing of the data but a kind that its architectures take
    if not served & set(data.serves) and task.targets != "none":
        yield UserError(
            f"the task {task.name!r} does not fit the data {data.name!r}",
            found=f"task.name = {task.name}, data.name = {data.name}",
            allowed=f"with {data.name}: {', '.join(data.serves)}",
        )
    for key in data.needs:
        if not getattr(data, key):
            yield UserError(
                f"the data {data.name!r} needs data.{key}",
                found=f"data.{key} is empty",
                allowed="a path",
                next=f"add -s data.{key}=...",
            )
    if data.gives not in model.takes:
        fitting = [
            name
            for name in SHELVES["model"].names()
            if data.gives in declared("model", name).takes  # type: ignore[attr-defined]
        ]
        yield UserError(
            f"the architecture {model.name!r} does not read what {data.name!r} gives",
            found=f"{data.name} gives {data.gives}; {model.name} takes {', '.join(model.takes)}",
            allowed=f"for {data.gives}: {', '.join(fitting)}",
        )
    if model.tasks and task.name not in model.tasks:
        yield UserError(
            f"the architecture {model.name!r} is not trained by the task {task.name!r}",
            found=f"task.name = {task.name}, model.name = {model.name}",
            allowed=f"with {model.name}: {', '.join(model.tasks)}",
        )
    if task.own_models and task.name not in model.tasks:
        fitting = [
            name
            for name in SHELVES["model"].names()
            if task.name in declared("model", name).tasks  # type: ignore[attr-defined]
        ]
        yield UserError(
            f"the task {task.name!r} does not train the architecture {model.name!r}",
            found=f"task.name = {task.name}, model.name = {model.name}",
            allowed=f"for {task.name}: {', '.join(fitting)}",
        )
    if task.brings_loss and loss.name != "own":
        yield UserError(
            f"the task {task.name!r} brings its own loss",
            found=f"loss.name = {loss.name}",
            allowed=f"for {task.name}: own",
        )
    if not task.brings_loss and not served & set(loss.serves):
        fitting = [
            name
            for name in SHELVES["loss"].names()
            if served & set(declared("loss", name).serves)  # type: ignore[attr-defined]
        ]
        yield UserError(
            f"the loss {loss.name!r} does not fit the task {task.name!r}",
            found=f"loss.name = {loss.name}",
            allowed=f"for {task.name}: {', '.join(fitting)}",
        )
    yield from _studies(spec)
    if spec.regularize.dropout and not model.has_dropout:
        yield UserError(
            f"{model.name} has no layer that dropout could reach",
            found=f"regularize.dropout = {spec.regularize.dropout:g}",
            allowed="0",
        )
    if spec.regularize.l2 and spec.regularize.weight_decay:
        yield UserError(
            "two kinds of weight decay at once",
            found=f"regularize.l2 = {spec.regularize.l2:g}, "
            f"regularize.weight_decay = {spec.regularize.weight_decay:g}",
            allowed="one of the two above 0: l2 goes through the gradient, weight_decay does not",
        )
    yield from _batches(spec)
    if spec.schedule.warmup >= spec.train.steps:
        yield UserError(
            "the warm-up is as long as the run",
            found=f"schedule.warmup = {spec.schedule.warmup}, train.steps = {spec.train.steps}",
            allowed=f"schedule.warmup < {spec.train.steps}",
        )
    for symptom in spec.train.stop_on:
        if symptom not in SYMPTOMS.names():
            yield UserError(
                f"the doctor knows no symptom {symptom!r}",
                where="train.stop_on",
                found=repr(symptom),
                allowed=", ".join(SYMPTOMS.names()),
                nearest=nearest(symptom, SYMPTOMS.names()),
            )
    if spec.train.patience and not spec.train.eval_every:
        yield UserError(
            "early stopping needs evaluations to judge by",
            found=f"train.patience = {spec.train.patience}, train.eval_every = 0",
            allowed="train.eval_every >= 1, or train.patience = 0",
        )
    if spec.train.stop_when and not spec.train.eval_every:
        yield UserError(
            "a stop condition needs evaluations to judge by",
            found=f"train.stop_when = {spec.train.stop_when}, train.eval_every = 0",
            allowed='train.eval_every >= 1, or train.stop_when = ""',
        )


def _batches(spec: Spec) -> Iterator[UserError]:
    rows, parts = spec.data.batch_size, spec.train.accumulate
    if parts > rows:
        yield UserError(
            "a batch cannot be read in more parts than it has samples",
            where="train.accumulate",
            found=f"train.accumulate = {parts}, data.batch_size = {rows}",
            allowed=f"1 to {rows} parts",
        )
    if getattr(spec.model, "norm", "none") == "batch" and rows < 2 * parts:
        in_parts = f", train.accumulate = {parts}" if parts > 1 else ""
        yield UserError(
            "batch normalisation needs more than one sample",
            found=f"model.norm = batch, data.batch_size = {rows}{in_parts}",
            allowed=f"data.batch_size >= {2 * parts}, or model.norm = layer",
        )


def _studies(spec: Spec) -> Iterator[UserError]:
    asked = spec.probe.studies
    for name in asked:
        if name not in STUDIES.names():
            yield UserError(
                f"unknown study {name!r}",
                found=f"probe.studies = {', '.join(asked)}",
                allowed=", ".join(STUDIES.names()),
                nearest=nearest(name, STUDIES.names()),
            )
    if asked and not spec.task.one_loss:
        fitting = [
            name
            for name in SHELVES["task"].names()
            if declared("task", name).one_loss  # type: ignore[attr-defined]
        ]
        yield UserError(
            f"the task {spec.task.name!r} follows no gradient of one loss that could be studied",
            found=f"task.name = {spec.task.name}, probe.studies = {', '.join(asked)}",
            allowed=f"probe.studies = [], or one of the tasks {', '.join(fitting)}",
        )
