"""The pictures of a run, the newest of each name: found, read once, painted."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuiwb.base.text import clean
from tuiwb.plots.canvas import Canvas
from tuiwb.plots.frame import draw_empty
from tuiwb.plots.glyphs import GlyphSet
from tuiwb.plots.show import paint
from tuiwb.run import pictures
from tuiwb.run.layout import RunPaths
from tuiwb.run.view import RunView
from tuiwb.tui.graphics.easel import Image, ready
from tuiwb.tui.graphics.means import Means

PICTURE = "picture"
"""The id of the pane."""


@dataclass
class Gallery:
    """What there is to see of one run. The folder is looked through again only when the journal
    tells of a picture, and a file is read only when it is shown and is not the one shown last."""

    path: Path
    names: tuple[str, ...] = ()
    _files: dict[str, Path] = field(default_factory=dict)
    _words: dict[str, str] = field(default_factory=dict)
    _seen: object = None
    _read: tuple[Path, pictures.StoredPicture | None] | None = None
    _empty: str = ""
    _painted: tuple[tuple[object, ...], Canvas] | None = None
    images: tuple[Image, ...] = ()
    """What of the picture that was painted last a terminal shows as images."""

    def look(self, view: RunView) -> None:
        """Take in what is new in the journal."""
        told = [event for event in view.events if event["kind"] == "picture"]
        newest = (len(told), told[-1].get("path") if told else None, view.status.ended_now)
        self._empty = _empty(view)
        if newest == self._seen:
            return
        self._seen = newest
        self._files = pictures.latest(RunPaths(self.path).pictures)
        self.names = tuple(self._files)
        self._words = {str(event.get("path")): _text(event.get("words")) for event in told}

    def paint(
        self, name: str, width: int, height: int, glyphs: GlyphSet, colour: bool, discretise: bool,
        means: Means | None = None,
    ) -> Canvas:  # fmt: skip
        """The newest picture of ``name``, or the first there is; or what will come, in words.

        The same canvas again where nothing about it changed. Where the terminal has ``means``,
        `images` are what it shows over the canvas, as fine as they may be.
        """
        said = self._empty if not self._files else ""
        asked = (name, width, height, glyphs, colour, discretise, self._seen, said, means)
        if self._painted is None or self._painted[0] != asked:
            fine = means.fine(width, height) if means is not None else 1
            while True:
                canvas = self._paint(name, width, height, glyphs, colour, discretise, fine)
                self.images = ready(canvas.patches, means) if means is not None else ()
                if means is None or sum(len(one.data) for one in self.images) <= means.most:
                    break
                fine //= 2  # at 1 there is no image
            self._painted = asked, canvas
        return self._painted[1]

    def _paint(
        self, name: str, width: int, height: int, glyphs: GlyphSet, colour: bool, discretise: bool,
        fine: int,
    ) -> Canvas:  # fmt: skip
        name = name if name in self._files else next(iter(self._files), "")
        if not name:
            canvas = Canvas(width, height, ascii=glyphs == "ascii")
            draw_empty(canvas, 0, height, self._empty)
            return canvas
        path = self._files[name]
        if self._read is None or self._read[0] != path:
            self._read = path, pictures.read(path)
        stored = self._read[1]
        if stored is None:
            canvas = Canvas(width, height, ascii=glyphs == "ascii")
            draw_empty(canvas, 0, height, f"{clean(path.name, 60)} is damaged")
            return canvas
        several = f" {self.names.index(name) + 1}/{len(self.names)}" if len(self.names) > 1 else ""
        title = f"{stored.name}{several}"
        words = self._words.get(f"pictures/{path.name}", "")
        words = f"step {stored.step}" + (f": {words}" if words else "")
        return paint(
            stored.kind, stored.arrays, width, height, glyphs, colour, title, words,
            discretise=discretise, fine=fine,
        )  # fmt: skip


def _empty(view: RunView) -> str:
    if view.status.ended_now:
        return "this run took no pictures"
    if view.own:
        return "a loop of your own takes no pictures"
    every = view.spec.spec.train.eval_every if view.spec else 0
    if every and view.status.step > every:
        return (
            "no picture yet: a task takes them after evaluations, as the time for watching allows"
        )
    when = f"after the evaluation at step {every}" if every else "after an evaluation"
    return f"pictures, where the task takes any, come {when}"


def _text(value: Any) -> str:
    return clean(value, 200).replace("\n", " ") if isinstance(value, str) else ""
