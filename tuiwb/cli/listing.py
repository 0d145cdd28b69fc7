"""Runs as a printed table: the newest, children under their parents."""

from __future__ import annotations

import json
import math
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuiwb.base.format import ago, number, of
from tuiwb.base.text import one_line
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.client.select import Wanted
    from tuiwb.run.kept import RunSummary
    from tuiwb.run.listing import Listing

SHOWN = 50
"""Runs that are listed unless asked otherwise."""
_NOTE = 12  # cells that a note needs to be worth showing
_FIELDS = (
    "id", "state", "words", "preset", "step", "steps", "started", "ended", "uid",
)  # fmt: skip


def following(folder: Path) -> Listing:
    """A listing that tells a person how far a first look at very many runs has come."""
    from tuiwb.client.runs import Listing

    listing = Listing(folder)
    if sys.stderr.isatty():
        listing.said = _progress
    return listing


def listed(folder: Path, wanted: Wanted, limit: int | None) -> tuple[list[RunSummary], Listing]:
    """The runs that are asked for, newest first, up to ``limit``; and the listing, with all."""
    listing = following(folder)
    # what is not shown need not be up to date; to know who fits, all must be
    listing.look(check=None if wanted or limit is None else 0)
    runs = wanted.of(listing.runs)
    return (listing.refresh(runs[:limit]) if limit is not None else runs), listing


def as_json(runs: Sequence[RunSummary]) -> str:
    """One JSON document, a run a line: indented it would take long where there are very many."""
    return "[" + ",\n".join(json.dumps(as_dict(run)) for run in runs) + "]"


def as_dict(run: RunSummary) -> dict[str, Any]:
    """All that is known of a run."""
    child = run.parent or run.parent_uid
    parent = {"run": run.parent, "uid": run.parent_uid or None, "step": run.parent_step}
    return {
        **{field: getattr(run, field) for field in _FIELDS},
        "loss": run.loss if run.loss is not None and math.isfinite(run.loss) else None,
        "path": str(run.path),
        "parent": parent if child else None,
        "tags": list(run.tags),
        "note": run.note,
    }


def asked_of_slurm(runs: Sequence[RunSummary]) -> Sequence[RunSummary]:
    """The runs, those that are queued with what Slurm says of them now."""
    if not any(run.state == "queued" for run in runs):
        return runs
    from msgspec.structs import replace

    from tuiwb.client import slurm, submit

    jobs = slurm.glance()
    return [
        replace(run, words=submit.waits(run.path, run.words, jobs))
        if run.state == "queued"
        else run
        for run in runs
    ]


def table(runs: Sequence[RunSummary], everything: Sequence[RunSummary]) -> str:
    """The runs as a tree, in the columns that this terminal has room for."""
    from tuiwb.run.lineage import origin, parents, tree

    twigs = tree(runs)
    known = parents([twig.run for twig in twigs if not twig.above], everything)
    unicode, now = output.shows_unicode(), time.time()
    columns: dict[str, list[str]] = {
        "run": [(t.stem if unicode else t.ascii_stem()) + t.run.id for t in twigs],
        "state": [_state(t.run) for t in twigs],
        "preset": [t.run.preset or "-" for t in twigs],
        "step": [of(t.run.step or 0, t.run.steps) for t in twigs],
        "loss": [number(t.run.loss) for t in twigs],
        "started": [_ago(t.run.started, now) for t in twigs],
        "from": [origin(t, known.get(t.run.name)) for t in twigs],
        "tags": [" ".join(t.run.tags) for t in twigs],
        "note": [t.run.note for t in twigs],
    }
    columns = {
        name: [one_line(cell) for cell in cells]
        for name, cells in columns.items()
        if name not in ("from", "tags", "note") or any(cells)
    }
    if sys.stdout.isatty():
        columns = _fitted(columns, shutil.get_terminal_size((80, 24)).columns)
    rows = zip(*columns.values(), strict=True)
    return output.grid(list(columns), rows, right=("step", "loss"))


def _fitted(columns: dict[str, list[str]], room: int) -> dict[str, list[str]]:
    """Notes are cut to the room that is left; where there is none, what can be spared goes."""
    spare = ["preset", "loss", "step"]
    while True:
        widths = {name: max(map(len, [name, *cells])) for name, cells in columns.items()}
        over = sum(widths.values()) + 2 * (len(widths) - 1) - room
        if over <= 0:
            return columns
        if "note" in columns and widths["note"] - over >= _NOTE:
            width = widths["note"] - over
            columns["note"] = [
                cell if len(cell) <= width else cell[: width - 1] + "…" for cell in columns["note"]
            ]
            return columns
        name = next((name for name in spare if name in columns), None)
        if name is None:
            return {name: cells for name, cells in columns.items() if name != "note"}
        del columns[name]


def _state(run: RunSummary) -> str:
    if run.state == "crashed":
        return f"crashed at step {run.step or 0}"
    return run.words if run.state == "queued" else run.state


def _ago(started: float | None, now: float) -> str:
    return ago(now - started) if started else "-"


def _progress(read: int, all: int) -> None:
    """How far a first look at very many runs has come."""
    if all >= 2000:
        sys.stderr.write(f"\rreading runs: {read} of {all} ")
        if read + 256 > all:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
