"""A run in a line or two: state in words, how far, how fast, how well, at what cost."""

from __future__ import annotations

from dataclasses import dataclass

from tuiwb.base.format import count, duration, number, si, size
from tuiwb.base.text import clean
from tuiwb.run.resuming import can_be_resumed
from tuiwb.run.view import RunView
from tuiwb.tui import palette
from tuiwb.tui.palette import DIM, FAINT, PLAIN, STRONG
from tuiwb.tui.widgets.lines import Line, length, sides

RATE_ROWS = 256
"""Newest steps that the speed is taken from."""

_BESIDE = 40
"""Columns that the numbers keep beside the state where all is in one row."""

_LOOKS = {"loss": STRONG, "found": palette.AMBER}


@dataclass(frozen=True)
class Fact:
    """A number with its name; ``width`` keeps what follows in its place as the number changes."""

    name: str
    value: str
    width: int = 0


def facts(view: RunView, metric: str, now: float) -> list[Fact]:
    """What there is to say in numbers, the most telling first. What is unknown is left out."""
    status, steps = view.status, view.table("steps")
    planned = count(status.steps) if status.steps else ""
    done = count(status.step)
    out = []
    if status.step != status.steps:
        out.append(Fact("step", f"{done}/{planned}" if planned else done, 2 * len(planned) + 1))
    if view.findings:
        out.append(Fact("found", str(len(view.findings)), 2))
    if not status.ended_now:
        speed = speed_of(view)
        if speed and status.steps and status.state != "paused":
            out.append(Fact("left", duration((status.steps - status.step) / speed), 5))
    elif status.took is not None:
        out.append(Fact("took", duration(status.took)))
    loss = steps.last("loss")
    if loss is not None:
        out.append(Fact("loss", number(loss, 4), 6))
    if metric in view.metrics:
        out.append(Fact(metric.replace("_", " "), number(view.metrics[metric], 4), 6))
    watch = view.table("system").last("watch")
    if watch is not None and watch == watch and not status.ended_now:
        out.append(Fact("watch", f"{100 * watch:.1f} %", 5))
    epoch = epoch_of(view)
    if epoch is not None:
        out.append(Fact("epoch", f"{epoch:.1f}", 4))
    if (rate := steps.last("samples_per_s")) and rate == rate:
        noun = "tokens/s" if view.spec and hasattr(view.spec.spec.data, "context") else "samples/s"
        out.append(Fact(noun, si(rate), 5))
    if (lr := steps.last("lr")) is not None:
        out.append(Fact("lr", number(lr, 3), 7))
    return out + _machine(view)


def _machine(view: RunView) -> list[Fact]:
    system, out = view.table("system"), []
    if view.status.ended_now:
        return []
    gpu, memory = system.last("gpu_util"), system.last("gpu_memory")
    if gpu is not None and gpu == gpu:
        used = f" {size(memory)}" if memory is not None and memory == memory else ""
        out.append(Fact("gpu", f"{gpu:.0f} %{used}", 5))
    elif (cpu := system.last("cpu")) is not None and cpu == cpu:
        resident = system.last("rss")
        out.append(Fact("cpu", f"{cpu:.0f} %" + (f" {size(resident)}" if resident else ""), 5))
    return out


def epoch_of(view: RunView) -> float | None:
    """Passes over the training part so far, where its size is known."""
    per_epoch = view.data.get("steps_per_epoch")
    if not isinstance(per_epoch, int | float) or not per_epoch > 0:
        total = view.data.get("train")
        if view.spec is None or not isinstance(total, int) or total <= 0:
            return None
        data = view.spec.spec.data
        per_epoch = total / (data.batch_size * getattr(data, "context", 1))
        if not hasattr(data, "context"):
            per_epoch = max(1.0, float(int(per_epoch)))
    return view.status.step / per_epoch


def speed_of(view: RunView) -> float | None:
    """Steps a second over the newest steps."""
    rows = view.table("steps").tail(RATE_ROWS)
    rows = rows[rows["time"] >= view.status.begun] if len(rows) else rows
    if len(rows) < 2:
        return None
    seconds = float(rows["time"][-1] - rows["time"][0])
    return float(rows["step"][-1] - rows["step"][0]) / seconds if seconds > 0 else None


def headline(view: RunView, width: int) -> Line:
    """Name and state."""
    look = palette.state(view.status.state)
    words = view.status.words
    if view.status.state == "crashed" and view.status.last_words and width >= 100:
        words += f", last words: {view.status.last_words[-1]}"
    return [
        (f" {clean(view.id, 40)} ", STRONG),
        (f" {look.glyph} ", look.style),
        (clean(words, max(12, width - 30)), look.style),
        ("  ", PLAIN),
    ]


def lines(view: RunView, metric: str, now: float, width: int, rows: int) -> list[Line]:
    """The header in one row, or two: the state, then the numbers, as many as fit."""
    numbers = facts(view, metric, now)
    head = headline(view, width)
    hint: Line = [("press r to resume  ", DIM)] if can_be_resumed(view) else []
    if rows == 1:
        if width - length(head) - length(hint) < _BESIDE:
            hint = []
        return [[*head, *hint, *_fitting(numbers, width - length(head) - length(hint))]]
    ahead = 2 if len(numbers) > 1 and numbers[1].name == "found" else 1
    first = numbers[:ahead]
    right = _fitting(first, width - length(head) - 1)
    if length(head) + length(hint) + length(right) < width:
        head += hint
    return [
        sides(head, [*right[:-1], (" ", PLAIN)], width),
        [(" ", PLAIN), *_fitting(numbers[ahead:], width - 1)],
    ]


def _fitting(numbers: list[Fact], room: int) -> Line:
    out: Line = []
    for fact in numbers:
        item: Line = [
            (f"{fact.name} ", FAINT if fact.name.startswith("watch") else DIM),
            (fact.value, _LOOKS.get(fact.name, PLAIN)),
            (" " * max(0, fact.width - len(fact.value)) + "  ", PLAIN),
        ]
        if length(out) + length(item) - 2 > room:
            break
        out += item
    return out


def progress(view: RunView, width: int) -> Line:
    """How much of the planned steps is done, as a line across."""
    steps = view.status.steps
    share = min(1.0, view.status.step / steps) if steps else 0.0
    done = round(share * width)
    look = palette.state(view.status.state).style
    return [("━" * done, look), ("─" * (width - done), palette.RULE)]
