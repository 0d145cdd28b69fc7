"""A stranger's log as a run directory: what is guessed, what is written, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tuiwb.base.clock import FrozenClock
from tuiwb.base.errors import UserError
from tuiwb.base.text import clean, one_line, slug
from tuiwb.interop import layers, tags
from tuiwb.interop.log import Array, Series, Writer
from tuiwb.run.columns import COLUMNS, column_names
from tuiwb.run.create import create_watched
from tuiwb.run.journal import Journal
from tuiwb.run.layout import RunPaths
from tuiwb.run.schema import EVALS, LAYERS, STEPS, dtype_evals, dtype_steps
from tuiwb.run.table import TableWriter

PLACES = tags.TRAIN | tags.HELD_OUT
"""Names of folders that are a part of a run, not a run of their own."""


class Converted(NamedTuple):
    """The run directory, and in words what was found and what was wrong."""

    path: Path
    words: str
    problems: tuple[str, ...]


def convert(writers: list[Writer], name: str, source: str, runs: Path) -> Converted:
    """Write what ``writers`` hold as the run ``name`` in the folder ``runs``; ``source`` is said to
    be where it comes from.

    Raises `UserError` where they are several runs, or hold neither numbers nor histograms.
    """
    one_run(writers, source)
    scalars = {w.tag(tag): series for w in writers for tag, series in w.scalars.items()}
    histograms = {w.tag(tag): series for w in writers for tag, series in w.histograms.items()}
    problems = [one_line(problem, 500) for writer in writers for problem in writer.problems]
    every = [series for series in (*scalars.values(), *histograms.values()) if len(series)]
    if not every:
        raise UserError(
            "there are no scalars and no histograms in these event files",
            where=source,
            found="; ".join(problems)[:500] or "no such event",
        )
    counts = {tag: len(series) for tag, series in scalars.items()}
    roles = Roles(tags.loss(counts), tags.rate(counts), tags.total_norm(counts))
    held_out = metrics(tag for tag in scalars if tag not in roles)
    norms = {tag: s for tag, s in scalars.items() if _is_norm(tag) and tag != roles.norm}
    found = layers.layers(histograms, norms)
    rows = layers.table(found)
    if roles.loss is None:
        problems.append(
            "no tag looks like the training loss: there are no steps to judge; tags: "
            + clean(", ".join(list(scalars)[:8]), 300)
        )
    began = min(float(series.time.min()) for series in every)
    ended = max(float(series.time.max()) for series in every)
    path = create_watched(runs, slug(name, "tensorboard"), {}, slug(name, "log"), created=began)
    folder = RunPaths(path).tables
    _write(folder, STEPS, _steps(scalars, roles, rows))
    _write(folder, EVALS, _evals(scalars, held_out, roles.loss))
    if found and len(rows):
        _write(folder, LAYERS, rows)
    rest = [tag for tag in scalars if tag not in roles and tag not in held_out]
    for number, table in enumerate(_metrics(scalars, rest), 1):
        _write(folder, "metrics" if number == 1 else f"metrics-{number}", table)
    words = _words(roles, held_out, found, counts, histograms)
    clock = FrozenClock(began)
    with Journal(RunPaths(path).journal, clock) as journal:
        _tell(journal, found, problems, f"a copy of {clean(source, 300)}; nothing is followed")
        journal.write("note", text=words, by="tensorboard")
        clock.advance(ended - began)
        last = max(int(series.step[-1]) for series in every)
        if final := _last(scalars, held_out):
            journal.write("evaluation", last, metrics=final, best=False)
        journal.write("state", last, state="finished", reason="as of the last event in the copy")
    return Converted(path, words, tuple(problems))


class Roles(NamedTuple):
    """The tags that have a column of their own in the table of steps; None where there is none."""

    loss: str | None
    rate: str | None
    norm: str | None


def one_run(writers: Iterable[Writer], source: str) -> None:
    """`UserError` where the folders under ``source`` are runs of their own."""
    runs: dict[str, None] = {}
    for writer in writers:
        if tags.loss({tag: len(series) for tag, series in writer.scalars.items()}) is None:
            continue
        parent, _, last = writer.folder.rpartition("/")
        only = next(iter(writer.scalars)) if len(writer.scalars) == 1 else ""
        part = set(tags.words(last)) <= PLACES or (
            # torch's add_scalars: a folder for each line of a chart
            only and last.startswith(only.replace("/", "_").replace(" ", "_") + "_")
        )
        runs[parent if part else writer.folder] = None
    if len(runs) > 1:
        names = ", ".join(sorted(run or "." for run in runs)[-12:])
        raise UserError(
            f"{len(runs)} runs were written under this folder",
            where=source,
            found=clean(names, 500),
            next="give the folder of one of them",
        )


def metrics(names: Iterable[str]) -> dict[str, str]:
    """Tag -> column, of those that speak of held-out data; what an epoch says goes before what a
    batch says."""
    found = {tag: metric for tag in names if (metric := tags.metric(tag))}
    ordered = sorted(found, key=lambda tag: bool({"step", "batch"} & set(tags.words(tag))))
    columns: dict[str, str] = {}
    for tag in ordered:
        columns[tag] = column_names([found[tag]], {"step", "time", *columns.values()})[found[tag]]
    return dict(list(columns.items())[:COLUMNS])


def _is_norm(tag: str) -> bool:
    said = tags.layer(tag)
    return said is not None and said.of == "gradient" and "norm" in tags.words(tag)


def _steps(scalars: Mapping[str, Series], roles: Roles, rows: Array) -> Array:
    """A row for each point of the loss; the rate as it was last told, norms where they were."""
    if roles.loss is None:
        return np.zeros(0, dtype_steps())
    loss = scalars[roles.loss]
    table = np.zeros(len(loss), dtype_steps())
    step = table["step"] = loss.step
    table["time"] = loss.time
    table["loss"] = _narrow(loss.values)
    for name in ("lr", "grad_norm", "samples_per_s", "wait_s"):
        table[name] = np.nan
    table["nonfinite"] = ~np.isfinite(loss.values)
    if roles.rate is not None and len(scalars[roles.rate]):
        told = scalars[roles.rate]
        at = np.searchsorted(told.step, step, side="right") - 1
        table["lr"] = _narrow(told.values[np.maximum(at, 0)])
    if roles.norm is not None:
        taken = dict(zip(scalars[roles.norm].step, scalars[roles.norm].values, strict=True))
    elif "grad_norm" in (rows.dtype.names or ()):
        squares = np.nansum(np.square(rows["grad_norm"].astype(np.float64)), axis=1)
        measured = ~np.isnan(rows["grad_norm"]).all(axis=1)
        taken = dict(zip(rows["step"][measured], np.sqrt(squares[measured]), strict=True))
    else:
        taken = {}
    table["grad_norm"] = _narrow(np.array([taken.get(at, np.nan) for at in step]))
    return table


def _narrow(values: Array) -> Array:
    """As the tables keep numbers; those too large are infinite."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _evals(scalars: Mapping[str, Series], held_out: Mapping[str, str], loss: str | None) -> Array:
    """A row for each evaluation. Where these are counted in epochs and the loss in steps, what the
    clock said tells at which step an evaluation was."""
    table = _joined({column: scalars[tag] for tag, column in held_out.items()})
    if loss is None or not len(table) or not len(scalars[loss]):
        return table
    steps, times = scalars[loss].step, scalars[loss].time
    order = np.argsort(times, kind="stable")
    at = np.searchsorted(times[order], table["time"], side="right") - 1
    by_clock = steps[order][np.maximum(at, 0)]
    span = max(int(steps[-1] - steps[0]), 1)
    apart = np.median(np.abs(by_clock - table["step"])) > span / 4
    counted_otherwise = apart and table["step"][-1] < by_clock[-1] / 2
    if len(table) > 1 and counted_otherwise and (np.diff(by_clock) >= 0).all():
        table["step"] = by_clock
    return table


def _joined(columns: Mapping[str, Series]) -> Array:
    """Series side by side, a row for each step (and for each time that one has a step again)."""
    rows: dict[tuple[int, int], dict[str, float]] = {}
    times: dict[tuple[int, int], float] = {}
    for name, series in columns.items():
        again: dict[int, int] = {}
        for step, time, value in zip(series.step, series.time, series.values, strict=True):
            key = (int(step), again.setdefault(int(step), 0))
            again[int(step)] += 1
            rows.setdefault(key, {})[name] = float(value)
            times[key] = max(times.get(key, 0.0), float(time))
    table = np.zeros(len(rows), dtype_evals(columns))
    for at, key in enumerate(sorted(rows)):
        with np.errstate(over="ignore"):
            figures = (rows[key].get(name, np.nan) for name in columns)
            table[at] = (key[0], times[key], *figures)
    return table


def _metrics(scalars: Mapping[str, Series], names: list[str]) -> Iterable[Array]:
    """Tables of what is neither loss nor held-out; tags of the same steps share one."""
    groups: dict[bytes, list[str]] = {}
    for tag in names:
        if len(scalars[tag]):
            groups.setdefault(scalars[tag].step.tobytes(), []).append(tag)
    for group in groups.values():
        columns = column_names(group)
        for begin in range(0, len(group), COLUMNS // 4):  # long tags make long headers
            some = group[begin : begin + COLUMNS // 4]
            yield _joined({columns[tag]: scalars[tag] for tag in some})


def _write(folder: Path, name: str, rows: Array) -> None:
    if len(rows):
        with TableWriter(folder, name, rows.dtype) as table:
            table.append(rows)


def _last(scalars: Mapping[str, Series], held_out: Mapping[str, str]) -> dict[str, float]:
    return {
        column: float(scalars[tag].values[-1])
        for tag, column in held_out.items()
        if len(scalars[tag])
    }


def _tell(journal: Journal, found: list[layers.Layer], problems: Iterable[str], note: str) -> None:
    journal.write("state", state="training", doing="read from event files")
    journal.write("note", text=note, by="tensorboard")
    for problem in problems:
        journal.write("warning", text=problem)
    if found:
        described: list[dict[str, Any]] = [
            {"name": layer.name, "kind": layer.kind, "parameters": layer.parameters}
            for layer in found
        ]
        total = sum(layer.parameters for layer in found)
        journal.write("model", layers=described, parameters=total)


def _words(
    roles: Roles,
    held_out: Mapping[str, str],
    found: list[layers.Layer],
    counts: Mapping[str, int],
    histograms: Mapping[str, Series],
) -> str:
    """What was read and what it was taken for."""
    parts = [f"{sum(counts.values())} points of {len(counts)} scalars"]
    if histograms:
        taken = sum(len(series) for series in histograms.values())
        parts.append(f"{taken} histograms of {len(histograms)} tags, {len(found)} layers")
    meant = [("loss", roles.loss), ("held-out loss", _named(held_out, "val_loss"))]
    meant += [("rate", roles.rate), ("gradient norm", roles.norm)]
    parts += [f"{what}: {clean(tag, 100)}" for what, tag in meant if tag]
    return "; ".join(parts)


def _named(held_out: Mapping[str, str], column: str) -> str | None:
    return next((tag for tag, name in held_out.items() if name == column), None)
