"""Which runs are asked for: by state, tag, preset and words, on the command line and the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tuiwb.base.errors import UserError, nearest
from tuiwb.run.kept import LIVE, RunSummary

STATES = (
    "queued", "starting", "training", "paused", "finished", "stopped", "diverged", "failed",
    "crashed", "unreadable",
)  # fmt: skip
GROUPS = {"live": LIVE, "over": ("finished", "stopped", "diverged", "failed", "crashed")}
"""Words for several states."""


@dataclass(frozen=True)
class Wanted:
    """What a run must have: one of the states, all tags, one of the presets, all words (in its
    name, preset, state, tags or note). An empty field asks nothing."""

    states: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    presets: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.states or self.tags or self.presets or self.words)

    def of(self, runs: Iterable[RunSummary]) -> list[RunSummary]:
        """Those of the runs that have it all, in their order."""
        return [run for run in runs if self.fits(run)] if self else list(runs)

    def fits(self, run: RunSummary) -> bool:
        """Whether a run has it all."""
        if self.states and run.state not in self.states:
            return False
        if self.tags and not self.tags <= set(run.tags):
            return False
        if self.presets and run.preset not in self.presets:
            return False
        if not self.words:
            return True
        text = f"{run.id} {run.preset} {run.state} {' '.join(run.tags)} {run.note}".casefold()
        return all(word in text for word in self.words)


def wanted(
    states: Sequence[str] = (),
    tags: Sequence[str] = (),
    presets: Sequence[str] = (),
    text: str = "",
) -> Wanted:
    """What options and words ask for; several of one kind may stand in one, with commas. In
    ``text``, ``state:crashed``, ``tag:keep`` (or ``#keep``) and ``preset:gpt`` ask for just that.

    An unknown state is a `UserError`.
    """
    read = reading(text, strict=True)
    return Wanted(
        _states(_several(states)) | read.states,
        frozenset(_several(tags)) | read.tags,
        frozenset(_several(presets)) | read.presets,
        read.words,
    )


def reading(text: str, strict: bool = False) -> Wanted:
    """What a line of words asks for. Unless ``strict``, a state that is still being typed asks for
    every state that begins so."""
    states, tags, presets, words = set[str](), set[str](), set[str](), list[str]()
    for word in text.split():
        kind, colon, value = word.partition(":")
        if word.startswith("#") and len(word) > 1:
            tags.add(word[1:])
        elif not colon or kind not in ("state", "tag", "preset"):
            words.append(word.casefold())
        elif kind == "state" and value:
            begun = [name for name in (*STATES, *GROUPS) if name.startswith(value.casefold())]
            states |= _states([value] if strict or not begun else begun, checked=strict)
        elif value:
            (tags if kind == "tag" else presets).add(value)
    return Wanted(frozenset(states), frozenset(tags), frozenset(presets), tuple(words))


def _several(texts: Sequence[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _states(names: Iterable[str], checked: bool = True) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        if name in GROUPS:
            found |= set(GROUPS[name])
        elif name in STATES or not checked:
            found.add(name)
        else:
            raise UserError(
                f"unknown state {name!r}",
                where="--state",
                found=repr(name),
                allowed=", ".join((*STATES, *GROUPS)),
                nearest=nearest(name, (*STATES, *GROUPS)),
            )
    return frozenset(found)
