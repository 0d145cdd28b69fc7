"""The knobs of a fork while a person turns them: those that can differ from the parent's."""

from __future__ import annotations

from tuiwb.client.fork import Prepared
from tuiwb.spec.branch import branched, differences
from tuiwb.tui.form import Knob
from tuiwb.tui.hot import Scaled

FIRST = ("optim", "schedule", "regularize", "train", "data")
"""Sections that come first: what a fork is made for most often."""


class BranchForm(Scaled):
    """Hot and branch knobs; ``base`` holds those in force at the checkpoint."""

    def __init__(self, prepared: Prepared) -> None:
        super().__init__(prepared.resolved)
        self.prepared = prepared

    def knobs(self) -> list[Knob]:
        found = [knob for knob in super().knobs() if knob.info.tier != "restart"]
        return sorted(found, key=lambda k: FIRST.index(k.section) if k.section in FIRST else 9)

    def overrides(self) -> list[str]:
        """What differs, as the command line has it."""
        return [f"{key}={text}" for key, text in self.typed.items()]

    def move(self, prepared: Prepared) -> None:
        """Another checkpoint, in whose place other values may be in force."""
        self.prepared, self.base = prepared, prepared.resolved
        typed, self.typed, self.errors = self.typed, {}, {}
        self.resolved = self.base
        for key, text in typed.items():
            self.set(key, text)

    def _take(self, typed: dict[str, str]) -> None:
        texts = [f"{key}={text}" for key, text in typed.items()]
        resolved = branched(self.base, texts, self.prepared.parent.spec)
        apart = differences(self.base.spec, resolved.spec)
        for key in [key for key in typed if key not in apart]:
            self.typed.pop(key)
        self.resolved = resolved
