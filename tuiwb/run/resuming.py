"""Whether a run can be resumed, by what its folder says, and from where it was, in words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from tuiwb.base.errors import UserError
from tuiwb.base.format import count
from tuiwb.run.facts import QUEUED

if TYPE_CHECKING:
    from tuiwb.run.view import RunView


def refuse_watched(view: RunView) -> None:
    """`UserError` for a run of a loop that is not ours."""
    if view.meta.get("watched"):
        raise UserError(
            f"{view.id} was trained by a loop of your own",
            where=str(view.path),
            found="its model and its steps are in your script, not in the run",
            allowed="runs of a preset or a spec",
            next="start your script again; how it goes on from its own checkpoints is its affair",
        )


def refuse_finished(view: RunView) -> None:
    """`UserError` for a run that has done what its spec asks."""
    state = _state(view)
    if state != "finished":
        return
    steps = view.spec.spec.train.steps if view.spec is not None else view.status.step
    raise UserError(
        f"{view.id} has finished: there is nothing left to train",
        where=str(view.path),
        found=f"{view.status.step} of {steps} steps",
        allowed="a run that was stopped, crashed, failed or diverged",
        next=f"go on in a child run with more steps: tuiwb fork {view.id} --at {view.status.step} "
        f"-s train.steps={2 * max(1, steps)}",
    )


def can_be_resumed(view: RunView) -> bool:
    """Whether it ended with steps left that a worker of ours could train."""
    ended = view.status.ended_now and view.status.state != "finished"
    return ended and not view.gone and view.spec is not None and not view.meta.get("watched")


def words(event: Mapping[str, Any]) -> str:
    """The journal's event ``resumed`` in a line."""
    step, again = event.get("from_step"), event.get("rows_again")
    text = f"goes on from step {count(step) if isinstance(step, int) else '?'}"
    if isinstance(parent := event.get("fork_of"), str):
        text += f" of {parent}"
    if isinstance(again, int) and again > 0:
        text += f"; {count(again)} {'step is' if again == 1 else 'steps are'} trained again"
    return text


def trained(view: RunView) -> bool:
    """Whether a worker has ever begun with it, or it was forked from one that was trained."""
    return _state(view) is not None or any(table.rows for table in view.tables.values())


def was_alive(view: RunView) -> float | None:
    """When its last worker gave its last sign of life (Unix seconds); None where none ever has."""
    from tuiwb.run.reader import last  # numpy, which a list of runs can do without

    if _state(view) is None:
        return None
    signs = [last(view.table(name), "time") for name in ("steps", "system")]
    spoken = (event for event in reversed(view.events) if event.get("state") != QUEUED)
    signs += [event["time"] for event in islice(spoken, 1)]
    return max(sign for sign in signs if sign is not None)


def _state(view: RunView) -> str | None:
    """What the journal last said of itself; None where no worker of this run has spoken."""
    for event in reversed(view.events):
        theirs = event["kind"] != "state" or event.get("inherited")
        if not theirs and event.get("state") != QUEUED:
            return str(event.get("state"))
    return None
