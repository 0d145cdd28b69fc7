"""From the columns of a CSV file to a `Dataset`: see `tuiwb.data.csv`, whose knobs these are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuiwb.base.errors import UserError, nearest
from tuiwb.data.columns import Column, Floats, indices_of, numbers_of
from tuiwb.data.dataset import Dataset
from tuiwb.data.delimited import Layout, blocks, layout
from tuiwb.data.files import existing
from tuiwb.data.samples import Flat, classified, measured
from tuiwb.data.scaling import scaled

MOST_CELLS = 20_000_000
"""Numbers kept at most: 160 MB. Fewer rows are kept of a table that is wider than that allows."""
FEW = 20
"""Different whole numbers of a target up to which they are taken for classes."""
_LISTED = 12


@dataclass(frozen=True)
class _Plan:
    """What the first pass decided."""

    how: Layout
    target: int
    features: tuple[int, ...]
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    """Empty where the target is a number."""
    rows: int
    """Rows that have a target."""

    def levels(self, at: int) -> tuple[str, ...]:
        """The words of a feature that get a place of their own; a number has none."""
        column = self.columns[at]
        return () if column.number else column.levels() or ()

    @property
    def width(self) -> int:
        return sum(len(self.levels(at)) or 1 for at in self.features)


def load_table(knobs: Any) -> Dataset:
    """The data set of a CSV file; whatever cannot be read is a `UserError` with its line."""
    path = existing(knobs.path)
    how = layout(path, knobs.delimiter, knobs.header)
    notes: list[str] = []
    plan = _planned(knobs, how, notes)
    inputs, targets = _filled(knobs, plan, notes)
    numeric = np.concatenate(
        [[not plan.levels(at)] * (len(plan.levels(at)) or 1) for at in plan.features]
    )

    def scaler(train: Floats, val: Floats) -> tuple[Floats, Floats]:
        train, val = _with_medians(train, val)
        scaled_train, scaled_val = scaled(train[:, numeric], val[:, numeric], knobs.scaling)
        train[:, numeric], val[:, numeric] = scaled_train, scaled_val
        return train, val

    flat = None
    if len(plan.features) == 2 and numeric.all():
        across, up = (plan.columns[at].name for at in plan.features)
        flat = Flat(inputs, (across, up))
    if plan.classes:
        labels = targets.astype(np.int64)
        _check_classes(knobs, plan, labels, notes)
        dataset = classified(knobs, inputs, labels, plan.classes, scaler=scaler, flat=flat)
    else:
        if len(inputs) < 2:
            raise _too_few(how, len(inputs))
        dataset = measured(knobs, inputs, targets[:, None], scaler=scaler, flat=flat)
    return replace(dataset, notes=tuple(notes))


def _planned(knobs: Any, how: Layout, notes: list[str]) -> _Plan:
    """The first pass: what every column is, and which of them are used."""
    target = _position(how, knobs.target, "data.target") if knobs.target else len(how.names) - 1
    ignored = {
        _position(how, name.strip(), "data.ignore")
        for name in knobs.ignore.split(",")
        if name.strip()
    }
    columns = tuple(Column(name) for name in how.names)
    skipped: list[int] = []
    rows = seen = 0
    for block in blocks(how, knobs.ragged, skipped):
        cells = _columns(block.rows, knobs.decimal)
        for column, values in zip(columns, cells, strict=True):
            column.see(values, block.lines)
        seen += len(block.rows)
    goal = columns[target]
    rows = seen - goal.missing
    delimiter = {"\t": "tab"}.get(how.delimiter, repr(how.delimiter))
    named = "names in the first row" if how.header else "no names in the first row"
    notes.append(
        f"{how.path.name}: {seen} rows, {len(columns)} columns, cut at {delimiter}, {named}"
    )
    if skipped:
        notes.append(
            f"{len(skipped)} rows with another number of cells left out, the first in line "
            f"{skipped[0]}"
        )
    if not rows:
        raise UserError(
            "the file holds no row with a target" if seen else "the file holds no rows",
            where=f"{how.path}, column {goal.name}",
            found=f"{seen} rows below the names" if how.header else f"{seen} rows",
            allowed="at least two rows with a value to learn",
        )
    if goal.missing:
        notes.append(
            f"{goal.missing} rows without a target left out, the first in line {goal.first_missing}"
        )
    features = []
    left_out = []
    for at, column in enumerate(columns):
        if at == target or at in ignored:
            continue
        levels = column.levels() if not column.number else ()
        if column.empty:
            left_out.append(f"{column.name} (empty)")
        elif levels is None or len(levels) > knobs.words:
            left_out.append(f"{column.name} (more than {knobs.words} different words)")
        else:
            features.append(at)
    if left_out:
        notes.append(f"left out: {_listed(left_out)}")
    if not features:
        raise UserError(
            "no column is left to learn from",
            where=str(how.path),
            found=f"columns {', '.join(how.names[:_LISTED])}, cut at {delimiter}; target "
            f"{goal.name}" + (f"; left out: {_listed(left_out)}" if left_out else ""),
            allowed="a file with at least one column of numbers or of few words beside the target",
            next="data.delimiter sets what stands between cells, data.words how many words are few",
        )
    plan = _Plan(how, target, tuple(features), columns, _classes(knobs, how, goal), rows)
    _note_types(plan, notes)
    _check_missing(knobs, plan, notes)
    return plan


def _columns(rows: list[list[str]], decimal: str) -> list[list[str]]:
    return [_cells(column, decimal) for column in zip(*rows, strict=True)]


def _cells(column: Sequence[str], decimal: str) -> list[str]:
    """The cells of a column without spaces around them, decimals behind a point."""
    together = "".join(column)
    if " " in together or "\t" in together:
        column = [cell.strip() for cell in column]
    if decimal == "," and "," in together:
        column = [cell.replace(",", ".") for cell in column]
    return list(column)


def _position(how: Layout, name: str, where: str) -> int:
    if name in how.names:
        return how.names.index(name)
    raise UserError(
        f"there is no column {name!r}",
        where=where,
        found=f"{how.path.name}, cut at {how.delimiter!r}",
        allowed=", ".join(how.names[:50]),
        nearest=nearest(name, how.names),
    )


def _classes(knobs: Any, how: Layout, goal: Column) -> tuple[str, ...]:
    """The classes of the target, or nothing where it is a number."""
    if goal.number and knobs.answers == "numbers":
        return ()
    levels = goal.levels()
    if goal.number and knobs.answers == "auto":
        whole = levels is not None and all(float(x).is_integer() for x in levels)
        if not whole or levels is None or len(levels) > FEW:
            return ()
    if knobs.answers == "numbers":
        word = next(value for value in sorted(goal.values or ["words"]) if not _number(value))
        raise UserError(
            f"the target {goal.name!r} does not hold numbers",
            where="data.answers",
            found=f"{word!r} among its values",
            allowed="numbers with a decimal point, or data.answers = classes",
        )
    if levels is None:
        raise UserError(
            f"the target {goal.name!r} has too many different values to be classes",
            where="data.target",
            found="more than 1000, in " + how.path.name,
            allowed="a column of classes, or data.answers = numbers for one of numbers",
        )
    if len(levels) < 2:
        raise UserError(
            f"the target {goal.name!r} holds one class only",
            where=f"{how.path}, column {goal.name}",
            found=f"{levels[0]!r} in every row that has a target",
            allowed="at least two classes",
            next="data.target chooses another column",
        )
    return levels


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _note_types(plan: _Plan, notes: list[str]) -> None:
    goal = plan.columns[plan.target]
    kind = f"{len(plan.classes)} classes" if plan.classes else "a number"
    notes.append(f"target: {goal.name}, {kind}")
    words = [
        f"{plan.columns[at].name} {'number' if not levels else f'one of {len(levels)} words'}"
        for at in plan.features
        if (levels := plan.levels(at)) or True
    ]
    notes.append(f"features ({plan.width}): {_listed(words)}")


def _check_missing(knobs: Any, plan: _Plan, notes: list[str]) -> None:
    gaps = [c for at in plan.features if (c := plan.columns[at]).missing]
    if not gaps:
        return
    told = _listed([f"{c.name} {c.missing} (from line {c.first_missing})" for c in gaps])
    if knobs.missing == "refuse":
        raise UserError(
            "values are missing",
            where=f"{plan.how.path}, line {min(c.first_missing for c in gaps)}",
            found=told,
            allowed="a value in every cell",
            next="data.missing = fill takes the training median, data.missing = drop leaves the "
            "row out",
        )
    what = "filled with the training median, words with none" if knobs.missing == "fill" else (
        "their rows left out"
    )  # fmt: skip
    notes.append(f"missing values, {what}: {told}")


def _filled(knobs: Any, plan: _Plan, notes: list[str]) -> tuple[Floats, NDArray[Any]]:
    """The second pass: features [N, F] (NaN where a number is missing) and targets [N]."""
    most = max(min(knobs.rows, MOST_CELLS // plan.width), 2)
    kept = min(plan.rows, most)
    if kept < plan.rows:
        notes.append(f"{kept} of {plan.rows} rows kept, drawn evenly by data.split_seed")
    inputs = np.zeros((kept, plan.width))
    targets = np.zeros(kept)
    random = np.random.default_rng(knobs.split_seed)
    goal = plan.columns[plan.target]
    order = {name: index for index, name in enumerate(plan.classes)}
    places = {at: {w: i for i, w in enumerate(plan.levels(at))} for at in plan.features}
    left, free, dropped = plan.rows, kept, 0
    for block in blocks(plan.how, knobs.ragged, []):
        told = _cells([row[plan.target] for row in block.rows], knobs.decimal)
        if order:
            answers = indices_of(told, order, goal.number).astype(np.float64)
            answers[answers < 0] = np.nan
        else:
            answers = numbers_of(told)
        rows = np.flatnonzero(~np.isnan(answers))
        if len(rows) > left:
            raise _changed(plan.how.path)
        if kept < plan.rows:
            rows = _drawn(random, rows, left, free)
        left -= int((~np.isnan(answers)).sum())
        if not len(rows):
            continue
        cells = _columns([block.rows[row] for row in rows], knobs.decimal)
        values = np.zeros((len(rows), plan.width))
        complete = np.ones(len(rows), dtype=bool)
        start = 0
        for at in plan.features:
            if not places[at]:
                values[:, start] = numbers_of(cells[at])
                complete &= ~np.isnan(values[:, start])
                start += 1
                continue
            which = indices_of(cells[at], places[at], False)
            there = np.flatnonzero(which >= 0)
            values[there, start + which[there]] = 1.0
            complete &= which >= 0
            start += len(places[at])
        answers = answers[rows]
        free -= len(rows)
        if knobs.missing == "drop":
            dropped += int((~complete).sum())
            values, answers = values[complete], answers[complete]
        at = kept - free - dropped
        inputs[at - len(values) : at] = values
        targets[at - len(values) : at] = answers
    if left:
        raise _changed(plan.how.path)
    if dropped:
        notes.append(f"{dropped} rows with missing values left out")
    if dropped == kept:
        raise UserError(
            "every row has a missing value",
            where=str(plan.how.path),
            found="data.missing = drop",
            allowed="data.missing = fill, or data.ignore = the columns with gaps",
        )
    return inputs[: kept - dropped], targets[: kept - dropped]


def _drawn(
    random: np.random.Generator, rows: NDArray[np.int64], left: int, free: int
) -> NDArray[np.int64]:
    """Those of ``rows`` that are kept: in all ``free`` of ``left``, each as likely as any."""
    count = int(random.hypergeometric(len(rows), left - len(rows), free)) if len(rows) else 0
    return np.sort(random.choice(rows, count, replace=False))


def _with_medians(train: Floats, val: Floats) -> tuple[Floats, Floats]:
    """Both parts, which are copies of their own, without a NaN: filled in place."""
    for at in np.flatnonzero(np.isnan(train).any(0) | np.isnan(val).any(0)):
        there = train[~np.isnan(train[:, at]), at]
        middle = float(np.median(there)) if len(there) else 0.0
        for part in (train, val):
            part[np.isnan(part[:, at]), at] = middle
    return train, val


def _check_classes(knobs: Any, plan: _Plan, labels: NDArray[np.int64], notes: list[str]) -> None:
    counts = Counter(labels.tolist())
    notes.append(
        "classes: " + _listed([f"{name} {counts[i]}" for i, name in enumerate(plan.classes)])
    )
    for index, name in enumerate(plan.classes):
        if counts[index] < 2:
            raise UserError(
                f"the class {name!r} has {counts[index]} rows",
                where=f"{plan.how.path}, column {plan.columns[plan.target].name}",
                found=notes[-1],
                allowed="at least two rows for each class: one to train on, one to validate",
            )


def _too_few(how: Layout, count: int) -> UserError:
    return UserError(
        "too few rows to be split in two",
        where=str(how.path),
        found=f"{count} rows with a target",
        allowed="at least two",
    )


def _changed(path: Path) -> UserError:
    return UserError(f"{path.name} changed while it was read", where=str(path), next="try again")


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more
