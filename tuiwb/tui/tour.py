"""The tour: two minutes from a preset to two runs compared, each step done by whoever takes it.

A step says what to press and knows by what it sees that it was done, whichever way that came about;
so somebody who is ahead of the words is never held up by them. To add one: a `Step` in `STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tuiwb.tui import actions, palette
from tuiwb.tui.palette import DIM, PLAIN
from tuiwb.tui.widgets.lines import Line, sides, wrap

PRESET = "cnn-digits"
"""What the tour proposes to train."""
CHANGE: Mapping[str, Any] = MappingProxyType({"train.steps": 20_000})
"""How: long enough to look around. The form marks it as changed."""


@dataclass(frozen=True)
class Seen:
    """What stands on the screen."""

    context: str
    cursor: bool = False
    """Whether a chart has its cursor on."""
    ended: bool = False
    """Whether the run in front is over."""
    turned: bool = False
    """Whether a knob of the run in front was turned while it trained."""
    child: bool = False
    """Whether the run in front is a fork of another."""


@dataclass(frozen=True)
class Step:
    """One thing to do. In its words ``{run.set}`` is the key of that action."""

    name: str
    words: str
    done: Callable[[Seen], bool]
    context: str
    """Where it is done; elsewhere there is a word on the way back."""
    ended: str = ""
    """What to do where the run is over and the step needs one that trains."""


STEPS = (
    Step(
        "preset",
        "Each line on the left is a network with its data. {presets.down} and {presets.up} move; "
        f"{PRESET} learns to read digits, and that is where you stand. {{presets.open}} opens it.",
        lambda seen: seen.context in ("setup", "run", "compare"),
        "presets",
    ),
    Step(
        "train",
        "These are all its knobs; below, a word on each. {setup.more} changes one, or just train "
        "it as it is: {setup.train}.",
        lambda seen: seen.context in ("run", "compare"),
        "setup",
    ),
    Step(
        "read",
        "It learns, in a process of its own: leave, and it goes on. Press {run.cursor} for a "
        "cursor on all charts at once; {run.left} and {run.right} move it.",
        lambda seen: seen.cursor or seen.turned or seen.child or seen.context == "compare",
        "run",
    ),
    Step(
        "steer",
        "Now turn a knob while it trains: {run.set}, then type *10 and press enter. From the next "
        "step on the learning rate is ten times as high, and all charts are marked there.",
        lambda seen: seen.turned or seen.child or seen.context == "compare",
        "run",
        "This run is over. {run.regenerate} trains it anew; then {run.set}.",
    ),
    Step(
        "fork",
        "Was it better before? Move the cursor to before that mark and press {run.fork}, then "
        "enter: a second run goes on from the checkpoint there, without the change.",
        lambda seen: seen.child or seen.context == "compare",
        "run",
    ),
    Step(
        "compare",
        "Which of the two is better? {run.compare} lays this run and its parent over each other, "
        "beside the knobs in which they differ.",
        lambda seen: seen.context == "compare",
        "run",
    ),
)
END = (
    "That is all: trained, read, steered, taken back and compared. {anywhere.help} shows the keys "
    "of any screen; the lessons below the presets show what goes wrong, and what helps."
)
_BACK = {
    "presets": "{presets.switch} goes to the runs, and {presets.open} back to the one you train.",
    "setup": "{setup.train} trains this, and the tour goes on there.",
    "compare": "Esc goes back to the run.",
    "lesson": "{lesson.leave} goes back to the presets, and the tour goes on there.",
}


@dataclass
class Tour:
    """How far somebody has come."""

    among: Sequence[actions.Action] = actions.ACTIONS
    steps: tuple[Step, ...] = ()
    at: int = 0
    _keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._keys = {one.id: actions.key_name(one.keys[0]) for one in self.among if one.keys}
        known = {one.id for one in self.among}
        self.steps = tuple(s for s in STEPS if s.name != "compare" or "run.compare" in known)

    @property
    def over(self) -> bool:
        """Whether every step was done."""
        return self.at >= len(self.steps)

    def look(self, seen: Seen) -> bool:
        """Notice what was done; whether anything was."""
        before = self.at
        while not self.over and self.steps[self.at].done(seen):
            self.at += 1
        return self.at != before

    def words(self, seen: Seen) -> str:
        """What to do now."""
        if self.over:
            return self._filled(END)
        step = self.steps[self.at]
        if seen.context != step.context:
            return self._filled(_BACK.get(seen.context, "Esc goes back, and the tour goes on."))
        return self._filled(step.ended if seen.ended and step.ended else step.words)

    def _filled(self, text: str) -> str:
        for name, key in self._keys.items():
            text = text.replace(f"{{{name}}}", f"«{key}»")
        return text

    def lines(self, seen: Seen, width: int, height: int) -> list[Line]:
        """The tour as it stands above the keys: how far, and what to do now."""
        total = len(self.steps)
        here = "the tour is done" if self.over else f"tour {self.at + 1} of {total}"
        head: Line = [(f" {here}  ", palette.BLUE_STRONG), ("●" * self.at, palette.GREEN)]
        head.append(("○" * (total - self.at), DIM))
        key = self._keys.get("anywhere.tour", "")
        lines = [sides(head, [(f"{key} {'closes' if self.over else 'leaves'} it ", DIM)], width)]
        for line in wrap(self.words(seen), width - 2)[: height - 1]:
            lines.append([(" ", PLAIN), *_marked(line)])
        return lines


def _marked(text: str) -> Line:
    """``text`` in which the keys, between « and », stand out."""
    out: Line = []
    for part in text.split("«"):
        key, closing, rest = part.partition("»")
        out += [(key, palette.BLUE_STRONG), (rest, PLAIN)] if closing else [(part, PLAIN)]
    return out
