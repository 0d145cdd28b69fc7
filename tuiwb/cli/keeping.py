"""Deleting runs from the command line: what would go, the question, and the deed."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tuiwb.base.errors import UserError
from tuiwb.base.format import ago, count, size
from tuiwb.base.text import one_line
from tuiwb.cli import output

if TYPE_CHECKING:
    from tuiwb.client.prune import Plan, Rules
    from tuiwb.run.kept import RunSummary
    from tuiwb.run.weight import Weight

Chosen = Sequence[tuple["RunSummary", "Weight"]]


def chosen(folder: Path, names: Sequence[str], whole_names: bool) -> Chosen:
    """The runs that are named, each once, and what they weigh. All must be runs that can go:
    `UserError` before anything is deleted. Where nobody is asked, names must be whole."""
    from tuiwb.client.runs import find
    from tuiwb.run.place import alive, certain
    from tuiwb.run.summary import summarise
    from tuiwb.run.weight import weigh

    found: dict[Path, tuple[RunSummary, Weight]] = {}
    for name in names:
        path = find(folder, name)
        if whole_names and "/" not in name and path.name != name:
            raise UserError(
                f"with --yes a run is named in full, and {one_line(name, 120)!r} is a beginning",
                found=one_line(name, 120),
                nearest=one_line(path.name, 120),
                next="without --yes it is asked first",
            )
        certain(path)
        run = summarise(path)
        if run is None:
            raise UserError(f"{one_line(path.name, 120)} is not a run", where=str(path))
        if run.live:
            raise alive(run, "deleted")
        found[path] = run, weigh(path)
    return list(found.values())


def agreed(runs: Chosen) -> bool:
    """Whether the person at the terminal says yes to deleting these."""
    from tuiwb.run.weight import freed

    if not (output.is_terminal() and sys.stderr.isatty()):
        raise UserError(
            "deleting runs asks first, and nobody is there to be asked",
            next="tuiwb rm RUN --yes deletes without asking",
        )
    for run, weight in runs:
        tags = f", tagged {' '.join(run.tags)}" if run.tags else ""
        output.say(f"  {run.id}  {run.words}, {size(weight.bytes)}{tags}")
    total = size(freed(weight for _, weight in runs))
    what = "this run" if len(runs) == 1 else f"these {len(runs)} runs"
    sys.stderr.write(f"delete {what} for good, {total}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def delete(paths: Sequence[Path], checkpoints: bool = False) -> int:
    """Delete these one by one; the exit code. One that cannot go keeps none of the others."""
    from tuiwb.run.place import remove, remove_checkpoints, sweep

    failed = 0
    for folder in {path.parent for path in paths}:
        sweep(folder)
    for path in paths:
        name = one_line(path.name, 120)
        try:
            gone = remove_checkpoints(path) if checkpoints else remove(path)
        except UserError as error:
            failed = error.exit_code
            output.say(f"error: {error}")
            continue
        what = "its checkpoints are deleted" if checkpoints else "deleted"
        output.emit(f"{name}  {what if gone else 'had gone already'}")
    return failed


def prune(folder: Path, rules: Rules, yes: bool, json: bool) -> int:
    """Print what the rules would delete, or delete it; the exit code."""
    from tuiwb.cli.listing import following
    from tuiwb.client.prune import plan

    if not rules:
        raise UserError(
            "say which runs may go",
            allowed="--older-than, --larger-than, --state, --tag, --preset, --keep; "
            "together, a run must be all of it",
            next="tuiwb prune --older-than 30d --state failed,crashed",
        )
    with following(folder) as listing:
        listing.look()
        everything = listing.runs
    made = plan(everything, rules, time.time())
    if json:
        output.emit_json(_as_dict(made, yes))
    elif made.runs:
        output.emit(_table(made, everything, rules.checkpoints))
    what = "checkpoints of " if rules.checkpoints else ""
    runs = f"{what}{count(len(made.runs))} of {count(len(everything))} runs"
    if not made.runs:
        output.say(f"nothing to delete: {runs}{_passed(made)}")
    elif not yes:
        output.say(f"{runs}, {size(made.bytes)}{_passed(made)}; nothing is deleted: --yes does it")
    else:
        output.say(f"deleting {runs}, {size(made.bytes)}{_passed(made)}")
        return delete([run.path for run, _ in made.runs], rules.checkpoints)
    return 0


def _table(made: Plan, everything: Sequence[RunSummary], checkpoints: bool) -> str:
    from tuiwb.run.lineage import parents

    forks = Counter(parent.id for parent in parents(everything, everything).values())
    now = time.time()
    return output.grid(
        ("run", "state", "ended", "checkpoints" if checkpoints else "size", "tags", "forks"),
        [
            (
                run.id,
                run.state,
                ago(now - run.ended) if run.ended else "-",
                size(weight.bytes),
                " ".join(run.tags) or "-",
                f"{forks[run.id]}, kept whole" if run.id in forks else "-",
            )
            for run, weight in made.runs
        ],
        right=("size", "checkpoints"),
    )


def _passed(made: Plan) -> str:
    told = ", ".join(f"{count(number)} {reason}" for reason, number in made.passed.items())
    return f" (passed by: {told})" if told else ""


def _as_dict(made: Plan, yes: bool) -> dict[str, object]:
    return {
        "deletes": yes,
        "runs": [
            {"id": run.id, "state": run.state, "ended": run.ended, "path": run.path,
             "bytes": weight.bytes, "tags": run.tags}
            for run, weight in made.runs
        ],
        "bytes": made.bytes,
        "passed": made.passed,
    }  # fmt: skip
